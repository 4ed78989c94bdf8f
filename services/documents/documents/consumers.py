"""EVENT IN: one function per event; each takes a set of events, one per key."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis import clock, erasing
from chassis.database import Pool, Tx
from chassis.handlers import Effects, Handler
from chassis.kept import NotYet, release
from chassis.records import Item
from contracts import Tombstone, caused_by, topics
from contracts.events import (
    CertificateAnnulled,
    CertificateExpired,
    CertificateIssued,
    ChildLinked,
    ChildUnlinked,
    UserRegistered,
    UserUpdated,
)
from contracts.values import DocumentFailure

from documents import decide, store
from documents.build import Workshop
from documents.orders import Built, Order
from documents.source import SOURCE

BUILT_MAX = 2000  # a batch from Kafka and one that was parked may be on their way together


def handlers(pool: Pool, workshop: Workshop, zone: ZoneInfo) -> list[Handler]:
    """What this service hears, and what it does about it."""
    desk = Desk(pool, workshop, zone)
    return [
        Handler(topics.IDENTITY_USERS, UserRegistered, on_user_changed),
        Handler(topics.IDENTITY_USERS, UserUpdated, on_user_changed),
        Handler(topics.IDENTITY_USERS, Tombstone, on_user_erased),
        Handler(topics.IDENTITY_CHILD_LINKS, ChildLinked, on_child_link_changed),
        Handler(topics.IDENTITY_CHILD_LINKS, ChildUnlinked, on_child_link_changed),
        Handler(
            topics.CERTIFICATES, CertificateIssued, desk.on_certificate_issued, desk.build_before
        ),
        Handler(topics.CERTIFICATES, CertificateAnnulled, on_certificate_ended),
        Handler(topics.CERTIFICATES, CertificateExpired, on_certificate_ended),
    ]


async def on_user_changed(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    users = [cast("UserRegistered", item.received.event) for item in items]
    await store.save_people(tx, users)
    await release(tx, [person_fact(user.user_id) for user in users])
    return Effects()


async def on_user_erased(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    """Names and data keys go, and it is said how many."""
    effects, named = await erasing.erase(tx, items, store.erase_people, "documents")
    await release(tx, [person_fact(user_id) for user_id in named])
    return effects


async def on_child_link_changed(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    await store.save_links(tx, [cast("ChildLinked", item.received.event) for item in items])
    return Effects()


async def on_certificate_ended(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    """The doors of its documents close; a suspended one may become active again and stays open."""
    ends = [cast("CertificateAnnulled | CertificateExpired", item.received.event) for item in items]
    await store.save_ends(tx, ends)
    return Effects()


def person_fact(user_id: UUID) -> str:
    return f"person:{user_id}"


class Desk:
    """Builds what a batch orders before its transaction opens, and hands it over inside."""

    def __init__(self, pool: Pool, workshop: Workshop, zone: ZoneInfo) -> None:
        self._pool = pool
        self._workshop = workshop
        self._zone = zone
        self._built: dict[UUID, tuple[Order, Built | DocumentFailure]] = {}

    async def build_before(self, items: Sequence[Item]) -> None:
        """Render, check and seal; those whose child is not known yet are left for later."""
        issued = [event for event in _issued(items) if not event.imported]
        async with self._pool.acquire() as connection:
            names = await store.names(connection, [event.child_id for event in issued])
        orders = [
            self._order(event, names[event.child_id]) for event in issued if event.child_id in names
        ]
        results = await self._workshop.build(orders)
        self._built |= {
            order.certificate_id: (order, result)
            for order, result in zip(orders, results, strict=True)
        }
        for never_asked_for in list(self._built)[:-BUILT_MAX]:
            del self._built[never_asked_for]

    async def on_certificate_issued(
        self, tx: Tx, items: Sequence[Item], last_call: bool
    ) -> Effects:
        """Save what was built and say so; park what waits for the child's name.

        Of an erased child there is no document and nothing to say; nor of an imported certificate,
        whose family has a password that works: a new one is made when they ask for it.
        """
        effects, causes, orders, results = Effects(), [], [], []
        issued = _issued(items)
        names = await store.names(tx, [event.child_id for event in issued])
        done = await store.existing(tx, [event.certificate_id for event in issued])
        silent = [
            one
            for one in issued
            if one.certificate_id not in done and (one.imported or one.child_id not in names)
        ]
        done |= await store.save_silent(
            tx, [self._order(one, None) for one in silent], [one.imported for one in silent]
        )
        for item, event in zip(items, issued, strict=True):
            name = names.get(event.child_id)
            if event.certificate_id in done:
                continue
            if name is None and not last_call:
                effects.not_yet.append(NotYet(item, person_fact(event.child_id)))
                continue
            order, result = await self._result(event, name)
            causes.append(item)
            orders.append(order)
            results.append(result)
        if not orders:
            return effects
        at = clock.now()
        await store.save_credentials(tx, orders, results, causes, at)
        effects.events += [
            caused_by(
                item.received,
                decide.outcome(order, result, version=1, attempt=1, at=at),
                source=SOURCE,
                time=at,
            )
            for item, order, result in zip(causes, orders, results, strict=True)
        ]
        return effects

    async def _result(
        self, event: CertificateIssued, name: str | None
    ) -> tuple[Order, Built | DocumentFailure]:
        """What was built before, unless the name came or changed only since."""
        found = self._built.pop(event.certificate_id, None)
        if found is not None and found[0].full_name == name:
            return found
        order = self._order(event, name)
        (result,) = await self._workshop.build([order])
        return order, result

    def _order(self, event: CertificateIssued, name: str | None) -> Order:
        return Order(
            event.certificate_id,
            event.child_id,
            decide.document_id(event),
            event.number,
            event.valid_from,
            event.valid_until,
            clock.day_in(self._zone, event.issued_at),
            name,
        )


def _issued(items: Sequence[Item]) -> list[CertificateIssued]:
    return [cast("CertificateIssued", item.received.event) for item in items]
