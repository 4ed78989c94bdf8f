"""EVENT IN: one function per event; each takes a set of events, one per key."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from chassis.database import Tx
from chassis.handlers import Effects, Handler
from chassis.records import Item
from contracts import Tombstone, caused_by, topics
from contracts.events import SgoChildLinkChanged, SgoUserChanged, UserRegistered
from contracts.ids import user_id

from identity import decide, store
from identity.decide import KnownLink, Late

SOURCE = "/identity"


def handlers() -> list[Handler]:
    """What this service hears, and what it does about it."""
    return [
        Handler(topics.SGO_USERS, SgoUserChanged, on_sgo_user_changed),
        Handler(topics.SGO_USERS, Tombstone, on_sgo_user_erased),
        Handler(topics.SGO_CHILD_LINKS, SgoChildLinkChanged, on_sgo_child_link_changed),
        Handler(topics.SGO_CHILD_LINKS, Tombstone, on_sgo_child_link_erased),
    ]


async def on_sgo_user_changed(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    """Full state: late and repeated ones change nothing and say nothing."""
    effects = Effects()
    changes = [cast("SgoUserChanged", item.received.event) for item in items]
    known = await store.lock_users(tx, [user_id(change.sgo_user_id) for change in changes])
    owners = await store.taken_logins(tx, [(change.login or "").lower() for change in changes])
    saved: list[tuple[SgoUserChanged, UserRegistered]] = []
    for item, change in zip(items, changes, strict=True):
        event = decide.change_user(change, known.get(user_id(change.sgo_user_id)))
        if event is None:
            continue
        login = (change.login or "").lower()
        if login and owners.setdefault(login, event.user_id) != event.user_id:
            effects.refused.append((item, "login_taken: another user has this login"))
            continue
        saved.append((change, event))
        said = caused_by(item.received, event, source=SOURCE, time=item.received.time)
        effects.events.append(said)
    if saved:
        newest = max(item.received.time for item in items)
        await store.save_users(tx, saved, newest)
    return effects


async def on_sgo_user_erased(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    """The user is forgotten here, and everywhere by a tombstone on our own topic."""
    effects = Effects()
    users = {user_id(item.received.key): item.received.key for item in items}
    erased = await store.erase_users(tx, users, max(item.received.time for item in items))
    for item in items:
        who = user_id(item.received.key)
        if who in erased:
            effects.events.append(
                caused_by(
                    item.received,
                    Tombstone(str(who)),
                    source=SOURCE,
                    time=item.received.time,
                    topic=topics.IDENTITY_USERS,
                )
            )
    return effects


async def on_sgo_child_link_changed(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    """A link may come before its users; it is kept all the same."""
    effects = Effects()
    changes = [cast("SgoChildLinkChanged", item.received.event) for item in items]
    pairs = [(user_id(one.sgo_parent_id), user_id(one.sgo_child_id)) for one in changes]
    known = await store.lock_links(tx, pairs)
    saved: dict[tuple[UUID, UUID], KnownLink] = {}
    for item, change, pair in zip(items, changes, pairs, strict=True):
        try:
            version, event = decide.change_link(change, known.get(pair))
        except Late:
            continue
        saved[pair] = KnownLink(change.version, version, change.linked)
        if event:
            said = caused_by(item.received, event, source=SOURCE, time=item.received.time)
            effects.events.append(said)
    if saved:
        await store.save_links(tx, saved)
    return effects


async def on_sgo_child_link_erased(tx: Tx, items: Sequence[Item], _last_call: bool) -> Effects:
    """A tombstone ends the link; its count of changes stays, so that no late one revives it."""
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
    for pair, link in known.items():
        event = decide.erased_link(*pair, link)
        if event:
            item = pairs[pair]
            saved[pair] = KnownLink(link.sgo_version, event.version, linked=False)
            said = caused_by(item.received, event, source=SOURCE, time=item.received.time)
            effects.events.append(said)
    if saved:
        await store.save_links(tx, saved)
    return effects
