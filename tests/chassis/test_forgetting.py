"""Of whom a tombstone was sent, nothing that was said before stays among what was sent."""

from chassis import outbox
from contracts import Tombstone

from tests.builders import a_request, an_id, envelope
from tests.chassis.bench import TOPIC, relaying
from tests.waiting import eventually


async def say(bench, *events) -> None:
    async with bench.store.transaction() as tx:
        await outbox.append(
            tx,
            [envelope(one, topic=TOPIC if isinstance(one, Tombstone) else None) for one in events],
        )


async def all_sent(bench) -> bool:
    return await bench.count("outbox") == 0


async def test_a_tombstone_takes_what_was_said_of_its_key_along_and_nothing_else(bench):
    erased = Tombstone(str(an_id("child")))
    await say(bench, a_request(name="early"), a_request("other", name="other"))
    async with relaying(bench):
        await eventually(lambda: all_sent(bench))
        await say(bench, a_request(name="late"), erased, a_request(name="back again"))
        await eventually(lambda: all_sent(bench))

    async def kept() -> list | None:
        rows = await bench.pool.fetch("SELECT key, value FROM outbox_sent ORDER BY id")
        return rows if len(rows) == 3 else None  # while a day's partition is made, some are unseen

    other, tombstone, back = await eventually(kept)
    assert other["key"] == str(an_id("other"))
    assert (tombstone["key"], tombstone["value"]) == (erased.key, None)
    assert str(an_id("request back again")) in back["value"].decode()
    assert len(await bench.published()) == 5
