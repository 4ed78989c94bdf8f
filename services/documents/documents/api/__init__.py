"""HTTP IN: one function per route, by what it gives. What is not yours is 404."""

from chassis.web import flat

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

parts = (listing, applications, credentials, rotation, history, erasures, images, portal, operating)
router = flat(part.router for part in parts)
