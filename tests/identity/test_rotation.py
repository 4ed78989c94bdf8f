"""Keys are rotated while other services run: they follow by themselves, over real HTTP."""

import asyncio
from contextlib import asynccontextmanager

import pytest
import uvicorn
from chassis import clock
from chassis.problems import Problem
from chassis.tokens import TokenCheck
from chassis.web import make_app
from identity import api, keys

from tests.builders import an_id
from tests.waiting import eventually
from tools.stack.ports import free_port

ME = an_id("parent")


@asynccontextmanager
async def serving(store, doors):
    """Identity's routes on a port of their own."""
    app = make_app("identity", None, api.router)
    app.state.store, app.state.service = store, doors
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{port}/.well-known/jwks.json"
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def identity(door, doors):
    async with serving(door.store, doors) as url:
        yield url


async def a_token(doors, door) -> str:
    ring = doors.key_ring(door.store)
    ring._read_at = 0.0  # as another replica, or this one some seconds later, reads the keys
    return (await ring.keys()).sign({"sub": str(ME), "roles": ["parent"]}, clock.now())


async def rotate(door) -> None:
    async with door.store.transaction() as tx:
        await keys.rotate(tx, door.key, clock.now())


async def test_a_token_signed_before_a_rotation_is_accepted_after_it(identity, door, doors):
    before = await a_token(doors, door)
    running = TokenCheck(identity)
    await running(before)
    await rotate(door)
    doors.key_ring(door.store)._read_at = 0.0
    started_later = TokenCheck(identity)
    for service in (running, started_later):
        assert (await service(before)).user_id == ME


async def test_a_running_service_knows_the_new_key_already(identity, door, doors):
    """It was published as the next one before it signed anything."""
    running = TokenCheck(identity)
    await running(await a_token(doors, door))
    fetched_at = running._fetched_at
    await rotate(door)
    assert (await running(await a_token(doors, door))).user_id == ME
    assert running._fetched_at == fetched_at


async def test_a_running_service_fetches_a_key_that_it_has_never_seen(identity, door, doors):
    running = TokenCheck(identity)
    await running(await a_token(doors, door))
    for _ in range(2):
        await rotate(door)
    running._fetched_at -= 6  # some seconds later: it does not ask for each unknown key
    assert (await running(await a_token(doors, door))).user_id == ME


async def test_a_key_that_is_published_no_more_is_trusted_no_more(identity, door, doors):
    """A stolen key dies with its overlap, also where nobody restarts anything."""
    ring = doors.key_ring(door.store)
    stolen = await ring.keys()
    running = TokenCheck(identity, fresh_s=0)
    await running(stolen.sign({"sub": str(ME)}, clock.now()))
    await rotate(door)
    await door.store.pool.execute(
        "UPDATE signing_keys SET published_until = now() - interval '1 s' WHERE place = 'retired'"
    )
    ring._read_at = 0.0
    with pytest.raises(Problem, match="unauthorized"):
        await running(stolen.sign({"sub": str(an_id("thief"))}, clock.now()))


async def test_while_identity_is_away_known_keys_are_used(door, doors):
    async with serving(door.store, doors) as url:
        running = TokenCheck(url, fresh_s=0)
        await running(await a_token(doors, door))
    assert (await running(await a_token(doors, door))).user_id == ME
