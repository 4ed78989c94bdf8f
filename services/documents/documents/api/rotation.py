"""HTTP IN: a new password and a new PDF in one press, for the certificate's family."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import clock, journal, outbox
from chassis.auth import SignedIn
from chassis.database import Tx
from chassis.doors import IdempotencyKey, TheStore, key_of
from chassis.openapi import answers
from chassis.outbox import Store
from chassis.problems import Problem, key_reused
from contracts import Envelope
from contracts.ids import derived
from contracts.values import DocumentFailure
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from documents import decide, door_store
from documents.api.doors import (
    TRIES_MAX,
    Doors,
    TheDoors,
    as_whom,
    busy,
    expect_living,
    expect_ready,
    is_still_theirs,
    not_printable,
    not_ready,
    of_family,
)
from documents.orders import Built, Order
from documents.source import SOURCE

router = APIRouter(tags=["documents"])


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody pressed «новый пароль»; the same press has the same id."""

    rotation_id: UUID
    user_id: UUID
    correlation_id: str
    traceparent: str | None


class Rotation(BaseModel):
    """The document that took the old one's place."""

    version: int
    digest: str
    rotated_at: datetime
    url: str


@router.post(
    "/certificates/{certificate_id}/credentials/rotation",
    status_code=201,
    responses=answers(409, 410, 429),
)
async def rotate_credentials(
    certificate_id: UUID,
    who: SignedIn,
    store_: TheStore,
    doors: TheDoors,
    http: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Rotation:
    """A new password and a new PDF; the old ones are dead when this answers.

    The same key gives the same rotation. At most 5 a day.
    """
    press = Press(
        derived(key_of(who.user_id, idempotency_key), "credentials-rotation"),
        who.user_id,
        http.scope["request_id"],
        http.scope.get("traceparent"),
    )
    for _ in range(TRIES_MAX):
        row = await of_family(store_, certificate_id, who, doors.today())
        if done := await _rotate(store_, doors, row, press):
            response.headers["Location"] = done.url
            return done
    raise busy()


async def _rotate(store_: Store, doors: Doors, row: Any, press: Press) -> Rotation | None:
    """Build, then let the new values take the old ones' place; None if it is not as it was seen."""
    async with store_.pool.acquire() as tx:
        if earlier := await _earlier(tx, press, row["certificate_id"]):
            return earlier
        expect_living(row)
        if row["state"] != "imported":  # its first password made here
            expect_ready(row)
        await _expect_not_too_often(tx, row["certificate_id"], doors)
    version = row["version"] + 1
    order = _order(row, version, doors)
    built = _expect_built(*await doors.workshop.build([order]))
    async with store_.transaction() as tx:
        await door_store.lock(tx, order.certificate_id)
        (found,) = await door_store.of_certificates(tx, [(order.certificate_id, press.user_id)])
        if not is_still_theirs(found, row["version"], doors.today()):
            return None
        await _expect_not_too_often(tx, order.certificate_id, doors)
        at = clock.now()
        if not await door_store.save_rotation(
            tx, press.rotation_id, order, built, version=version, user_id=press.user_id, at=at
        ):
            return None
        await door_store.rotate(tx, order, built, at)
        entry = journal.Entry(
            at, press.user_id, as_whom(row), "rotated_credentials", order.child_id,
            details=f"certificate {order.certificate_id}, document {order.document_id}",
        )  # fmt: skip
        await journal.append(tx, [entry])
        event = decide.rotated(order, built, version=version, at=at)
        said = Envelope(
            event=event,
            id=derived(f"{order.document_id}:{version}", event.TYPE),
            source=SOURCE,
            time=at,
            correlation_id=press.correlation_id,
            traceparent=press.traceparent,
        )
        await outbox.append(tx, [said])
    return _answer(order.certificate_id, version, built.digest, at)


async def _earlier(tx: Tx, press: Press, certificate_id: UUID) -> Rotation | None:
    """What this press brought already."""
    row = await door_store.get_rotation(tx, press.rotation_id)
    if row is None:
        return None
    if row["certificate_id"] != certificate_id:
        raise key_reused()
    return _answer(certificate_id, row["version"], row["digest"], row["rotated_at"])


def _answer(certificate_id: UUID, version: int, digest: bytes, at: datetime) -> Rotation:
    return Rotation(
        version=version,
        digest=digest.hex(),
        rotated_at=at,
        url=f"/certificates/{certificate_id}/credentials.pdf",
    )


async def _expect_not_too_often(tx: Tx, certificate_id: UUID, doors: Doors) -> None:
    at = clock.now()
    rotated = await door_store.rotations_since(tx, certificate_id, at - decide.ROTATIONS_WITHIN)
    again = decide.next_rotation_at(rotated, at)
    if again is not None:
        raise Problem(
            429,
            "too_many_rotations",
            "Сегодня пароль уже меняли несколько раз",
            "Пароль из последнего листа действует, им можно пользоваться. Получить новый можно"
            f" будет {again.astimezone(doors.zone):%d.%m.%Y после %H:%M}.",
            headers={"Retry-After": str(int((again - at).total_seconds()) + 1)},
        )


def _order(row: Any, version: int, doors: Doors) -> Order:
    return Order(
        row["certificate_id"],
        row["child_id"],
        decide.rotated_document_id(row["certificate_id"], version),
        row["number"],
        row["valid_from"],
        row["valid_until"],
        doors.today(),
        row["full_name"],
    )


def _expect_built(result: Built | DocumentFailure) -> Built:
    """The old document stays as it is where the new one cannot be built."""
    if result is DocumentFailure.name_not_printable:
        raise not_printable()
    if isinstance(result, DocumentFailure):
        raise not_ready()
    return result
