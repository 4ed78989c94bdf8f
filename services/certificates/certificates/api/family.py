"""HTTP IN for the family, and for whoever asks on a child's behalf: consent, news of the page."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from chassis import journal, outbox
from chassis.auth import SignedIn
from chassis.doors import IdempotencyKey, TheStore, key_of
from chassis.openapi import answers
from chassis.problems import Problem, key_reused, not_found
from chassis.tokens import Principal
from contracts.ids import derived
from contracts.values import RequesterRole
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from certificates import consent, consent_store, retold, store
from certificates.api.common import TheDoors, TheMoment, entry_of

router = APIRouter(tags=["family"])


class Consent(BaseModel):
    """The text in force; and what this user agreed to and when, null while they did not.

    Who agreed to an earlier text can read it on, and may agree to the new one.
    """

    purpose: str = consent.PURPOSE
    text_version: str
    text: str
    given_at: datetime | None = None
    given_text_version: str | None = None
    given_text: str | None = None


class GivenConsent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text_version: Annotated[str, Field(max_length=64)]


async def _as_whom(tx: Any, who: Principal, child_id: UUID) -> RequesterRole:
    """As whom this user may ask for this child at this moment; 404 for a stranger."""
    (role,) = await store.as_whom(tx, [(who.user_id, child_id)])
    if role is None:
        raise not_found()
    return role


@router.get("/children/{child_id}/consent")
async def show_consent(child_id: UUID, who: SignedIn, store_: TheStore, doors: TheDoors) -> Consent:
    """The text in force, and to which text this user agreed for this child, and when."""
    async with store_.pool.acquire() as tx:
        await _as_whom(tx, who, child_id)
        return await _consent(tx, child_id, who.user_id, doors.consent)


async def _consent(tx: Any, child_id: UUID, user_id: UUID, in_force: consent.Text) -> Consent:
    shown = Consent(text_version=in_force.version, text=in_force.text)
    row = await store.given_consent(tx, child_id, user_id)
    if row is not None:
        shown.given_at = row["given_at"]
        shown.given_text_version, shown.given_text = row["text_version"], row["text"]
    return shown


@router.post("/children/{child_id}/consents", status_code=201, responses=answers(409))
async def give_consent(
    child_id: UUID,
    given: GivenConsent,
    who: SignedIn,
    store_: TheStore,
    at: TheMoment,
    doors: TheDoors,
    idempotency_key: IdempotencyKey = None,
) -> Consent:
    """A record of its own: who agreed to which text and when. Given again, it stays as it is.

    The same key gives no second consent, also after the first was withdrawn: `given_at` is then
    null.
    """
    consent_id = derived(key_of(who.user_id, idempotency_key), "consent")
    in_force = doors.consent
    async with store_.transaction() as tx:
        # The erasure of either comes before all of this, or ends it.
        await store.lock_children(tx, [child_id, who.user_id])
        role = await _as_whom(tx, who, child_id)
        if given.text_version != in_force.version:
            raise Problem(
                409,
                "consent_text_changed",
                "Текст согласия изменился",
                "Прочитайте новый текст и подтвердите его.",
                text_version=in_force.version,
                text=in_force.text,
            )
        if await store.give_consent(tx, consent_id, child_id, who.user_id, at, in_force):
            entry = await entry_of(tx, at, who, role, "consented", child_id, in_force.version)
            await journal.append(tx, [entry])
        elif await store.child_of_consent(tx, consent_id) not in (None, child_id):
            raise key_reused()
        return await _consent(tx, child_id, who.user_id, in_force)


@router.post("/children/{child_id}/consents/withdrawal")
async def withdraw_consent(
    child_id: UUID, who: SignedIn, store_: TheStore, at: TheMoment, doors: TheDoors
) -> Consent:
    """From now on no certificate is asked for by this user; the record of having agreed stays.

    What they asked for and is not decided yet is refused, `consent_withdrawn`.
    """
    async with store_.transaction() as tx:
        await store.lock_children(tx, [child_id])
        role = await _as_whom(tx, who, child_id)
        if await consent_store.withdraw_consent(tx, child_id, who.user_id, at):
            entry = await entry_of(tx, at, who, role, "consent_withdrawn", child_id)
            await journal.append(tx, [entry])
            refused = await consent_store.refuse_waiting(tx, [(child_id, who.user_id)], at)
            await outbox.append(tx, [retold.refused(row) for row in refused])
        return await _consent(tx, child_id, who.user_id, doors.consent)


@router.get(
    "/children/{child_id}/certificate/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def follow_certificate(
    child_id: UUID, who: SignedIn, store_: TheStore, doors: TheDoors
) -> StreamingResponse:
    """Server-sent events `changed`: the page asks again. Ends with the sign-in or the link."""
    stream = doors.watch.follow(who, child_id)
    async with store_.transaction(says=False) as tx:
        role = await _as_whom(tx, who, child_id)
        await journal.looks(tx, [await entry_of(tx, doors.now(), who, role, "saw_card", child_id)])
    return StreamingResponse(
        stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )
