"""HTTP IN for the regional operator: certificates that another system issued, from a file."""

from uuid import UUID

from chassis import uploads
from chassis.doors import IdempotencyKey, TheStore
from chassis.uploads import CSV, LARGE, Accepted, DryRun, ImportCard
from fastapi import APIRouter, Request, Response

from certificates.api.common import AnOperator
from certificates.imports import CERTIFICATES

router = APIRouter(prefix="/imports", tags=["operator"])


@router.post("/certificates", status_code=202, openapi_extra=CSV, dependencies=LARGE)
async def import_certificates(
    request: Request, who: AnOperator, store_: TheStore, response: Response,
    dry_run: DryRun = False, idempotency_key: IdempotencyKey = None,
) -> Accepted:  # fmt: skip
    """Certificates of another system, one a row: taken over with their numbers, never changed."""
    return await uploads.receive(
        request, response, store_, CERTIFICATES, dry_run=dry_run, who=who.user_id,
        idempotency_key=idempotency_key,
    )  # fmt: skip


@router.get("/{import_id}")
async def show_import(import_id: UUID, _who: AnOperator, store_: TheStore) -> ImportCard:
    """How far it is, and what was wrong with which row."""
    return await uploads.show(store_, import_id, CERTIFICATES)
