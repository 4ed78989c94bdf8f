"""HTTP IN: one function per route, by who comes. What is not yours is 404."""

from fastapi import APIRouter

from certificates.api import (
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

router = APIRouter()
for part in (page, family, requests, search, history, desk, operator, imports, public):
    router.include_router(part.router)
