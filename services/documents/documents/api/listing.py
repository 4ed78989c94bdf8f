"""HTTP IN: which documents a certificate has, and which of them can be downloaded."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from chassis.auth import SignedIn
from chassis.doors import TheStore
from chassis.problems import not_found
from fastapi import APIRouter
from pydantic import BaseModel

from documents import door_store
from documents.api.doors import TheDoors, may_download

router = APIRouter(tags=["documents"])


class DocumentCard(BaseModel):
    """`closed`: the certificate is over. An image has no digest: it is drawn when asked for.

    `imported`: another system gave login and password; a new password is made by a rotation.
    """

    kind: Literal["credentials", "image"]
    state: Literal["building", "ready", "failed", "imported", "closed"]
    url: str | None
    digest: str | None
    built_at: datetime | None


@router.get("/certificates/{certificate_id}/documents")
async def list_documents(
    certificate_id: UUID, who: SignedIn, store_: TheStore, doors: TheDoors
) -> list[DocumentCard]:
    """The documents of a certificate, for its family; `url` is for who may download."""
    async with store_.pool.acquire() as tx:
        (row,) = await door_store.of_certificates(tx, [(certificate_id, who.user_id)])
    if row is None:
        raise not_found()
    living, open_ = row["ended"] is None, may_download(row, doors.today())
    ready, drawable = row["state"] == "ready", row["full_name"] is not None
    address = f"/certificates/{certificate_id}"
    return [
        DocumentCard(
            kind="credentials",
            state=row["state"] if living else "closed",
            url=f"{address}/credentials.pdf" if ready and living and open_ else None,
            digest=row["digest"].hex() if ready and living else None,
            built_at=row["built_at"],
        ),
        DocumentCard(
            kind="image",
            state=("ready" if drawable else "building") if living else "closed",
            url=f"{address}/certificate.png" if drawable and living and open_ else None,
            digest=None,
            built_at=None,
        ),
    ]
