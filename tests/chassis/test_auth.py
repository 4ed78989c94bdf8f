"""Who is asking: tokens that are not what they seem open nothing, and keys may change."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from chassis import auth, clock
from chassis.auth import ALGORITHM, SignedIn, TokenCheck
from chassis.web import make_app
from httpx import ASGITransport, AsyncClient
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, OKPKey

from tests.builders import an_id
from tests.doors import SIGNING_KEY, bearer, problem
from tests.waiting import eventually


def a_key(kid: str) -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": ALGORITHM})


@dataclass
class Identity:
    """Publishes keys at `url`; `asked` counts how often."""

    url: str = ""
    keys: list[OKPKey] = field(default_factory=lambda: [SIGNING_KEY])
    asked: int = 0


@pytest.fixture
def identity() -> Iterator[Identity]:
    known = Identity()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.asked += 1
            body = json.dumps(KeySet(known.keys).as_dict(private=False)).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        known.url = f"http://127.0.0.1:{server.server_port}/"
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield known
        server.shutdown()
        thread.join()


@asynccontextmanager
async def a_door(jwks_url: str) -> AsyncIterator[AsyncClient]:
    """A route for the signed in, which answers who they are."""
    app = make_app("test", None)

    @app.get("/")
    async def show(who: SignedIn) -> dict[str, Any]:
        return {"id": str(who.user_id), "roles": sorted(who.roles)}

    app.state.token_check = TokenCheck(jwks_url)
    transport = ASGITransport(app)
    async with AsyncClient(transport=transport, base_url="http://test", trust_env=False) as client:
        yield client


@pytest.fixture
async def door(identity) -> AsyncIterator[AsyncClient]:
    async with a_door(identity.url) as client:
        yield client


def signed(key: Any, algorithm: str = ALGORITHM, **changes: object) -> dict[str, str]:
    """A token like identity's, but for who signed it."""
    claims = jwt.decode(bearer("parent", "parent")["Authorization"][7:], SIGNING_KEY,
                        algorithms=[ALGORITHM]).claims  # fmt: skip
    header = {"alg": algorithm, "kid": SIGNING_KEY.kid}
    token = jwt.encode(header, claims | changes, key, algorithms=[algorithm])
    return {"Authorization": f"Bearer {token}"}


def with_part(place: int, **changes: object) -> dict[str, str]:
    """A good token whose header (0) or claims (1) somebody has rewritten."""
    parts = bearer("parent", "parent")["Authorization"].split(".")
    prefix, parts[0] = "Bearer ", parts[0].removeprefix("Bearer ")
    raw = base64.urlsafe_b64decode(parts[place] + "==")
    changed = json.dumps(json.loads(raw) | changes).encode()
    parts[place] = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
    return {"Authorization": prefix + ".".join(parts)}


def hour_ago() -> int:
    return int(clock.now().timestamp()) - 3600


PUBLIC = json.dumps(SIGNING_KEY.as_dict(private=False)).encode()
WRONG = {
    "for another audience": lambda: bearer("parent", "parent", aud="portal"),
    "of another issuer": lambda: bearer("parent", "parent", iss="somebody"),
    "expired": lambda: bearer("parent", "parent", exp=hour_ago()),
    "without an end": lambda: bearer("parent", "parent", exp=None),
    "of nobody": lambda: bearer("parent", "parent", sub=None),
    "of somebody who is no user": lambda: bearer("parent", "parent", sub="parent"),
    "signed by somebody else": lambda: signed(a_key("test")),
    "signed with what is public": lambda: signed(OctKey.import_key(PUBLIC), "HS256"),
    "not signed": lambda: with_part(0, alg="none"),
    "rewritten": lambda: with_part(1, sub=str(an_id("neighbour"))),
    "with another role": lambda: with_part(1, roles=["operator"]),
    "no token": lambda: {"Authorization": "Bearer x.y.z"},
    "nothing": lambda: {"Authorization": "Bearer "},
    "a password": lambda: {"Authorization": "Basic cGFyZW50OnBhc3N3b3Jk"},
    "not there": dict,
}


@pytest.mark.parametrize("who", WRONG.values(), ids=WRONG)
async def test_a_token_is_refused_that_is(door, who):
    answer = await door.get("/", headers=who())
    problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_good_token_says_who_asks(door):
    answer = await door.get("/", headers=bearer("parent", "parent"))
    assert answer.json() == {"id": str(an_id("parent")), "roles": ["parent"]}


async def test_a_token_that_was_good_is_refused_once_it_has_expired(door):
    who = bearer("parent", "parent", exp=int(clock.now().timestamp()) + 2)
    assert (await door.get("/", headers=who)).status_code == 200

    async def refused() -> bool:
        return (await door.get("/", headers=who)).status_code == 401

    await eventually(refused)


async def test_a_new_key_is_fetched_without_a_restart(door, identity, monkeypatch):
    monkeypatch.setattr(auth, "_REFETCH_S", 0.0)
    await door.get("/", headers=bearer("parent", "parent"))
    new = a_key("next")
    identity.keys.append(new)
    claims: dict[str, object] = {
        "iss": auth.ISSUER,
        "aud": auth.AUDIENCE,
        "sub": str(an_id("parent")),
    }
    claims |= {"exp": int(clock.now().timestamp()) + 600}
    token = jwt.encode({"alg": ALGORITHM, "kid": "next"}, claims, new, algorithms=[ALGORITHM])
    answer = await door.get("/", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


async def test_tokens_of_unknown_keys_do_not_make_us_ask_identity_again_and_again(door, identity):
    for n in range(20):
        header = with_part(0, kid=f"unknown {n}")
        problem(await door.get("/", headers=header), 401, "unauthorized")
    assert identity.asked == 1


async def test_while_identitys_keys_cannot_be_had_one_is_told_to_come_again():
    async with a_door("http://127.0.0.1:1/") as client:
        answer = await client.get("/", headers=bearer("parent", "parent"))
    problem(answer, 503, "keys_unavailable")
