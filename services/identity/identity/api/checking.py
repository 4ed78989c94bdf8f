"""Checking a password: let in, compared, counted if wrong. Whoever checks one asks here."""

import asyncio
from datetime import datetime
from typing import Final

import asyncpg
from chassis import clock
from chassis.addresses import network_of
from chassis.outbox import Store
from chassis.problems import Problem
from fastapi import Request

from identity import passwords, sign_ins, throttle
from identity.api.doors import Doors
from identity.hashing import Busy
from identity.throttle import RULES, Tries

LOOK_EVERY_S: Final = 0.1
LOOKS_MAX: Final = 100


async def is_right(
    request: Request,
    store_: Store,
    doors: Doors,
    login: str,
    password: str,
    row: asyncpg.Record | None,
) -> bool:
    """Whether `row` (hash, must_change, set_at; None: nobody) has this password.

    Raises Problem 429 for who tried too often, 503 where too many wait. Nobody's login is treated
    as somebody's: counted, and compared with a hash, so that neither answer nor time tells.
    """
    address = request.client.host if request.client else ""
    subjects = throttle.subjects(doors.master_key, login, network_of(address))
    try:
        doors.hashing.expect_room()
        async with doors.turns.of(subjects["account at address"]):
            return await _look(store_, doors, subjects, password, row)
    except Busy:
        raise Problem(
            503,
            "too_busy",
            "Сейчас входит слишком много людей",
            "Повторите через несколько секунд.",
            headers={"Retry-After": "5"},
        ) from None


async def _look(
    store_: Store,
    doors: Doors,
    subjects: dict[str, bytes],
    password: str,
    row: asyncpg.Record | None,
) -> bool:
    """Raises Busy where none of those before has an outcome in time, or too many wait."""
    for _ in range(LOOKS_MAX):
        if await _let_in(store_, subjects, clock.now()):
            break
        await asyncio.sleep(LOOK_EVERY_S)  # another process is at it
    else:
        raise Busy
    right: bool | None = None
    try:
        right = await doors.hashing.matches(_hash(row, clock.now()), password)
    finally:
        await _settle(store_, subjects, right, clock.now())
    return right


def _hash(row: asyncpg.Record | None, at: datetime) -> str | None:
    """A one-time password that nobody used for a week is none."""
    if row is None or (row["must_change"] and at - row["set_at"] > passwords.ONE_TIME_VALID):
        return None
    known: str = row["hash"]
    return known


async def _let_in(store_: Store, subjects: dict[str, bytes], at: datetime) -> bool:
    """False where it has to wait for the outcome of others. Raises Problem 429."""
    async with store_.pool.acquire() as tx, tx.transaction():
        known = await sign_ins.lock_tries(tx, list(subjects.values()))
        wait_s = max(throttle.wait_s(known.get(one), at) for one in subjects.values())
        if not wait_s:
            let_in = {
                one: tries
                for rule, one in subjects.items()
                if (tries := throttle.let_in(RULES[rule], known.get(one), at))
            }
            if len(let_in) < len(subjects):
                return False
            await sign_ins.save_tries(tx, let_in)
    if wait_s:
        raise Problem(
            429,
            "too_many_tries",
            "Слишком много неудачных попыток входа",
            f"Подождите {wait_s} с и попробуйте ещё раз.",
            headers={"Retry-After": str(wait_s)},
        )
    return True


async def _settle(
    store_: Store, subjects: dict[str, bytes], right: bool | None, at: datetime
) -> None:
    """What came of it; None: nothing. A right one lets the account start anew, not the address."""
    async with store_.pool.acquire() as tx, tx.transaction():
        known = await sign_ins.lock_tries(tx, list(subjects.values()))
        settled = {
            one: _settled(rule, tries, right, at)
            for rule, one in subjects.items()
            if (tries := known.get(one))
        }
        await sign_ins.save_tries(tx, settled)


def _settled(rule: str, tries: Tries, right: bool | None, at: datetime) -> Tries:
    if right is False:
        return throttle.wrong(RULES[rule], tries, at)
    if right and rule != "address":
        return throttle.start_anew(tries)
    return throttle.taken_back(tries)
