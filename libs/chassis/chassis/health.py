"""Health that tells dead consumers from live ones, and the metrics page."""

import asyncio
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis.database import describe, is_transient
from chassis.watchdog import is_still

router = APIRouter(tags=["health"])
_DATABASE_S_MAX = 3.0
_BROKER_S_MAX = 3.0


async def brokers_answer(bootstrap: str, within_s: float = 5.0) -> bool:
    """Whether any broker answers to a fresh connection."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
    try:
        await asyncio.wait_for(client.bootstrap(), within_s)
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await client.close()
    return True


@router.get("/health/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get(
    "/health/ready",
    responses={503: {"description": "Not ready; says why", "content": {"application/json": {}}}},
)
async def ready(request: Request) -> JSONResponse:
    """Database answers, broker answers, every consumer assigned and moving."""
    running: Any = request.app.state.running
    found = await asyncio.gather(database_problems(running), _of_broker(running))
    problems = [problem for one in found for problem in one]
    if problems:
        return JSONResponse({"status": "not ready", "problems": problems}, 503)
    return JSONResponse({"status": "ready"})


async def database_problems(running: Any) -> list[str]:
    try:
        async with asyncio.timeout(_DATABASE_S_MAX):
            await running.pool.fetchval("SELECT 1")
    except Exception as error:
        if not is_transient(error):
            raise
        return [f"database: {describe(error)}"]
    return []


async def _of_broker(running: Any) -> list[str]:
    """A broker that answers says nothing of consumers that are dead: each is looked at."""
    if not running.started:
        return ["kafka: not reached yet"]
    problems = []
    if not await brokers_answer(running.service.settings.kafka_bootstrap, _BROKER_S_MAX):
        problems.append("kafka: does not answer")
    for watch in running.watches:
        consumer = watch.subscriber.consumer
        if consumer is None or not consumer.assignment():
            problems.append(f"{watch.topic}: no partition is assigned")
        elif is_still(watch, asyncio.get_running_loop().time()):
            problems.append(f"{watch.topic}: lag without progress")
    return problems


@router.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    """Prometheus text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
