"""EVENT IN: one function per event; each takes a set of events, one per key."""

from collections.abc import Iterable, Sequence
from typing import cast
from uuid import UUID

import structlog
from chassis.database import Tx
from chassis.handlers import Effects, Handler
from chassis.kept import NotYet, release
from chassis.records import Item, place
from contracts import Tombstone, caused_by, topics
from contracts.events import PersonErased, SgoChildLinkChanged, SgoUserChanged, UserRegistered
from contracts.ids import user_id

from identity import decide, erasing, organization_store, organizations, store, visible
from identity.decide import KnownLink, Late
from identity.source import SOURCE

log = structlog.get_logger()


def handlers() -> list[Handler]:
    """What this service hears, and what it does about it."""
    return [
        Handler(topics.SGO_USERS, SgoUserChanged, on_sgo_user_changed),
        Handler(topics.SGO_USERS, Tombstone, on_sgo_user_erased),
        Handler(topics.SGO_CHILD_LINKS, SgoChildLinkChanged, on_sgo_child_link_changed),
        Handler(topics.SGO_CHILD_LINKS, Tombstone, on_sgo_child_link_erased),
        Handler(topics.ERASURES, PersonErased, on_person_erased),
    ]


async def on_sgo_user_changed(tx: Tx, items: Sequence[Item], last_call: bool) -> Effects:
    """Full state: late and repeated ones change nothing and say nothing.

    A login that somebody else has is waited for; all the rest is applied at once. Where somebody
    works is as it is known of all who work there.
    """
    effects = Effects()
    items, changes = _visible(items, effects)
    known = await store.lock_users(tx, [user_id(change.sgo_user_id) for change in changes])
    owners = await store.taken_logins(tx, [(change.login or "").lower() for change in changes])
    events = [
        decide.change_user(change, known.get(user_id(change.sgo_user_id)), item.received.time)
        for item, change in zip(items, changes, strict=True)
    ]
    new = [(event.person, item.received.time)
           for item, event in zip(items, events, strict=True) if event]  # fmt: skip
    employers = await organization_store.take_up(tx, new, organizations.hear)
    saved: list[tuple[SgoUserChanged, UserRegistered]] = []
    given: dict[UUID, str] = {}
    for item, told, decided in zip(items, changes, events, strict=True):
        who = user_id(told.sgo_user_id)
        change = decide.keep_own_login(told, known.get(who))
        event = organizations.at_work(decided, employers) if decided else None
        if event is None and not decide.lacks_login(change, known.get(who)):
            continue
        login = (change.login or "").lower()
        is_free = not login or owners.setdefault(login, who) == who
        if not is_free:
            _wait_for_login(effects, item, login, last_call)
        if event:
            saved.append((change if is_free else change.model_copy(update={"login": None}), event))
            said = caused_by(item.received, event, source=SOURCE, time=item.received.time)
            effects.events.append(said)
        elif is_free:
            given[who] = cast("str", change.login)
    if saved:
        await store.save_users(tx, saved)
    await store.give_logins(tx, given)
    freed = [decide.gives_up(known.get(event.user_id), change.login) for change, event in saved]
    await release_logins(tx, freed)
    return effects


def _visible(items: Sequence[Item], effects: Effects) -> tuple[list[Item], list[SgoUserChanged]]:
    """What SGO tells without marks that nobody sees; a name of nothing else is refused."""
    told = [(item, visible.strip(cast("SgoUserChanged", item.received.event))) for item in items]
    effects.refused += [
        (item, "invisible: a name has no letter that can be seen") for item, one in told if not one
    ]
    return [item for item, one in told if one], [one for _, one in told if one]


def _wait_for_login(effects: Effects, item: Item, login: str, last_call: bool) -> None:
    if last_call:
        effects.refused.append((item, "login_taken: another user has this login"))
    else:
        effects.not_yet.append(NotYet(item, decide.login_fact(login)))


async def release_logins(tx: Tx, freed: Iterable[str | None]) -> None:
    """Who waits for one of these logins may have it now."""
    if facts := [decide.login_fact(login) for login in freed if login]:
        await release(tx, facts)


async def on_sgo_user_erased(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    """The user is forgotten here, and everywhere by a tombstone on our own topic.

    A mark stays, also of one who was never known: what was said before does not bring them back.
    """
    effects = Effects()
    users = {user_id(item.received.key): item for item in items}
    known = await store.lock_users(tx, list(users))
    ordered = {who: (item.received.key, item.received.time) for who, item in users.items()}
    erased = await erasing.erase(tx, ordered, erasing.BY_SGO)
    for item in items:
        who = user_id(item.received.key)
        if who in erased:
            effects.events.append(
                caused_by(
                    item.received,
                    Tombstone(str(who), erased[who]),
                    source=SOURCE,
                    time=item.received.time,
                    topic=topics.IDENTITY_USERS,
                )
            )
    await release_logins(tx, [decide.gives_up(user, None) for user in known.values()])
    return effects


async def on_person_erased(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    """A service confirms; the act of an erasure is whole when all of them have."""
    told = [cast("PersonErased", item.received.event) for item in items]
    await erasing.save_confirmations(tx, told)
    return Effects()


async def on_sgo_child_link_changed(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    """A link may come before its users; it is kept all the same.

    One that names a record that was merged into another opens nothing (ADR 13).
    """
    effects = Effects()
    changes = [cast("SgoChildLinkChanged", item.received.event) for item in items]
    pairs = [(user_id(one.sgo_parent_id), user_id(one.sgo_child_id)) for one in changes]
    known = await store.lock_links(tx, pairs)
    merged = await store.merged(tx, {one for pair in pairs for one in pair})
    saved: dict[tuple[UUID, UUID], KnownLink] = {}
    for item, change, pair in zip(items, changes, pairs, strict=True):
        if merged & set(pair):
            log.warning("link_of_a_merged_record", place=place(item.record))
            continue
        try:
            saved[pair], event = decide.change_link(change, known.get(pair), item.received.time)
        except Late:
            continue
        if event:
            said = caused_by(item.received, event, source=SOURCE, time=item.received.time)
            effects.events.append(said)
    if saved:
        await store.save_links(tx, saved)
    return effects


async def on_sgo_child_link_erased(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    """A tombstone ends the link; a mark stays, so that no late one revives it."""
    effects = Effects()
    pairs: dict[tuple[UUID, UUID], Item] = {}
    for item in items:
        parent, colon, child = item.received.key.partition(":")
        if colon:
            pairs[user_id(parent), user_id(child)] = item
        else:
            effects.refused.append((item, "bad_key: the key is not parent:child"))
    known = await store.lock_links(tx, list(pairs))
    saved = {}
    for pair, item in pairs.items():
        saved[pair], event = decide.erase_link(*pair, known.get(pair), item.received.time)
        if event:
            said = caused_by(item.received, event, source=SOURCE, time=item.received.time)
            effects.events.append(said)
    if saved:
        await store.save_links(tx, saved)
    return effects
