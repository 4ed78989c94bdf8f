"""A service as a process: how it refuses to start, and how it ends."""

import signal
import socket

import pytest

from tests.chassis.bench import TOPIC
from tests.conftest import SERVICE, signed_in
from tests.processes import a_child, environment, refusal
from tests.waiting import eventually
from tools.stack.ports import free_port
from tools.stack.settings import SERVICES

NOWHERE = "127.0.0.1:1"
NO_DATABASE = "postgresql://u@127.0.0.1:{port}/d"


async def test_a_service_without_a_setting_names_it_in_one_sentence_and_ends():
    told = environment(NO_DATABASE.format(port=1), "p", NOWHERE)
    del told["PORTAL_URL"]
    code, words = await refusal("documents", told)
    assert (code, words.count("\n")) == (2, 1)
    assert words.startswith("Setting PORTAL_URL is missing.")


async def test_a_service_whose_port_is_in_use_names_it_in_one_sentence_and_ends():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = environment(NO_DATABASE.format(port=1), "p", NOWHERE, HTTP_PORT=port)
        code, words = await refusal("identity", told)
    assert (code, words.count("\n")) == (2, 1)
    assert words.startswith(f"identity cannot listen on 127.0.0.1:{port}")


async def test_a_service_whose_database_password_is_wrong_says_so_and_ends(
    tmp_path, postgres_server, database_url
):
    told = environment(database_url, "canary-password", NOWHERE)
    async with a_child("certificates", told, tmp_path, ready=False) as child:
        assert await child.ended() == 1
    assert child.wrote("PostgreSQL refuses DATABASE_URL with this DATABASE_PASSWORD.")
    assert not child.wrote("canary")


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_that_its_database_refuses_writes_that_sentence_and_nothing_else(
    postgres_server, database_url, name
):
    told = environment(database_url, "canary-password", NOWHERE)
    code, words = await refusal(name, told)
    assert (code, words.count("\n")) == (1, 1), words
    assert words.startswith(f"{name}: PostgreSQL refuses DATABASE_URL")


async def test_a_service_that_waits_for_its_database_stops_at_once(tmp_path):
    told = environment(NO_DATABASE.format(port=free_port()), "p", NOWHERE)
    async with a_child("certificates", told, tmp_path, ready=False) as child:
        await eventually(lambda: child.wrote("database_not_ready"), within_s=60)
        assert await child.stopped_by(signal.SIGINT, within_s=5) == 0


async def test_a_service_that_waits_for_its_broker_is_alive_not_ready_and_stops_at_once(
    tmp_path, postgres_server, migrated_url
):
    told = environment(await migrated_url("certificates"), postgres_server.password, NOWHERE)
    async with a_child("certificates", told, tmp_path, ready=False) as child:
        await eventually(lambda: child.wrote("kafka_not_ready"), within_s=60)
        assert (await child.get("/health/live")).status_code == 200
        ready = await child.get("/health/ready")
        assert (ready.status_code, ready.json()["problems"]) == (503, ["kafka: not reached yet"])
        assert await child.stopped_by(signal.SIGTERM, within_s=10) == 0


async def test_a_service_whose_consumer_is_dead_ends_with_code_70_for_its_supervisor(
    tmp_path, bench, postgres_server
):
    (tmp_path / "migrations").mkdir()
    settings = bench.settings
    told = environment(
        signed_in(settings.database_url, SERVICE), postgres_server.password,
        settings.kafka_bootstrap,
        KAFKA_TOPIC_PREFIX=settings.kafka_topic_prefix,
    )  # fmt: skip
    command = ["-m", "tests.chassis.a_service", str(tmp_path / "migrations")]
    async with a_child("bench", told, tmp_path, command=command) as child:
        await bench.tell(bench.record(1))
        await eventually(lambda: child.wrote("batch_began"), within_s=60)
        assert await child.ended() == 70
    assert child.wrote(f"{TOPIC.name}: lag without progress")
    assert await bench.committed() == 0
