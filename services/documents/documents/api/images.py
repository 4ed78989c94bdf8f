"""HTTP IN: the certificate as an image, drawn when asked for; family and authorized staff."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from chassis.auth import SignedIn
from chassis.database import Tx
from chassis.doors import TheStore, Why
from chassis.openapi import answers
from chassis.outbox import Store
from chassis.problems import not_found
from chassis.throttle import expect_seldom
from chassis.tokens import Principal
from contracts.ids import derived
from fastapi import APIRouter, Request, Response

from documents import door_store
from documents.api.doors import (
    Doors,
    TheDoors,
    attachment,
    expect_living,
    expect_why,
    journal_drawn,
    may_download,
    not_printable,
    not_ready,
)
from documents.drawing.letters import Unprintable
from documents.on_demand import image
from documents.on_demand.image import ImageValues

router = APIRouter(tags=["documents"])
PNG, PDF = "image/png", "application/pdf"
_DRAW: Final[dict[str, Callable[[ImageValues], bytes]]] = {PNG: image.png, PDF: image.pdf}


@router.get(
    "/certificates/{certificate_id}/certificate.png",
    response_class=Response,
    responses={200: {"content": {PNG: {}}}, **answers(409, 410, 429)},
)
async def download_image(
    certificate_id: UUID,
    who: SignedIn,
    store_: TheStore,
    doors: TheDoors,
    http: Request,
    reason: Why = None,
) -> Response:
    """Number, name, dates and a QR; its status is what the QR's address says.

    For the parent, the student of 14 or older, and staff of an authorized organization, who give a
    `reason` for a child of others. Images and applications together are drawn 20 times a minute for
    one person.
    """
    return await _image(certificate_id, who, store_, doors, http, PNG, reason)


@router.get(
    "/certificates/{certificate_id}/certificate.pdf",
    response_class=Response,
    responses={200: {"content": {PDF: {}}}, **answers(409, 410, 429)},
)
async def download_printable_image(
    certificate_id: UUID,
    who: SignedIn,
    store_: TheStore,
    doors: TheDoors,
    http: Request,
    reason: Why = None,
) -> Response:
    """The same, to print on A4."""
    return await _image(certificate_id, who, store_, doors, http, PDF, reason)


async def _image(
    certificate_id: UUID,
    who: Principal,
    store_: Store,
    doors: Doors,
    http: Request,
    kind: str,
    reason: str | None,
) -> Response:
    expect_seldom(doors.drawings, str(who.user_id), doors.now())

    async def expect(tx: Tx) -> tuple[Any, str]:
        row = await door_store.image_of_certificate(tx, certificate_id, who.user_id)
        if row is None or not (row["is_staff"] or may_download(row, doors.today())):
            raise not_found()
        why = expect_why(row, reason)
        expect_living(row)
        return row, why

    async with store_.pool.acquire() as tx:
        row, _ = await expect(tx)
    if row["full_name"] is None:
        raise not_ready()
    values = ImageValues(
        certificate_id=certificate_id,
        number=row["number"],
        full_name=row["full_name"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        public_url=http.app.state.settings.public_url,
    )
    try:
        drawn = await doors.workshop.drawn(_DRAW[kind], values)
    except Unprintable:
        raise not_printable() from None
    document_id = derived(certificate_id, image.VERSION)
    await journal_drawn(store_, expect, "image", who, document_id)
    ending = "png" if kind == PNG else "pdf"
    return attachment(drawn, kind, f"certificate-{row['number']}.{ending}")
