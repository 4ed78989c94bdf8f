"""EVENT IN: a user's tombstone. What was known of them goes, and what rested on it ends."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from chassis import erasing, journal, outbox
from chassis.database import Tx
from chassis.handlers import Effects
from chassis.records import Item
from contracts import Tombstone
from contracts.events import PersonErased
from contracts.ids import derived

from certificates import consent_store, desk_store, life_cycle, retold, store
from certificates.desk_store import Change
from certificates.life_cycle import Certificate
from certificates.reasons import GIVER_ERASED, PERSON_ERASED


async def on_user_erased(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    """A name, a birth date, an employer: gone, and said so. The certificate's bare record stays.

    A living one is over: nobody can show whose it is, and a merged child has another. So is each
    consent for the child or by the parent, from the moment that the act of the erasure tells.
    """
    effects, named = await erasing.erase(tx, items, erase_people, "certificates")
    done = {cast("PersonErased", one.event).user_id: one for one in effects.events}
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


async def erase_people(
    tx: Tx, tombstones: Mapping[UUID, Tombstone], at: datetime
) -> dict[UUID, dict[str, int]]:
    """How many of what went, and how many consents ended, by whom it was."""
    await consent_store.lock_families(tx, list(tombstones))
    counts = await store.erase_people(tx, tombstones)
    ended = await end_consents(tx, counts, at)
    for who, many in counts.items():
        many["consents"] = sum(who in pair for pair in ended)
    return counts


async def end_consents(
    tx: Tx, erased: Collection[UUID], at: datetime
) -> Sequence[tuple[UUID, UUID]]:
    """Each (child, parent) whose consent ended; the caller has locked the families."""
    ended = await consent_store.end_consents(tx, list(erased), at)
    await _as_withdrawn(tx, [pair for pair in ended if pair[0] not in erased], at)
    return ended


async def _as_withdrawn(tx: Tx, ended: Sequence[tuple[UUID, UUID]], at: datetime) -> None:
    """Of each (child, parent), where the parent is erased: what rested on the consent ends."""
    await journal.append(tx, [
        journal.Entry(at, None, "system", "consent_ended", child_id, details=GIVER_ERASED)
        for child_id, _ in ended
    ])  # fmt: skip
    refused = await consent_store.refuse_waiting(tx, ended, at)
    await outbox.append(tx, [retold.refused(row) for row in refused])
