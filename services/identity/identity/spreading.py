"""What changed of an organization is said of each who works there, some hundred a transaction.

The change itself is one row; so thousands of employees hold nobody up, and a kill -9 loses none.
"""

import asyncio
from datetime import datetime
from typing import Final

import structlog
from chassis import clock, outbox
from chassis.database import DATABASE_ERRORS, describe
from chassis.outbox import Store
from contracts import Event
from contracts.events import UserUpdated

from identity import organization_store, organizations, store
from identity.changes import Cause, said
from identity.edits import Edited

log = structlog.get_logger()
EMPLOYEES_A_BATCH: Final = 500
LOOK_EVERY_S: Final = 1.0


async def run(store_: Store) -> None:
    """Look every second; several replicas may, each employee is locked and looked at again."""
    while True:
        try:
            while await spread(store_, clock.now()):
                pass
        except DATABASE_ERRORS as error:
            log.warning("spreading_waits", error=describe(error))
        await asyncio.sleep(LOOK_EVERY_S)


async def spread(store_: Store, at: datetime) -> bool:
    """The next employees; False where everybody carries what is true."""
    async with store_.transaction(at=None) as tx:
        behind = await organization_store.employees_behind(tx, EMPLOYEES_A_BATCH)
        if not behind:
            await organization_store.all_are_told(tx)
            return False
        users = [one for one in (await store.lock_whole_users(tx, behind)).values() if one.person]
        own = [one.person.organization for one in users if one.person and one.person.organization]
        known = await organization_store.known_of(tx, [one.id for one in own])
        saved, events = [], list[Event]()
        for user in users:
            assert user.person is not None
            event = organizations.at_work(
                UserUpdated(
                    user_id=user.user_id, version=user.version + 1, roles=user.roles,
                    person=user.person,
                ),
                known,
            )  # fmt: skip
            if event.person is not user.person:
                edited = Edited(event, user.login, user.own_login)
                saved.append((user.sgo_user_id, user.sgo_version, edited))
                events.append(event)
        if saved:
            await store.save_whole_users(tx, saved)
        await outbox.append(tx, [said(event, Cause(at, str(event.key))) for event in events])
    return True
