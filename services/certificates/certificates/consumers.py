"""EVENT IN: one function per event; each takes a set of events, one per key."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import cast

from chassis import journal
from chassis.database import Tx
from chassis.handlers import Effects, Handler
from chassis.kept import NotYet, release
from chassis.records import Item
from contracts import Tombstone, caused_by, topics
from contracts.events import (
    CertificateIssued,
    CertificateRefused,
    CertificateRequested,
    ChildLinked,
    ChildUnlinked,
    UserRegistered,
    UserUpdated,
)
from contracts.values import RequesterRole

from certificates import decide, store
from certificates.decide import Region
from certificates.erasing import on_user_erased
from certificates.source import SOURCE
from certificates.store import Known


def handlers(region: Region) -> list[Handler]:
    """What this service hears, and what it does about it."""
    asked = partial(on_certificate_requested, region)
    return [
        Handler(topics.IDENTITY_USERS, UserRegistered, on_user_changed),
        Handler(topics.IDENTITY_USERS, UserUpdated, on_user_changed),
        Handler(topics.IDENTITY_USERS, Tombstone, on_user_erased),
        Handler(topics.IDENTITY_CHILD_LINKS, ChildLinked, on_child_link_changed),
        Handler(topics.IDENTITY_CHILD_LINKS, ChildUnlinked, on_child_link_changed),
        Handler(topics.CERTIFICATE_REQUESTS, CertificateRequested, asked),
        Handler(topics.CERTIFICATE_REQUESTS_BULK, CertificateRequested, asked),
    ]


async def on_user_changed(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    users = [cast("UserRegistered", item.received.event) for item in items]
    await store.save_people(tx, users)
    await release(tx, [decide.person_fact(user.user_id) for user in users])
    return Effects()


async def on_child_link_changed(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    links = [cast("ChildLinked", item.received.event) for item in items]
    await store.save_links(tx, links)
    await release(tx, [decide.link_fact(link.parent_id, link.child_id) for link in links])
    return Effects()


async def on_certificate_requested(
    region: Region, tx: Tx, items: Sequence[Item], last_call: bool
) -> Effects:
    """Lock the children, look at the facts, decide each request, save all, say all."""
    asked = [cast("CertificateRequested", item.received.event) for item in items]
    await store.lock_children(tx, [request.child_id for request in asked])
    known = await store.load_facts(tx, asked, region)
    effects, ready = Effects(), []
    for item, request, what in zip(items, asked, known, strict=True):
        if what.child_id not in (None, request.child_id):
            effects.refused.append((item, "forged: request id used for another child"))
        elif what.status not in (None, "pending"):
            continue
        elif decide.is_untimely(request.requested_at, item.record.timestamp):
            effects.refused.append((item, "bad_time: requested_at is not when it was written"))
        else:
            missing = None if last_call else decide.waits_for(request, what.facts)
            if missing:
                effects.not_yet.append(NotYet(item, missing))
            else:
                ready.append((item, request, what))
    if not ready:
        return effects
    numbers = await store.reserve_numbers(tx, region.code, len(ready))
    answers = [
        decide.issue(request, what.facts, number)
        for (_, request, what), number in zip(ready, numbers, strict=True)
    ]
    await store.save_answers(tx, [request for _, request, _ in ready], answers)
    await journal.append(tx, [
        entry
        for (_, request, what), answer in zip(ready, answers, strict=True)
        for entry in _entries(request, what, answer)
    ])  # fmt: skip
    effects.events += [
        caused_by(item.received, answer, source=SOURCE, time=request.requested_at)
        for (item, request, _), answer in zip(ready, answers, strict=True)
    ]
    return effects


def _entries(
    request: CertificateRequested, known: Known, answer: CertificateIssued | CertificateRefused
) -> Iterator[journal.Entry]:
    """Who asked, where the press was not here and is journalled; and what came of it."""
    at, child, asked = request.requested_at, request.child_id, request.requester
    if known.status is None:
        staff = known.facts.requester if asked.role is RequesterRole.staff else None
        organization = staff.organization if staff else None
        yield journal.Entry(at, asked.user_id, asked.role, "requested", child, organization)
    codes = ", ".join(getattr(answer, "codes", ()))
    kind = "refused" if codes else "issued"
    yield journal.Entry(at, None, "system", kind, child, details=codes)
