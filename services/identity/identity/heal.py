"""What `make verify heal=1` asks of identity; it may be called by hand as well.

python -m identity.heal announce < lines of "TOPIC ID VERSION": an event that is nowhere
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from chassis import clock, healing
from chassis.database import Tx
from chassis.healing import Cure, Mend, Missing, Refused, an_id
from chassis.places import Reader
from contracts import Event, Tombstone, topics
from contracts.events import ChildLinked, ChildUnlinked, UserRegistered, UserUpdated

from identity import store
from identity.changes import Cause, said
from identity.settings import Settings


async def announce(_settings: Settings, _reader: Reader, words: Sequence[str]) -> Mend:
    """Say the present state of a user or a link; topics of full states need no other."""
    return partial(_announce, Missing.of(words))


async def _announce(missing: Missing, tx: Tx) -> str:
    if missing.topic == topics.IDENTITY_USERS.name:
        event = await _of_user(tx, missing)
    elif missing.topic == topics.IDENTITY_CHILD_LINKS.name:
        event = await _of_link(tx, missing)
    else:
        raise Refused("identity says nothing on this topic that it could say again")
    return await healing.announce(tx, said(event, Cause(clock.now(), missing.about)))


async def _of_user(tx: Tx, missing: Missing) -> Event | Tombstone:
    who = an_id(missing.about)
    known = (await store.lock_whole_users(tx, [who])).get(who)
    if known is None:
        raise Refused("nothing of this user is stored here")
    if known.erased_at:
        return Tombstone(str(who), known.version)
    _expect_latest(known.version, missing)
    if known.person is None:
        raise Refused("no person is stored under this user")
    kind = UserRegistered if known.version == 1 else UserUpdated
    return kind(user_id=who, version=known.version, roles=known.roles, person=known.person)


async def _of_link(tx: Tx, missing: Missing) -> Event:
    parent, _, child = missing.about.partition(":")
    pair = an_id(parent), an_id(child)
    known = (await store.lock_links(tx, [pair])).get(pair)
    if known is None:
        raise Refused("nothing of this link is stored here")
    _expect_latest(known.version, missing)
    kind = ChildLinked if known.linked else ChildUnlinked
    return kind(parent_id=pair[0], child_id=pair[1], version=known.version)


def _expect_latest(version: int, missing: Missing) -> None:
    if version != missing.version:
        raise Refused(f"it is at version {version}, and what was before is not stored")


CURES: Final[dict[str, Cure[Settings]]] = {"announce": announce}

if __name__ == "__main__":
    healing.main(Settings, CURES, __doc__)
