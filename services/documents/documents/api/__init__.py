"""HTTP IN: one function per route, by what it gives. What is not yours is 404."""

from fastapi import APIRouter

from documents.api import (
    applications,
    credentials,
    erasures,
    history,
    images,
    listing,
    operating,
    portal,
    rotation,
)
from documents.api.doors import Doors

__all__ = ["Doors", "router"]

router = APIRouter()
for part in (
    listing,
    applications,
    credentials,
    rotation,
    history,
    erasures,
    images,
    portal,
    operating,
):
    router.include_router(part.router)
