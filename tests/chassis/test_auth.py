"""Tokens are checked with identity's keys as they are: fetched, kept for seconds, withdrawn."""

import asyncio
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from chassis import clock, tokens
from chassis.auth import signed_in_at_all
from chassis.problems import Problem
from chassis.tokens import ALGORITHM, AUDIENCE, ISSUER, TokenCheck
from fastapi import Request
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, OKPKey

from tests.builders import an_id


def a_key(kid: str) -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": ALGORITHM})


def a_token(key: OKPKey, *, seconds: int = 600, header=None, **changes) -> str:
    issued = int(clock.now().timestamp())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": issued, "exp": issued + seconds}
    claims |= {"sub": str(an_id("parent")), "roles": ["parent"]} | changes
    return jwt.encode(header or {"alg": ALGORITHM, "kid": key.kid}, claims, key,
                      algorithms=[ALGORITHM])  # fmt: skip


class Identity:
    """Publishes keys on loopback, and counts how often it was asked."""

    def __init__(self, *keys: OKPKey) -> None:
        self.keys, self.asked, self.well = list(keys), 0, True

    async def answer(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        body = json.dumps(KeySet(self.keys).as_dict(private=False)).encode()
        status = b"200 OK" if self.well else b"503 Away"
        writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
                     % (status, len(body), body))  # fmt: skip
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def checking(identity: Identity):
    server = await asyncio.start_server(identity.answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield TokenCheck(f"http://127.0.0.1:{port}/keys")


def ten_seconds_later(check: TokenCheck) -> None:
    check._fetched_at -= tokens._FRESH_S + 1


async def test_keys_are_fetched_once_and_serve_for_ten_seconds():
    identity = Identity(a_key("one"))
    async with checking(identity) as check:
        for _ in range(5):
            assert (await check(a_token(identity.keys[0]))).user_id == an_id("parent")
    assert identity.asked == 1


async def test_a_withdrawn_key_is_refused_ten_seconds_later_also_for_tokens_seen_before():
    old, new = a_key("old"), a_key("new")
    identity = Identity(old, new)
    async with checking(identity) as check:
        seen = a_token(old)
        await check(seen)
        identity.keys = [new]
        ten_seconds_later(check)
        for token in (seen, a_token(old)):
            with pytest.raises(Problem, match="unauthorized"):
                await check(token)
        await check(a_token(new))


async def test_while_identity_is_away_the_keys_that_are_known_serve_on():
    identity = Identity(a_key("one"))
    async with checking(identity) as check:
        await check(a_token(identity.keys[0]))
        identity.well = False
        ten_seconds_later(check)
        await check(a_token(identity.keys[0]))
    assert identity.asked == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": 601},
        {"seconds": -1},
        {"aud": "another"},
        {"iss": "another"},
        {"exp": None},
        {"sub": "nobody"},
        {"sub": None},
        {"iat": None},
    ],
)
async def test_a_token_that_is_not_as_identity_makes_them_is_refused(wrong):
    identity = Identity(a_key("one"))
    async with checking(identity) as check:
        with pytest.raises(Problem, match="unauthorized"):
            await check(a_token(identity.keys[0], **wrong))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
async def test_what_is_no_token_is_refused(token):
    async with checking(Identity(a_key("one"))) as check:
        with pytest.raises(Problem, match="unauthorized"):
            await check(token)


@pytest.mark.parametrize("kid", ["[1]", "{}", "1", "null"])
async def test_a_key_id_that_is_no_text_is_refused(kid):
    """Nobody signed it: the header alone must not make an error of ours."""
    header = urlsafe_b64encode(f'{{"alg":"{ALGORITHM}","kid":{kid}}}'.encode()).rstrip(b"=")
    async with checking(Identity(a_key("one"))) as check:
        with pytest.raises(Problem, match="unauthorized"):
            await check(f"{header.decode()}.e30.AAAA")


async def test_a_key_of_somebody_else_is_refused():
    async with checking(Identity(a_key("one"))) as check:
        with pytest.raises(Problem, match="unauthorized"):
            await check(a_token(a_key("one")))


def with_part(token: str, place: int, **changes) -> str:
    """A good token whose header (0) or claims (1) somebody has rewritten."""
    parts = token.split(".")
    known = json.loads(urlsafe_b64decode(parts[place] + "=="))
    parts[place] = urlsafe_b64encode(json.dumps(known | changes).encode()).rstrip(b"=").decode()
    return ".".join(parts)


@pytest.mark.parametrize(
    ("place", "changes"),
    [
        (0, {"alg": "none"}),
        (1, {"sub": str(an_id("neighbour"))}),
        (1, {"roles": ["operator"]}),
    ],
)
async def test_a_token_that_was_rewritten_is_refused(place, changes):
    identity = Identity(a_key("one"))
    async with checking(identity) as check:
        with pytest.raises(Problem, match="unauthorized"):
            await check(with_part(a_token(identity.keys[0]), place, **changes))


async def test_what_is_public_signs_nothing():
    """The published key as the secret of another algorithm: the old trick with JWT."""
    identity = Identity(a_key("one"))
    public = identity.keys[0].as_dict(private=False)
    secret = OctKey.import_key(json.dumps(public).encode())
    issued = int(clock.now().timestamp())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": issued, "exp": issued + 600}
    claims["sub"] = str(an_id("parent"))
    forged = jwt.encode({"alg": "HS256", "kid": "one"}, claims, secret, algorithms=["HS256"])
    async with checking(identity) as check:
        with pytest.raises(Problem, match="unauthorized"):
            await check(forged)


async def test_a_token_that_was_good_is_refused_once_it_has_expired(monkeypatch):
    identity = Identity(a_key("one"))
    async with checking(identity) as check:
        token = a_token(identity.keys[0])
        await check(token)
        later = clock.now() + timedelta(seconds=601)
        monkeypatch.setattr(clock, "now", lambda: later)
        with pytest.raises(Problem, match="unauthorized"):
            await check(token)


async def test_a_new_key_is_fetched_without_a_restart():
    old, new = a_key("old"), a_key("new")
    identity = Identity(old)
    async with checking(identity) as check:
        await check(a_token(old))
        identity.keys.append(new)
        check._fetched_at -= tokens._REFETCH_S + 1
        await check(a_token(new))


async def test_tokens_of_unknown_keys_do_not_make_us_ask_identity_again_and_again(monkeypatch):
    monkeypatch.setattr(tokens, "_REFETCH_S", 3600.0)  # however slow the machine
    identity = Identity(a_key("one"))
    async with checking(identity) as check:
        for n in range(20):
            with pytest.raises(Problem, match="unauthorized"):
                await check(a_token(a_key(f"unknown {n}")))
    assert identity.asked == 1


async def test_while_identitys_keys_cannot_be_had_one_is_told_to_come_again():
    with pytest.raises(Problem, match="keys_unavailable") as told:
        await TokenCheck("http://127.0.0.1:1/")(a_token(a_key("one")))
    assert told.value.status == 503


@pytest.mark.parametrize("header", [None, b"", b"Bearer", b"Bearer ", b"Basic cGFyZW50OnBhc3M="])
async def test_who_brings_no_bearer_token_is_told_to_sign_in_with_one(header):
    headers = [] if header is None else [(b"authorization", header)]
    with pytest.raises(Problem, match="unauthorized") as told:
        await signed_in_at_all(Request({"type": "http", "headers": headers}))
    assert (told.value.status, told.value.headers) == (401, {"WWW-Authenticate": "Bearer"})
