"""A file of certificates waits for what it has brought about; a family does not."""

from certificates import api, consumers, main
from certificates.settings import Settings
from chassis.batches import Consumer
from chassis.handlers import by_event
from chassis.imports import ROWS_A_BATCH
from chassis.outbox import Store
from chassis.pacing import UNFINISHED_MAX
from contracts import topics

from tests.builders import a_record, a_user, an_id
from tests.certificates.files import HEAD, a_row, a_student, send
from tests.certificates.town import an_adult, born
from tests.chassis.bench import Bench
from tests.doors import a_client, bearer
from tests.running import serving
from tests.waiting import eventually

ROWS = 4 * ROWS_A_BATCH  # each one issued and activated: two events


async def test_a_familys_request_is_not_behind_an_import(whole_settings):
    """While documents keeps up with nothing, a batch of the file is unfinished, and no more."""
    settings = await whole_settings("certificates", Settings)
    service = main.make(settings)
    async with serving(service) as whole:
        store = Store(whole.pool)
        known = [a_user("teen", born=born(15)), an_adult("operator", "operator")]
        known += [a_student(str(n)) for n in range(ROWS)]
        handlers = by_event(consumers.handlers(settings.region()), "")
        door = Consumer(store, handlers, settings.key_bytes)
        await door.consume([a_record(one) for one in known])

        async def is_done(rows: int) -> bool:
            return await whole.has("SELECT FROM uploads WHERE rows_done = $1", rows)

        async with a_client(store, settings, api.router, service.state) as http:
            http.headers.update(bearer("operator", "operator"))
            content = HEAD + "".join(a_row(str(n), f"{n:010}") for n in range(ROWS))
            assert (await send(http, content)).status_code == 202
            await eventually(lambda: is_done(ROWS_A_BATCH))
            path = f"/children/{an_id('teen')}/certificate-requests"
            answer = await http.post(path, headers=bearer("teen", "student"))
            assert answer.status_code == 202
        issued = "SELECT FROM certificates WHERE child_id = $1"
        await eventually(lambda: whole.has(issued, an_id("teen")))
        await eventually(lambda: _is_all_said(whole))
        assert await is_done(ROWS_A_BATCH)
        said = "SELECT count(*) FROM outbox_sent WHERE topic = $1"
        assert await whole.pool.fetchval(said, topics.CERTIFICATES.name) == UNFINISHED_MAX + 1

        documents = Bench(settings, whole.pool)
        async with documents.hearing(_finished, group="documents", topic=topics.CERTIFICATES):
            await eventually(lambda: is_done(ROWS))


async def _is_all_said(whole):
    return await whole.count("outbox") == 0


async def _finished(records):
    """Nothing is to be done with them."""
