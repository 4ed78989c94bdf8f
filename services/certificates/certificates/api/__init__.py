"""HTTP IN: one function per route, by who comes. What is not yours is 404."""

from chassis import operating
from chassis.web import flat

from certificates.api import (
    children,
    desk,
    family,
    history,
    imports,
    operator,
    page,
    public,
    requests,
    search,
)
from certificates.api.common import AnOperator

parts = (children, page, family, requests, search, history, desk, operator, imports, public)
router = flat([*(part.router for part in parts), operating.router(AnOperator)])
