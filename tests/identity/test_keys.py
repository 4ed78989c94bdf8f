"""Signing keys: made once, rotated without a signed-in user noticing."""

import asyncio
from datetime import timedelta

import pytest
from chassis import clock
from chassis.tokens import ALGORITHM, TOKEN_S_MAX
from cryptography.exceptions import InvalidTag
from identity import keys
from identity.keys import OVERLAP, KeyRing
from identity.settings import Settings
from joserfc import jwt

from tests.builders import NOW, an_id

KEY = b"k" * 32
SECOND = timedelta(seconds=1)


@pytest.fixture
async def pool(settings_for, migrated):
    return await migrated(settings_for(Settings), "identity")


async def read(pool, at=NOW):
    async with pool.acquire() as tx:
        return await keys.read(tx, KEY, at)


async def rotate(pool, at=NOW):
    async with pool.acquire() as tx, tx.transaction():
        await keys.rotate(tx, KEY, at)


def kids(found) -> set[str]:
    return {key["kid"] for key in found.published}


async def test_current_and_next_exist_once_though_many_start_at_once(pool):
    rings = [KeyRing(pool, KEY) for _ in range(8)]
    found = await asyncio.gather(*(ring.keys() for ring in rings))
    assert len({one.current.kid for one in found}) == 1
    rows = await pool.fetch("SELECT place FROM signing_keys ORDER BY place")
    assert [row["place"] for row in rows] == ["current", "next"]


async def test_the_next_key_is_published_before_it_signs(pool):
    await KeyRing(pool, KEY).keys()
    before = await read(pool)
    await rotate(pool)
    after = await read(pool)
    assert after.current.kid != before.current.kid
    assert after.current.kid in kids(before)


async def test_a_token_signed_before_rotation_still_verifies(pool):
    ring = KeyRing(pool, KEY)
    token = (await ring.keys()).sign({"sub": str(an_id("parent"))}, clock.now())
    await rotate(pool)
    await rotate(pool)
    after = await read(pool)
    claims = jwt.decode(token, after.key_set(), algorithms=[ALGORITHM]).claims
    assert claims["sub"] == str(an_id("parent"))


async def test_the_old_key_is_published_until_its_last_token_has_expired(pool):
    await rotate(pool, NOW - timedelta(days=1))
    old = (await read(pool)).current.kid
    await rotate(pool, NOW)
    last_token_expires = NOW + timedelta(seconds=TOKEN_S_MAX)
    assert old in kids(await read(pool, last_token_expires + SECOND))
    assert old not in kids(await read(pool, NOW + OVERLAP + SECOND))


async def test_rotating_at_once_leaves_one_current_and_one_next_key(pool):
    await asyncio.gather(*(rotate(pool) for _ in range(4)))
    rows = await pool.fetch("SELECT place FROM signing_keys WHERE place <> 'retired'")
    assert sorted(row["place"] for row in rows) == ["current", "next"]


async def test_what_is_published_has_no_private_part(pool):
    found = await KeyRing(pool, KEY).keys()
    assert all("d" not in key for key in found.published)


async def test_a_private_key_is_stored_sealed(pool):
    found = await KeyRing(pool, KEY).keys()
    private = found.current.as_dict(private=True)["d"]
    rows = await pool.fetch("SELECT k::text AS row, sealed FROM signing_keys AS k")
    assert all(private not in row["row"] for row in rows)
    assert all(private.encode() not in row["sealed"] for row in rows)


async def test_another_master_key_opens_nothing(pool):
    await KeyRing(pool, KEY).keys()
    async with pool.acquire() as tx:
        with pytest.raises(InvalidTag):
            await keys.read(tx, b"x" * 32, NOW)


async def test_withdrawn_keys_are_published_no_more_and_a_new_one_signs(pool):
    await rotate(pool)
    before = await read(pool)
    async with pool.acquire() as tx, tx.transaction():
        await keys.withdraw(tx, KEY, NOW)
    after = await read(pool)
    assert len(kids(before)) == 3
    assert len(kids(after)) == 2
    assert not kids(after) & kids(before)
    assert after.current.kid in kids(after)
