"""A wellformed ENCRYPTION_KEY that is the wrong one is refused at the start."""

import base64

import pytest
from chassis.key_check import expect_same_key
from chassis.service import Running, Service
from fastapi import APIRouter, FastAPI

from tests.chassis.bench import Settings
from tests.conftest import SERVICE, signed_in

OTHER = bytes(range(32))


def left(reason: str) -> None:
    raise AssertionError(reason)


async def test_a_service_does_not_start_with_another_key_and_says_what_to_do(
    deaf_bench, settings_for, tmp_path
):
    await expect_same_key(deaf_bench.pool, deaf_bench.settings.key_bytes)
    wrong = settings_for(Settings, encryption_key=base64.urlsafe_b64encode(OTHER).decode())
    wrong = wrong.model_copy(update={"database_url": signed_in(wrong.database_url, SERVICE)})
    running = Running(Service("bench", wrong, tmp_path, APIRouter(), [], lambda _: []), left)
    with pytest.raises(SystemExit, match="ENCRYPTION_KEY is not the key") as told:
        await running.start(FastAPI())
    assert "\n" not in str(told.value)
    assert "Put that key back" in str(told.value)
    assert running.tasks == []
    await running.stop()


async def test_the_key_of_the_first_start_is_good_at_each_later_one(deaf_bench):
    for _ in range(2):
        await expect_same_key(deaf_bench.pool, deaf_bench.settings.key_bytes)
    with pytest.raises(SystemExit):
        await expect_same_key(deaf_bench.pool, OTHER)
    assert await deaf_bench.count("key_check") == 1
