"""The keys that tokens are signed with: one current, one next (published ahead), some retired.

A service that fetched the keys yesterday knows today's: the next key is published before it signs.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from chassis import clock
from chassis.crypto import seal, unseal
from chassis.database import Pool, Tx
from chassis.tokens import ALGORITHM, AUDIENCE, ISSUER, TOKEN_S_MAX
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from identity.store import SQL

FRESH_S = 5.0
OVERLAP = timedelta(seconds=TOKEN_S_MAX + 60)


@dataclass(frozen=True, slots=True)
class Keys:
    """What is published, and what signs now."""

    published: list[dict[str, Any]]
    current: OKPKey

    def sign(self, claims: dict[str, Any], at: datetime) -> str:
        """A token for the next ten minutes."""
        issued = int(at.timestamp())
        whole = {"iss": ISSUER, "aud": AUDIENCE, "iat": issued, "exp": issued + TOKEN_S_MAX}
        header = {"alg": ALGORITHM, "kid": self.current.kid}
        return jwt.encode(header, whole | claims, self.current, algorithms=[ALGORITHM])

    def key_set(self) -> KeySet:
        return KeySet.import_key_set({"keys": self.published})


class KeyRing:
    """The keys of the database, read again every few seconds: all replicas agree."""

    def __init__(self, pool: Pool, master_key: bytes) -> None:
        self._pool = pool
        self._master_key = master_key
        self._keys: Keys | None = None
        self._read_at = 0.0

    async def keys(self) -> Keys:
        at = clock.now()
        if self._keys is None or at.timestamp() - self._read_at > FRESH_S:
            async with self._pool.acquire() as tx, tx.transaction():
                await ensure(tx, self._master_key, at)
                self._keys = await read(tx, self._master_key, at)
            self._read_at = at.timestamp()
        return self._keys


async def ensure(tx: Tx, master_key: bytes, at: datetime) -> None:
    """Make the current and the next key where there are none, whoever comes first."""
    rows = await tx.fetch(SQL["keys"], at)
    if {"current", "next"} <= {row["place"] for row in rows}:
        return
    await tx.execute(SQL["lock_keys"])
    places = {row["place"] for row in await tx.fetch(SQL["keys"], at)}
    for place in ("current", "next"):
        if place not in places:
            await _make(tx, master_key, place, at)


async def rotate(tx: Tx, master_key: bytes, at: datetime) -> str:
    """The next key signs from now on; the old one is published until its last token has expired.

    Returns the `kid` of what signs now.
    """
    await ensure(tx, master_key, at)
    await tx.execute(SQL["lock_keys"])
    await tx.execute(SQL["retire_key"], at + OVERLAP)
    await tx.execute(SQL["promote_key"])
    await _make(tx, master_key, "next", at)
    return await _signing(tx, at)


async def withdraw(tx: Tx, master_key: bytes, at: datetime) -> str:
    """Every key of before is published no more, the next one included: somebody may have them.

    Whoever is signed in must sign in again. Returns the `kid` of what signs now.
    """
    await tx.execute(SQL["lock_keys"])
    await tx.execute(SQL["withdraw_keys"], at)
    await ensure(tx, master_key, at)
    return await _signing(tx, at)


async def _signing(tx: Tx, at: datetime) -> str:
    (kid,) = [row["kid"] for row in await tx.fetch(SQL["keys"], at) if row["place"] == "current"]
    return str(kid)


async def read(tx: Tx, master_key: bytes, at: datetime) -> Keys:
    rows = await tx.fetch(SQL["keys"], at)
    (current,) = [row for row in rows if row["place"] == "current"]
    private = json.loads(unseal(master_key, current["sealed"], current["kid"].encode()))
    return Keys([json.loads(row["public"]) for row in rows], OKPKey.import_key(private))


async def _make(tx: Tx, master_key: bytes, place: Literal["current", "next"], at: datetime) -> None:
    kid = secrets.token_urlsafe(12)
    key = OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": ALGORITHM})
    private = json.dumps(key.as_dict(private=True)).encode()
    public = json.dumps(key.as_dict(private=False))
    await tx.execute(
        SQL["save_key"], kid, place, seal(master_key, private, kid.encode()), public, at
    )
