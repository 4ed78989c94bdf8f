"""A service is killed in the middle of a file: each row is done once all the same."""

import asyncio
import os
import signal
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from contracts import topics
from contracts.ids import user_id

from tests.system.files import (
    BACK_S_MAX,
    OPERATOR,
    Sent,
    certificates,
    counts,
    names,
    users,
)
from tests.system.outside import all_on, header
from tests.waiting import eventually

ROWS = 10_000
ISSUED, ACTIVATED = "certificate.issued", "certificate.activated"


@pytest.fixture
async def who(system):
    return await system.sign_in(OPERATOR)


def a_number() -> int:
    """Of 12 digits, and so many after it that nobody else has."""
    return 10**11 + uuid4().int % 10**10 * 10


async def a_file(system, who, service: str) -> Sent:
    """Of ROWS rows, every one of them good: certificates knows the children already."""
    students, key = names(ROWS), uuid4().hex
    told = Sent(system, "identity", "users", users(students), who, key)
    if service == "identity":
        return told
    await told.done(await told.send())
    content = certificates(students, a_number())

    async def all_known() -> bool:
        dry = Sent(system, "certificates", "certificates", content, who, uuid4().hex)
        return not (await dry.done(await dry.send(dry_run=True)))["failed"]

    await eventually(all_known, within_s=BACK_S_MAX)
    return Sent(system, "certificates", "certificates", content, who, key)


async def all_said_once(system, service: str, file: Sent) -> bool:
    """Each row's events are on the topic, each under one id."""
    rows = file.content.decode("cp1251" if service == "certificates" else "utf-8").splitlines()
    keys = {str(user_id(row.partition(";")[0])) for row in rows[1:]}
    topic = topics.CERTIFICATES if service == "certificates" else topics.IDENTITY_USERS
    kinds = [ISSUED, ACTIVATED] if service == "certificates" else ["user.registered"]
    said = {
        (one.key.decode(), header(one, "ce_type"), header(one, "ce_id"))
        for one in await all_on(system.demo["kafka"], topic)
        if one.key.decode() in keys
    }
    found = Counter((key, kind) for key, kind, _ in said)
    assert max(found.values(), default=0) <= 1, found.most_common(1)
    return found.keys() == {(key, kind) for key in keys for kind in kinds}


@pytest.mark.parametrize("service", ["identity", "certificates"])
async def test_a_file_in_the_middle_of_which_the_service_is_killed_is_done_to_its_end_once(
    system, who, service
):
    known = await system.gaps()
    file = await a_file(system, who, service)
    location = await file.send()

    async def begun() -> Any:
        card = await file.card(location)
        return card if card and card["rows_done"] else None

    assert (await eventually(begun))["state"] == "running"
    os.kill(system.pid(service), signal.SIGKILL)
    card = await file.done(location)
    assert (card["state"], card["rows_done"], counts(card)) == ("done", ROWS, (ROWS, 0, 0, 0))
    await eventually(lambda: all_said_once(system, service, file), within_s=BACK_S_MAX)
    assert await file.send() == location
    assert await file.card(location) == card
    again = Sent(system, service, file.kind, file.content, who, uuid4().hex)
    assert counts(await again.done(await again.send())) == (0, 0, ROWS, 0)
    await eventually(lambda: all_said_once(system, service, file), within_s=BACK_S_MAX)

    async def nothing_is_missing() -> bool:
        return not await system.gaps() - known

    await eventually(nothing_is_missing, within_s=BACK_S_MAX)


@pytest.mark.parametrize("service", ["identity", "certificates"])
async def test_a_file_that_is_cut_by_a_kill_is_taken_with_the_same_key_as_soon_as_it_is_back(
    system, who, service
):
    file = await a_file(system, who, service)
    location = await file.location()
    sending = asyncio.create_task(file.break_off())

    async def it_is_being_received() -> bool:
        card = await file.card(location)
        return bool(card and card["state"] == "receiving")

    await eventually(it_is_being_received)
    os.kill(system.pid(service), signal.SIGKILL)
    sending.cancel()  # it would write on only when there is more to write
    await asyncio.gather(sending, return_exceptions=True)
    await eventually(lambda: file.card(location), within_s=BACK_S_MAX, why="not back")
    assert await file.send() == location
    card = await file.done(location)
    assert (card["state"], card["rows_total"], counts(card)) == ("done", ROWS, (ROWS, 0, 0, 0))
    await eventually(lambda: all_said_once(system, service, file), within_s=BACK_S_MAX)
