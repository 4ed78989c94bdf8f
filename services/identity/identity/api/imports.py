"""Files with users and links: received row by row into a staging table, worked on afterwards."""

from uuid import UUID

from chassis import uploads
from chassis.doors import IdempotencyKey, TheStore
from chassis.openapi import answers
from chassis.uploads import CSV, LARGE, Accepted, DryRun, ImportCard
from fastapi import APIRouter, Request, Response

from identity.api.doors import AnOperator
from identity.imports import LINKS, USERS

router = APIRouter(prefix="/imports", tags=["identity"])


@router.post(
    "/users", status_code=202, openapi_extra=CSV, dependencies=LARGE, responses=answers(409, 415)
)
async def import_users(
    request: Request, who: AnOperator, store_: TheStore, response: Response,
    dry_run: DryRun = False, idempotency_key: IdempotencyKey = None,
) -> Accepted:  # fmt: skip
    """Users, one a row: made, or changed in the columns that the file has."""
    return await uploads.receive(
        request, response, store_, USERS, dry_run=dry_run, who=who.user_id,
        idempotency_key=idempotency_key,
    )  # fmt: skip


@router.post(
    "/child-links",
    status_code=202,
    openapi_extra=CSV,
    dependencies=LARGE,
    responses=answers(409, 415),
)
async def import_child_links(
    request: Request, who: AnOperator, store_: TheStore, response: Response,
    dry_run: DryRun = False, idempotency_key: IdempotencyKey = None,
) -> Accepted:  # fmt: skip
    """Links between parents and children, one a row: made or ended."""
    return await uploads.receive(
        request, response, store_, LINKS, dry_run=dry_run, who=who.user_id,
        idempotency_key=idempotency_key,
    )  # fmt: skip


@router.get("/{import_id:uuid}")  # and no other word: GET /imports/users is not there
async def show_import(import_id: UUID, _who: AnOperator, store_: TheStore) -> ImportCard:
    """How far it is, and what was wrong with which row."""
    return await uploads.show(store_, import_id, USERS, LINKS)
