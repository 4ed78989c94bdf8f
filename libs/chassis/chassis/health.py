"""Health that tells dead consumers from live ones, and the metrics page."""

import asyncio
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis.database import describe, is_transient

router = APIRouter(tags=["health"])
_DATABASE_S_MAX = 3.0


async def brokers_answer(bootstrap: str) -> bool:
    """Whether any broker answers to a fresh connection within five seconds."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
    try:
        await asyncio.wait_for(client.bootstrap(), 5)
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await client.close()
    return True


@router.get("/health/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get("/health/ready", responses={503: {"description": "Not ready; says why"}})
async def ready(request: Request) -> JSONResponse:
    """Database answers, broker reached, every consumer assigned and moving."""
    running: Any = request.app.state.running
    problems = []
    try:
        async with asyncio.timeout(_DATABASE_S_MAX):
            await running.pool.fetchval("SELECT 1")
    except Exception as error:
        if not is_transient(error):
            raise
        problems.append(f"database: {describe(error)}")
    if not running.started:
        problems.append("kafka: not reached yet")
    for watch in running.watches if running.started else ():
        consumer = watch.subscriber.consumer
        if consumer is None or not consumer.assignment():
            problems.append(f"{watch.topic}: no partition is assigned")
    if problems:
        return JSONResponse({"status": "not ready", "problems": problems}, 503)
    return JSONResponse({"status": "ready"})


@router.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    """Prometheus text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
