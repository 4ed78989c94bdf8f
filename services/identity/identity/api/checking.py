"""Checking a password: let in, counted, compared, forgiven. Whoever checks one asks here."""

from datetime import datetime

import asyncpg
from chassis import clock
from chassis.outbox import Store
from chassis.problems import Problem
from fastapi import Request

from identity import passwords, sign_ins, throttle
from identity.api.doors import Doors
from identity.hashing import Busy
from identity.throttle import RULES


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
    at = clock.now()
    address = request.client.host if request.client else ""
    subjects = throttle.subjects(doors.master_key, login, address)
    try:
        doors.hashing.expect_room()
        await _count(store_, subjects, at)
        right = await doors.hashing.matches(_hash(row, at), password)
    except Busy:
        raise Problem(
            503,
            "too_busy",
            "Сейчас входит слишком много людей",
            "Повторите через несколько секунд.",
            headers={"Retry-After": "5"},
        ) from None
    if right:
        await _forgive(store_, subjects)
    return right


def _hash(row: asyncpg.Record | None, at: datetime) -> str | None:
    """A one-time password that nobody used for a week is none."""
    if row is None or (row["must_change"] and at - row["set_at"] > passwords.ONE_TIME_VALID):
        return None
    known: str = row["hash"]
    return known


async def _count(store_: Store, subjects: dict[str, bytes], at: datetime) -> None:
    async with store_.pool.acquire() as tx, tx.transaction():
        known = await sign_ins.lock_tries(tx, list(subjects.values()))
        wait_s = max(throttle.wait_s(known.get(one), at) for one in subjects.values())
        if not wait_s:
            counted = {
                one: throttle.count(RULES[rule], known.get(one), at)
                for rule, one in subjects.items()
            }
            await sign_ins.save_tries(tx, counted)
    if wait_s:
        raise Problem(
            429,
            "too_many_tries",
            "Слишком много неудачных попыток входа",
            f"Подождите {wait_s} с и попробуйте ещё раз.",
            headers={"Retry-After": str(wait_s)},
        )


async def _forgive(store_: Store, subjects: dict[str, bytes]) -> None:
    """The account starts anew; of the address only this try is taken back."""
    address = subjects["address"]
    async with store_.pool.acquire() as tx, tx.transaction():
        known = await sign_ins.lock_tries(tx, list(subjects.values()))
        await sign_ins.forget_tries(tx, [one for one in subjects.values() if one != address])
        if found := known.get(address):
            await sign_ins.save_tries(tx, {address: throttle.forgive(RULES["address"], found)})
