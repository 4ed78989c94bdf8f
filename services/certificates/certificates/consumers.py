"""EVENT IN: one function per event; each takes a set of events, one per key."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import cast

from chassis import erasing, journal
from chassis.database import Tx
from chassis.handlers import Effects, Handler
from chassis.kept import NotYet, release
from chassis.records import Item
from contracts import Tombstone, caused_by, topics
from contracts.events import (
    CertificateRequested,
    ChildLinked,
    ChildUnlinked,
    PersonErased,
    UserRegistered,
    UserUpdated,
)
from contracts.ids import derived

from certificates import consent_store, decide, desk_store, life_cycle, store
from certificates.decide import Region
from certificates.desk_store import Change
from certificates.life_cycle import PERSON_ERASED, Certificate
from certificates.source import SOURCE


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


async def on_user_erased(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    """A name, a birth date, an employer: gone, and said so. The certificate's bare record stays.

    A living one is over: nobody can show whose it is, and a merged child has another. So is each
    consent for the child, from the moment that the act of the erasure tells.
    """
    effects, named = await erasing.erase(tx, items, store.erase_people, "certificates")
    done = {cast("PersonErased", one.event).user_id: one for one in effects.events}
    if effects.events:
        await consent_store.end_consents(tx, list(done), effects.events[0].time)
    changes = [
        _ended(living, named[living.child_id].received.time)
        for living in await desk_store.lock_living(tx, list(done))
    ]
    await desk_store.save_changes(tx, changes)
    entries = [
        journal.Entry(one.at, None, "system", one.kind, one.event.child_id, details=PERSON_ERASED)
        for one in changes
    ]
    await journal.append(tx, entries)
    effects.events += [
        done[one.event.child_id]._replace(
            event=one.event,
            id=derived(f"{one.event.certificate_id}:{one.event.version}", one.event.TYPE),
            time=one.at,
        )
        for one in changes
    ]
    return effects


def _ended(living: Certificate, at: datetime) -> Change:
    """Its child is erased."""
    event = life_cycle.annul(living, reason=PERSON_ERASED, by_family=False, at=at)
    return Change("annulled", event, at, reason=PERSON_ERASED)


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
                ready.append((item, request, what.facts))
    if not ready:
        return effects
    numbers = await store.reserve_numbers(tx, region.code, len(ready))
    answers = [
        decide.issue(request, facts, number)
        for (_, request, facts), number in zip(ready, numbers, strict=True)
    ]
    await store.save_answers(tx, [request for _, request, _ in ready], answers)
    effects.events += [
        caused_by(item.received, answer, source=SOURCE, time=request.requested_at)
        for (item, request, _), answer in zip(ready, answers, strict=True)
    ]
    return effects
