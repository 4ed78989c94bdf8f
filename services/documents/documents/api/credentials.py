"""HTTP IN: the credentials PDF, for the certificate's family."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from chassis.auth import SignedIn
from chassis.doors import shared
from chassis.openapi import answers
from chassis.outbox import Store
from chassis.problems import Problem
from chassis.throttle import expect_seldom
from fastapi import APIRouter, Request, Response

from documents import door_store
from documents.api.doors import (
    TRIES_MAX,
    Doors,
    TheDoors,
    as_whom,
    attachment,
    busy,
    expect_family,
    expect_living,
    expect_ready,
    hand_to_family,
    handing,
    of_newer_release,
)
from documents.build import Workshop
from documents.credentials import open_values
from documents.credentials_page import render

log = structlog.get_logger()
router = APIRouter(tags=["documents"])


async def find(store_: Store, _doors: Doors, asks: Sequence[tuple[UUID, UUID]]) -> list[Any]:
    """The row of each (certificate, user), or None where it is not theirs."""
    async with store_.pool.acquire() as tx:
        return list(await door_store.of_certificates(tx, asks))


row_of = shared(find)


@router.get(
    "/certificates/{certificate_id}/credentials.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}, **answers(409, 410, 429)},
)
async def download_credentials(
    certificate_id: UUID, who: SignedIn, doors: TheDoors, http: Request
) -> Response:
    """The credentials PDF, rendered anew and compared with its digest; each download is journalled.

    For the parent, and for the student of 14 or older; at most 120 times a minute each.
    """
    expect_seldom(doors.downloads, f"{who.user_id}:{certificate_id}", doors.now())
    for _ in range(TRIES_MAX):
        row = expect_family(await row_of(http, (certificate_id, who.user_id)), doors.today())
        expect_living(row)
        expect_ready(row)
        pdf = await _render(row, doors.workshop)
        if await hand_to_family(http, handing(row, "credentials", who, as_whom(row))):
            return attachment(pdf, "application/pdf", f"credentials-{row['number']}.pdf")
    raise busy()


async def _render(row: Any, workshop: Workshop) -> bytes:
    values = open_values(
        workshop.master_key, row["document_id"], row["sealed_values"], row["sealed_key"]
    )
    version = row["template_version"]
    try:
        pdf = await workshop.pdf(version, values)
    except render.UnknownTemplate:
        raise of_newer_release() from None
    if render.digest(version, pdf) != row["digest"]:
        log.error("document_digest_differs", document_id=row["document_id"])
        raise Problem(
            500,
            "document_digest_differs",
            "Документ не прошёл проверку",
            "Мы уже знаем об этом. Обратитесь к региональному оператору.",
        )
    return pdf
