"""HTTP IN: one function per route. What is not theirs is 404."""

from chassis import operating
from fastapi import APIRouter

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

router = APIRouter(tags=["identity"])
for part in (tokens, me, passwords, users, erasures, merges, links, organizations, imports):
    router.include_router(part.router)
router.include_router(operating.router(AnOperator))
