"""Presses of «Получить сертификат»: written down in sets, as requests, events and entries.

Those that come while a transaction is under way share the next one (`chassis.together`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis import clock, journal, outbox
from chassis.database import Tx
from chassis.outbox import Store
from chassis.problems import Problem, key_reused, not_found
from contracts import Envelope
from contracts.events import CertificateRequested, Requester
from contracts.ids import derived
from contracts.values import RefusalCode, RequesterRole

from certificates import consent, decide, desk_store, reasons, store
from certificates.decide import Region
from certificates.source import SOURCE


class Press(NamedTuple):
    """One press of the button; the same `request_id` is the same press."""

    user_id: UUID
    child_id: UUID
    request_id: UUID
    at: datetime
    correlation_id: str
    traceparent: str | None


async def write_down(
    store_: Store, region: Region, in_force: consent.Text, presses: Sequence[Press]
) -> list[Problem | None]:
    """Each new press becomes a request, an event and an entry of the journal.

    Returns for each press why it cannot be, or None.
    """
    pairs = [(press.user_id, press.child_id) for press in presses]
    async with store_.transaction() as tx:
        # First: a withdrawal or an erasure comes before all of this, or finds the request.
        await store.lock_children(tx, [press.child_id for press in presses])
        roles = await store.as_whom(tx, pairs)
        agreed = await store.consented(tx, pairs) if "parent" in roles else set()
        by_parents = [
            press for press, role in zip(presses, roles, strict=True)
            if role is RequesterRole.parent and (press.user_id, press.child_id) not in agreed
        ]  # fmt: skip
        unagreed = await _unagreed(tx, region, in_force, by_parents)
        closed = [
            unagreed.get(press) if role else not_found()
            for press, role in zip(presses, roles, strict=True)
        ]
        asked: dict[UUID, tuple[Press, CertificateRequested]] = {}
        for press, role, problem in zip(presses, roles, closed, strict=True):
            if role and not problem:
                asked.setdefault(press.request_id, (press, _request(press, role)))
        opened = await store.open_requests(tx, [request for _, request in asked.values()])
        new = [one for request_id, one in asked.items() if request_id in opened]
        await outbox.append(tx, [_said(*one) for one in new])
        works_at = await desk_store.organizations_of(tx, _staff(new))
        await journal.append(tx, [_entry(*one, works_at) for one in new])
        child_of = await store.children_of_requests(tx, list(asked))
    return [
        problem or _other_child(press, child_of)
        for press, problem in zip(presses, closed, strict=True)
    ]


async def _unagreed(
    tx: Tx, region: Region, in_force: consent.Text, presses: Sequence[Press]
) -> dict[Press, Problem]:
    """What parents are told who have not agreed: why not, or what they are to agree to.

    Nobody is asked to agree to what leads to nothing.
    """
    if not presses:
        return {}
    pairs = [(press.user_id, press.child_id) for press in presses]
    days = [clock.day_in(region.zone, press.at) for press in presses]
    facts = await store.facts_of(tx, pairs, days, region)
    codes = [
        decide.why_not(RequesterRole.parent, known, press.request_id)
        for press, known in zip(presses, facts, strict=True)
    ]
    return {
        press: _not_eligible(why) if why else _consent_needed(in_force)
        for press, why in zip(presses, codes, strict=True)
    }


def _not_eligible(codes: Sequence[RefusalCode]) -> Problem:
    told = reasons.explain(codes)
    return Problem(
        409,
        "not_eligible",
        "Сертификат сейчас получить нельзя",
        f"{told[0].message} {told[0].how_to_fix}",
        reasons=[reason.model_dump() for reason in told],
    )


def _consent_needed(in_force: consent.Text) -> Problem:
    return Problem(
        409,
        "consent_needed",
        "Нужно согласие на обработку персональных данных",
        "Прочитайте текст согласия и подтвердите его, затем получите сертификат.",
        text_version=in_force.version,
        text=in_force.text,
    )


def _other_child(press: Press, child_of: Mapping[UUID, UUID]) -> Problem | None:
    return None if child_of.get(press.request_id) == press.child_id else key_reused()


def _request(press: Press, role: RequesterRole) -> CertificateRequested:
    return CertificateRequested(
        child_id=press.child_id,
        request_id=press.request_id,
        requester=Requester(user_id=press.user_id, role=role),
        requested_at=press.at,
    )


def _said(press: Press, request: CertificateRequested) -> Envelope:
    return Envelope(
        event=request,
        id=derived(press.request_id, request.TYPE),
        source=SOURCE,
        time=press.at,
        correlation_id=press.correlation_id,
        traceparent=press.traceparent,
    )


def _staff(asked: Sequence[tuple[Press, CertificateRequested]]) -> list[UUID]:
    return [press.user_id for press, one in asked if one.requester.role is RequesterRole.staff]


def _entry(
    press: Press, request: CertificateRequested, works_at: Mapping[UUID, str]
) -> journal.Entry:
    organization, role = works_at.get(press.user_id), request.requester.role
    return journal.Entry(press.at, press.user_id, role, "requested", press.child_id, organization)
