"""What a certificate costs in Python, each step alone: the budget that throughput is made of.

`python -m bench budget`: medians in one process on one core, nothing else going on. On two cores a
target of 2,000/s leaves 1,000 µs for a certificate, of all processes; one of 8,000/s leaves 250 µs.
"""

import asyncio
import secrets
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4  # noqa: TID251  a child at each run

from certificates.api.requests import Accepted
from chassis import journal
from chassis.auth import SignedIn
from chassis.doors import IdempotencyKey
from chassis.murmur2 import partition_of
from chassis.tokens import AUDIENCE, ISSUER, TokenCheck
from chassis.web import make_app
from contracts import decode
from contracts.events import CertificateIssued
from contracts.values import CertificateStatus
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from documents.credentials import seal_values
from documents.credentials_page import render
from fastapi import APIRouter, Request, Response
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from bench import people
from bench.render import RUNS, milliseconds, values
from bench.results import Result

TIMES = 1000
CHILD = uuid4()
NOW = datetime.now(UTC)  # noqa: TID251
ROUTES = APIRouter()


@ROUTES.post("/children/{child_id}/certificate-requests", status_code=202)
async def press(
    child_id: UUID, who: SignedIn, http: Request, response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Accepted:  # fmt: skip
    """As the real one, without its work."""
    response.headers["Location"] = f"{http.scope['request_id']}{who.user_id}{idempotency_key}"
    return Accepted(request_id=child_id)


def main() -> list[Result]:
    print("µs each, median; what is not here is asyncpg, aiokafka, the event loop and the kernel")
    for name, step in _steps().items():
        print(f"  {name:58}{milliseconds(step, TIMES) * 1000:7.1f}")
    print(f"  {'a call around its route, without the token':58}{asyncio.run(_call()):7.1f}")
    return []


def _steps() -> dict[str, Callable[[], object]]:
    private = Ed25519PrivateKey.generate()
    signature = private.sign(b"x" * 300)
    keys, token, moment = _token()
    check = TokenCheck("")
    asked = people.request(CHILD)
    record = people.record(asked)
    read = partial(
        decode, key=record.key.encode(), value=record.value, headers=record.headers, place="t:0:0",
        written_at_ms=0,
    )  # fmt: skip
    issued = CertificateIssued(
        child_id=CHILD, certificate_id=CHILD, version=1, number="785044901646",
        status=CertificateStatus.pending_activation, valid_from=NOW.date(),
        valid_until=NOW.date(), request_id=CHILD, issued_at=NOW,
    )  # fmt: skip
    child = values("Иванова Александра Ивановна")
    pdf = render.render(render.CURRENT, child)
    row = {
        "id": 1, "happened_at": NOW, "actor_id": CHILD, "actor": "student", "organization": None,
        "action": "requested", "subject": CHILD, "details": "",
    }  # fmt: skip
    entry: Any = row  # as asyncpg gives it
    return {
        "Ed25519 alone (OpenSSL), a verification": partial(
            private.public_key().verify, signature, b"x" * 300
        ),
        "a token: Ed25519, JOSE, claims": partial(check._checked, keys, token, moment),  # noqa: SLF001
        "an event said: envelope, headers, JSON (twice by HTTP)": partial(people.record, issued),
        "an event read: headers, JSON, model (twice)": read,
        "the partition of a key (twice)": partial(partition_of, str(CHILD).encode(), range(12)),
        "a document: page": partial(render.render_compiled, render.CURRENT, child),
        "a document: checked": partial(render.check, render.CURRENT, pdf, child),
        "a document: digest": partial(render.digest, render.CURRENT, pdf),
        "a document: values sealed": partial(seal_values, secrets.token_bytes(32), CHILD, child),
        "a link of the journal (twice)": partial(journal.digest, bytes(32), entry),
    }


def _token() -> tuple[KeySet, str, float]:
    private = OKPKey.generate_key("Ed25519", {"kid": "bench", "alg": "Ed25519", "use": "sig"})
    moment = time.time()
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": str(CHILD), "roles": ["student"],
        "iat": int(moment), "exp": int(moment) + 600,
    }  # fmt: skip
    header = {"alg": "Ed25519", "kid": "bench"}
    token = jwt.encode(header, claims, private, algorithms=["Ed25519"])
    return KeySet([OKPKey.import_key(private.as_dict(private=False))]), token, moment


async def _call() -> float:
    """The application is called as uvicorn would; its own part is not in it."""
    app = make_app("bench", None, ROUTES)
    keys, token, _ = _token()
    app.state.token_check = check = TokenCheck("")
    check._keys, check._fetched_at = keys, asyncio.get_running_loop().time() + 1000  # noqa: SLF001
    headers = [
        (b"host", b"bench"), (b"content-length", b"0"), (b"content-type", b"application/json"),
        (b"authorization", f"Bearer {token}".encode()),
    ]  # fmt: skip
    path = f"/children/{CHILD}/certificate-requests"
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    async def call() -> None:
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
            "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
            "root_path": "", "headers": headers, "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2), "state": {},
        }  # fmt: skip
        await app(scope, receive, send)

    await call()
    assert said[0]["status"] == 202, said  # noqa: PLR2004
    return await _mean(call)


async def _mean(call: Callable[[], Awaitable[None]]) -> float:
    runs = []
    for _ in range(RUNS):
        started = time.perf_counter()
        for _ in range(TIMES):
            await call()
        runs.append((time.perf_counter() - started) * 1e6 / TIMES)
    return statistics.median(runs)
