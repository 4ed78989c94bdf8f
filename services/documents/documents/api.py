"""HTTP IN: one function per route. What is not yours is 404."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from chassis import clock
from chassis.auth import SignedIn
from chassis.outbox import Store
from chassis.web import Problem, not_found
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from documents import render, store
from documents.build import Workshop
from documents.credentials import open_values

log = structlog.get_logger()
router = APIRouter(tags=["documents"])
OWN_DOOR_AGE = 14


@dataclass(frozen=True, slots=True)
class Doors:
    """What the routes need besides the database."""

    workshop: Workshop
    zone: ZoneInfo


class DocumentCard(BaseModel):
    kind: Literal["credentials", "image"]
    state: Literal["building", "ready", "failed"]
    url: str | None
    digest: str | None
    built_at: datetime | None


def _store(request: Request) -> Store:
    found: Store = request.app.state.store
    return found


def _doors(request: Request) -> Doors:
    found: Doors = request.app.state.service
    return found


TheStore = Annotated[Store, Depends(_store)]
TheDoors = Annotated[Doors, Depends(_doors)]


@router.get("/certificates/{certificate_id}/documents")
async def list_documents(
    certificate_id: UUID, who: SignedIn, store_: TheStore
) -> list[DocumentCard]:
    """The documents of a certificate, for its family."""
    async with store_.pool.acquire() as tx:
        row = await store.of_certificate(tx, certificate_id, who.user_id)
    if row is None:
        raise not_found()
    ready = row["state"] == "ready"
    return [
        DocumentCard(
            kind="credentials",
            state=row["state"],
            url=f"/certificates/{certificate_id}/credentials.pdf" if ready else None,
            digest=row["digest"].hex() if ready else None,
            built_at=row["built_at"],
        )
    ]


@router.get(
    "/certificates/{certificate_id}/credentials.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def download_credentials(
    certificate_id: UUID, who: SignedIn, store_: TheStore, doors: TheDoors
) -> Response:
    """The credentials PDF, rendered anew and compared with its digest; each download is journalled.

    For the parent, and for the student of 14 or older.
    """
    at = clock.now()
    async with store_.pool.acquire() as tx:
        row = await store.of_certificate(tx, certificate_id, who.user_id)
        if row is None or not _may_download(row, clock.day_in(doors.zone, at)):
            raise not_found()
        if row["state"] != "ready":
            raise Problem(
                409,
                "document_not_ready",
                "Документ ещё готовится",
                "Обновите страницу через минуту. Ничего делать не нужно.",
                headers={"Retry-After": "5"},
            )
        pdf = await _render(row, doors.workshop)
        await store.journal_download(tx, certificate_id, row["document_id"], who.user_id, at)
    return Response(
        pdf,
        media_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="credentials-{row["number"]}.pdf"',
            "Cache-Control": "no-store",
        },
    )


def _may_download(row: Any, today: date) -> bool:
    """A linked parent, or the student from the 14th birthday on."""
    born: date | None = row["own_birth_date"]
    if row["is_parent"] or born is None:
        return bool(row["is_parent"])
    had_birthday = (today.month, today.day) >= (born.month, born.day)
    return today.year - born.year - (0 if had_birthday else 1) >= OWN_DOOR_AGE


async def _render(row: Any, workshop: Workshop) -> bytes:
    values = open_values(
        workshop.master_key, row["document_id"], row["sealed_values"], row["sealed_key"]
    )
    pdf = await workshop.pdf(row["template_version"], values)
    if render.digest(pdf) != row["digest"]:
        log.error("document_digest_differs", document_id=row["document_id"])
        raise Problem(
            500,
            "document_digest_differs",
            "Документ не прошёл проверку",
            "Мы уже знаем об этом. Обратитесь к региональному оператору.",
        )
    return pdf
