"""HTTP IN: one function per route, by who comes. What is not yours is 404."""

from chassis import operating
from fastapi import APIRouter

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

router = APIRouter()
for part in (children, page, family, requests, search, history, desk, operator, imports, public):
    router.include_router(part.router)
router.include_router(operating.router(AnOperator))
