"""Records kept under another ENCRYPTION_KEY: told, in nobody's way, and usable with the key."""

from dataclasses import replace

import pytest
from chassis import command_line, kept_commands, parking
from chassis.crypto import seal
from chassis.handlers import Effects
from chassis.kept import NotYet
from chassis.records import pack, place

OTHER = bytes(range(32))


async def wait(tx, items, last_call):
    return Effects(not_yet=[NotYet(item, "fact") for item in items])


async def as_command(bench, command: str, kind: str, key: bytes) -> list[str]:
    does = {"show": kept_commands.show, "redrive": kept_commands.redrive}[command]
    async with bench.pool.acquire() as tx, tx.transaction():
        return await does(tx, kind, key, 1)


async def all_due(bench, consumer) -> None:
    await bench.pool.execute("UPDATE parked SET due_at = now()")
    while await parking.try_due(consumer, 100):
        pass


@pytest.fixture
async def locked_bench(deaf_bench):
    """The first record is parked under another key, the second under ours."""
    await replace(deaf_bench.consumer(wait), key=OTHER).consume([deaf_bench.record(1)])
    await deaf_bench.consumer(wait).consume([deaf_bench.record(2)])
    return deaf_bench


async def test_a_parked_record_under_another_key_is_told_and_holds_nobody_up(
    locked_bench, our_logs
):
    await all_due(locked_bench, locked_bench.consumer())
    assert await locked_bench.count("effects") == 1
    async with locked_bench.pool.acquire() as tx:
        (line,) = await kept_commands.listed(tx, "parked")
    assert "wrong_key" in line
    assert '"event": "parked_under_another_key"' in our_logs()


async def test_a_parked_record_is_applied_when_its_key_is_back(locked_bench):
    await all_due(locked_bench, locked_bench.consumer())
    await all_due(locked_bench, replace(locked_bench.consumer(), key=OTHER))
    assert (await locked_bench.count("effects"), await locked_bench.count("parked")) == (2, 0)


@pytest.mark.parametrize("command", ["show", "redrive"])
@pytest.mark.parametrize("kind", ["quarantine", "parked"])
async def test_a_command_on_a_record_under_another_key_says_so(deaf_bench, command, kind):
    bad = deaf_bench.record(1) if kind == "parked" else replace(deaf_bench.record(1), value=b"{")
    await replace(deaf_bench.consumer(wait), key=OTHER).consume([bad])
    with pytest.raises(command_line.Refused, match="sealed with another ENCRYPTION_KEY") as told:
        await as_command(deaf_bench, command, kind, deaf_bench.settings.key_bytes)
    assert "\n" not in str(told.value)
    assert await as_command(deaf_bench, "show", kind, OTHER)


async def test_a_parked_record_that_can_be_read_no_more_is_quarantined_with_the_reason(deaf_bench):
    """As when the rules of a new release are stricter; its neighbour is applied."""
    key, before = deaf_bench.settings.key_bytes, deaf_bench.record(1)
    await deaf_bench.consumer(wait).consume([before, deaf_bench.record(2)])
    stale = seal(key, pack(replace(before, value=b"{}")), place(before).encode())
    await deaf_bench.pool.execute("UPDATE parked SET record = $1 WHERE id = 1", stale)
    await all_due(deaf_bench, deaf_bench.consumer())
    assert (await deaf_bench.count("effects"), await deaf_bench.count("parked")) == (1, 0)
    reason = await deaf_bench.pool.fetchval("SELECT reason FROM quarantine")
    assert reason.startswith("bad_event: ")
