"""Changes that do not come from SGO: an operator's requests and the rows of a file, in sets.

`plan` loads, locks and decides and changes nothing: a dry run ends there. `save` stores and says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from chassis import outbox
from chassis.database import Tx
from contracts import Envelope, Event, Tombstone, topics
from contracts.ids import derived
from contracts.values import Organization

from identity import decide, edits, erasing, organization_store, organizations, store
from identity.consumers import release_logins
from identity.decide import KnownLink
from identity.edits import Edited, Fields, Refused, Stored
from identity.erasing import Order
from identity.source import SOURCE
from identity.store import Pair


@dataclass(frozen=True, slots=True)
class Cause:
    """What brought a change about, for the envelope."""

    at: datetime
    correlation_id: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A user as somebody wants it; `may_make`: where there is none, make one."""

    user_id: UUID
    fields: Fields
    sgo_user_id: str | None = None
    may_make: bool = True


@dataclass(frozen=True, slots=True)
class Planned:
    """What will become of a user: an edit, a refusal, or neither where all is so already."""

    wanted: Wanted
    known: Stored | None
    edited: Edited | None = None
    refused: Refused | None = None


async def plan(tx: Tx, wanted: Sequence[Wanted], today: date) -> list[Planned]:
    """Lock the users of `wanted` (each one once) and decide."""
    known = await store.lock_whole_users(tx, [one.user_id for one in wanted])
    logins = [(one.fields.login or "").lower() for one in wanted]
    owners = await store.taken_logins(tx, [login for login in logins if login])
    at_work = [one.fields.organization for one in wanted if one.fields.organization]
    known_places = await organization_store.known_of(tx, [one.id for one in at_work])
    places = {id_: one.facts for id_, one in known_places.items()}
    return [_planned(one, known.get(one.user_id), owners, places, today) for one in wanted]


def _planned(
    one: Wanted,
    known: Stored | None,
    owners: dict[str, UUID],
    places: dict[str, Organization],
    today: date,
) -> Planned:
    """`owners` and `places` (organizations) learn what earlier ones of the same set have said."""
    login = (one.fields.login or "").lower()
    place = one.fields.organization
    try:
        edited = edits.edit_user(
            one.user_id, known, one.fields, today,
            may_make=one.may_make, place=places.get(place.id) if place else None,
        )  # fmt: skip
    except Refused as refused:
        return Planned(one, known, refused=refused)
    if login and owners.setdefault(login, one.user_id) != one.user_id:
        return Planned(one, known, refused=Refused("login_taken", "login"))
    if place:
        places.setdefault(place.id, place)
    return Planned(one, known, edited)


async def save(tx: Tx, planned: Sequence[Planned], cause: Cause) -> None:
    """Store and say what was planned; refused ones are left out."""
    changed = [(one, one.edited) for one in planned if one.edited]
    if not changed:
        return
    people = [(edited.event.person, cause.at) for _, edited in changed]
    places = await organization_store.take_up(tx, people, organizations.learn)
    saved = [
        (one, replace(edited, event=organizations.at_work(edited.event, places)))
        for one, edited in changed
    ]
    await store.save_whole_users(
        tx,
        [
            (
                one.known.sgo_user_id if one.known else one.wanted.sgo_user_id,
                one.known.sgo_version if one.known else 0,
                edited,
            )
            for one, edited in saved
        ],
    )
    await release_logins(tx, [decide.gives_up(one.known, edited.login) for one, edited in saved])
    await outbox.append(tx, [said(edited.event, cause) for _, edited in saved])


def said(event: Event | Tombstone, cause: Cause) -> Envelope:
    """The envelope of a change; its id derives from the aggregate and its version."""
    if isinstance(event, Tombstone):
        kind, version, topic = "tombstone", event.version, topics.IDENTITY_USERS
    else:
        kind, version, topic = event.TYPE, getattr(event, "version", 0), None
    return Envelope(
        event=event,
        id=derived(f"{event.key}:{version}", f"{SOURCE}:by-hand:{kind}"),
        source=SOURCE,
        time=cause.at,
        correlation_id=cause.correlation_id,
        traceparent=cause.traceparent,
        topic=topic,
    )


async def erase(tx: Tx, known: Stored, cause: Cause, order: Order) -> None:
    """The user is forgotten here and everywhere, as by SGO's tombstone. Lock first."""
    erased = await erasing.erase(tx, {known.user_id: (known.sgo_user_id, cause.at)}, order)
    await release_logins(tx, [decide.gives_up(known, None)])
    tombstone = Tombstone(str(known.user_id), erased[known.user_id])
    await outbox.append(tx, [said(tombstone, cause)])


async def save_links(
    tx: Tx, links: dict[Pair, KnownLink], events: Sequence[Event], cause: Cause
) -> None:
    """Store the links and say what changed."""
    if links:
        await store.save_links(tx, links)
    await outbox.append(tx, [said(event, cause) for event in events])


async def merge(tx: Tx, survivor: Stored, duplicate: Stored, cause: Cause, by: UUID | None) -> None:
    """Links and what was known move to the survivor, the duplicate is erased. Lock both first."""
    await _move_links(tx, duplicate.user_id, survivor.user_id, cause)
    edited = edits.merge(survivor, duplicate)
    if edited and edited.login != survivor.login:
        await store.copy_password(tx, duplicate.user_id, survivor.user_id)
    await erase(tx, duplicate, cause, Order("Дубль: запись объединена с другой", by))
    await store.mark_merged(tx, duplicate.user_id, survivor.user_id)
    if edited:
        wanted = Wanted(survivor.user_id, Fields())
        await save(tx, [Planned(wanted, survivor, edited)], cause)


async def _move_links(tx: Tx, duplicate: UUID, survivor: UUID, cause: Cause) -> None:
    twins = {
        (parent, child): (
            survivor if parent == duplicate else parent,
            survivor if child == duplicate else child,
        )
        for parent, child in await store.links_of(tx, duplicate)
    }
    known = await store.lock_links(tx, [*twins, *twins.values()])
    saved: dict[Pair, KnownLink] = {}
    events: list[Event] = []
    for pair, twin in twins.items():
        if twin[0] != twin[1]:
            saved[twin], made = edits.link(*twin, known.get(twin))
            events += [made] if made else []
        saved[pair], ended = edits.unlink(*pair, known.get(pair), cause.at)
        events += [ended] if ended else []
    await save_links(tx, saved, events, cause)
