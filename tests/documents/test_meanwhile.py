"""What happens while a document is being made counts: it is given to who may have it then."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from contracts import Tombstone, topics
from contracts.events import ChildUnlinked
from documents import api
from documents.hashing import Hashing
from documents.settings import Settings

from tests.builders import MOSCOW, a_link, a_record, a_user, an_id
from tests.documents.desk import PORTAL, annulled, issued
from tests.documents.test_api import PDF
from tests.documents.test_application import FILLED
from tests.documents.test_image import PNG
from tests.documents.test_portal import ACCOUNT
from tests.documents.test_portal import PORTAL as PROGRAM
from tests.documents.test_rotation import PRESS, presses
from tests.doors import a_client, bearer

PARENT = bearer("parent", "parent")
DRAWN = "Öztürk"  # such a name is drawn in the pool, also on the page with the password
UNLINKED = ChildUnlinked(parent_id=an_id("parent"), child_id=an_id("child"), version=2)
NO_PARENT = a_user("parent", role="staff", born=None, enrolled=False, version=2)


def erased(who: str) -> Any:
    return a_record(Tombstone(str(an_id(who))), topic=topics.IDENTITY_USERS)


class Meanwhile(Executor):
    """Something happens after a page was asked for and before it is drawn."""

    def __init__(self, executor: Executor, happens: Callable[[], Awaitable[None]]) -> None:
        self._executor, self._happens = executor, happens
        self._loop = asyncio.get_running_loop()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        def drawn() -> Any:
            asyncio.run_coroutine_threadsafe(self._happens(), self._loop).result()
            return fn(*args, **kwargs)

        return self._executor.submit(drawn)


class MeanwhileHashing(Hashing):
    def __init__(self, happens: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._happens = happens

    async def hash(self, password: str) -> str:
        await self._happens()
        return await super().hash(password)


@pytest.fixture
def asked(desk, settings_for):
    """A client for whom this is heard while its document is being made."""

    @asynccontextmanager
    async def asked(heard: Any):
        async def happens() -> None:
            await desk.door.consume([heard if hasattr(heard, "topic") else a_record(heard)])

        await desk.consume(
            a_user(last_name=DRAWN), a_user("parent", role="parent", born=None, enrolled=False),
            a_link(), issued(),
        )  # fmt: skip
        with ThreadPoolExecutor(1) as executor:
            workshop = replace(desk.workshop, executor=Meanwhile(executor, happens))
            doors = api.Doors(workshop, MOSCOW, hashing=MeanwhileHashing(happens))
            settings = settings_for(Settings, portal_url=PORTAL)
            async with a_client(desk.door.store, settings, api.router, doors) as client:
                yield client

    return asked


async def given(desk) -> int:
    return await desk.pool.fetchval("SELECT count(*) FROM journal")


CLOSING = {
    "the link ended": (UNLINKED, 404),
    "the role of a parent was taken away": (NO_PARENT, 404),
    "the child is a student no more": (a_user(role="parent", version=2), 404),
    "the child was erased": (erased("child"), 404),
    "the parent was erased": (erased("parent"), 404),
    "the certificate was annulled": (annulled(), 410),
}


@pytest.mark.parametrize("method_and_path", [
    ("GET", PDF), ("POST", PRESS), ("GET", PNG), ("GET", PNG.replace(".png", ".pdf")),
], ids=lambda one: one[1].rpartition("/")[2])  # fmt: skip
@pytest.mark.parametrize(("heard", "status"), CLOSING.values(), ids=CLOSING)
async def test_no_document_is_given_to_who_may_not_have_it_when_it_is_made(
    desk, asked, method_and_path, heard, status
):
    async with asked(heard) as client:
        answer = await client.request(*method_and_path, headers=PARENT)
    assert answer.status_code == status
    assert await given(desk) == 0
    assert await presses(desk) == 0


@pytest.mark.parametrize("closed", [one for one in CLOSING if "certificate" not in one])
async def test_no_filled_in_application_is_given_either(desk, asked, closed):
    async with asked(CLOSING[closed][0]) as client:
        answer = await client.get(FILLED, headers=PARENT)
    assert answer.status_code == 404
    assert await given(desk) == 0


@pytest.mark.parametrize(("heard", "status"), [(erased("child"), 404), (annulled(), 410)])
async def test_the_portal_gets_no_account_of_what_is_over_when_it_is_hashed(
    desk, asked, heard, status
):
    async with asked(heard) as client:
        answer = await client.get(ACCOUNT, headers=PROGRAM)
    assert answer.status_code == status
    assert await given(desk) == 0


@pytest.mark.parametrize("path", [PDF, PNG, FILLED])
async def test_what_changes_nobodys_right_stops_no_download(desk, asked, path):
    async with asked(a_user("neighbour")) as client:
        assert (await client.get(path, headers=PARENT)).status_code == 200
    assert await given(desk) == 1
