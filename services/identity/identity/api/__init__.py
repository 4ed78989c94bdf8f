"""HTTP IN: one function per route. What is not theirs is 404."""

from chassis import operating
from chassis.web import flat

from identity.api import (
    erasures,
    imports,
    links,
    me,
    merges,
    organizations,
    passwords,
    tokens,
    users,
)
from identity.api.doors import AnOperator, Doors

__all__ = ["Doors", "router"]

parts = (tokens, me, passwords, users, erasures, merges, links, organizations, imports)
router = flat([*(part.router for part in parts), operating.router(AnOperator)])
