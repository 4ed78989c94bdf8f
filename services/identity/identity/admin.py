"""Commands for the operator of the region: passwords, operators and machine clients, keys.

python -m identity.admin set-passwords < lines of "login password"
python -m identity.admin add-user --login ana --role operator --name "Анна Петрова"
python -m identity.admin add-client --login pfdo --name "АИС ПФДО" --scope portal-accounts:read
python -m identity.admin rotate-keys
python -m identity.admin rotate-keys --withdraw

Each is in identity's sealed journal: which user of the operating system did what, and no secret.
"""

import argparse
import asyncio
import re
import secrets
import sys
from collections.abc import Mapping, Sequence
from uuid import UUID

from chassis import clock, journal, outbox, settings
from chassis.command_line import Refused, answer
from chassis.database import open_pool
from chassis.key_check import expect_same_key
from chassis.outbox import Store
from contracts import Envelope
from contracts.events import UserRegistered
from contracts.ids import derived
from contracts.values import FullName, Person, Role

from identity import keys, sign_ins, store
from identity.hashing import Hashing
from identity.settings import Settings
from identity.source import SOURCE
from identity.visible import is_login

PASSWORD_LENGTH_MIN = 8
# identity reads its keys every 5 s, the services ask it every 10 s, and an answer may take 5 s.
WITHDRAWN_S_MAX = 20
SCOPE = re.compile("[a-z][a-z-]{0,40}:(read|write)")


async def set_passwords(store_: Store, lines: list[str]) -> int:
    """All or none; blank lines are skipped. Raises Refused naming the line, never the password."""
    wanted: dict[str, str] = {}
    for place, line in enumerate(lines, 1):
        if not line.strip():
            continue
        login, _, password = line.strip().partition(" ")
        if len(password) < PASSWORD_LENGTH_MIN:
            raise Refused(f'Line {place}: write "login password", at least 8 characters.')
        wanted[login.lower()] = password
    hashing = Hashing()
    hashed = await asyncio.gather(*(hashing.hash(password) for password in wanted.values()))
    async with store_.transaction() as tx:
        known = await sign_ins.by_logins(tx, wanted)
        if missing := sorted(set(wanted) - set(known)):
            raise Refused(f"No user has the login {', '.join(missing)}. Nothing was changed.")
        by_user = _by_user(dict(zip(wanted, hashed, strict=True)), known)
        await sign_ins.save_passwords(tx, by_user, clock.now())
        for user_id in by_user:
            await journal.by_command(tx, "password.set", user_id)
    return len(wanted)


def _by_user(hashes: Mapping[str, str], known: Mapping[str, UUID]) -> dict[UUID, str]:
    return {known[login]: hashed for login, hashed in hashes.items()}


async def add_user(store_: Store, login: str, role: Role, name: str) -> bool:
    """An operator or machine client; False if there is one already. Raises Refused."""
    if not is_login(login):
        raise Refused("A login has no spaces and no letters that cannot be seen.")
    user = UserRegistered(
        user_id=own_id(login),
        version=1,
        roles=(role,),
        person=Person(name=FullName(last_name=name, first_name=role.value)),
    )
    async with store_.transaction() as tx:
        owner = (await store.taken_logins(tx, [login.lower()])).get(login.lower())
        if owner == user.user_id:
            return False
        if owner:
            raise Refused(f"The login {login} belongs to another user.")
        await store.save_own_user(tx, user, login)
        said = Envelope(
            event=user,
            id=derived(user.user_id, "registered"),
            source=SOURCE,
            time=clock.now(),
            correlation_id=str(user.user_id),
        )
        await outbox.append(tx, [said])
        await journal.by_command(tx, f"{role.value}.added", user.user_id)
    return True


async def add_client(store_: Store, login: str, name: str, scopes: Sequence[str]) -> str | None:
    """A machine client with these scopes; its secret where it is new, else None. Raises Refused."""
    if bad := [scope for scope in scopes if not SCOPE.fullmatch(scope)]:
        raise Refused(f"Write a scope like portal-accounts:read, not {bad[0]}.")
    await add_user(store_, login, Role.client, name)
    secret = secrets.token_urlsafe(32)
    hashed = await Hashing().hash(secret)
    async with store_.transaction() as tx:
        known = await store.lock_whole_users(tx, [own_id(login)])
        if Role.client not in known[own_id(login)].roles:
            raise Refused(f"{login} is an operator, not a client.")
        await sign_ins.save_client(tx, own_id(login), scopes)
        await journal.by_command(tx, "client.scopes_set", own_id(login), " ".join(scopes))
        is_new = await sign_ins.password_of(tx, own_id(login)) is None
        if is_new:
            await sign_ins.save_passwords(tx, {own_id(login): hashed}, clock.now())
            await journal.by_command(tx, "password.set", own_id(login))
    return secret if is_new else None


async def rotate_keys(store_: Store, master_key: bytes, *, withdraw: bool = False) -> str:
    """The next key signs from now on, or new ones, and no other counts; what that means."""
    async with store_.transaction() as tx:
        change = keys.withdraw if withdraw else keys.rotate
        kid = await change(tx, master_key, clock.now())
        action = "keys.withdrawn" if withdraw else "keys.rotated"
        await journal.by_command(tx, action, derived(kid, "signing-key"), f"signs now: {kid}")
    if withdraw:
        return f"Every earlier key is refused within {WITHDRAWN_S_MAX} s. Everybody signs in again."
    return "The next key signs from now on; the old one stays valid for 11 minutes."


def own_id(login: str) -> UUID:
    """The id of an operator or client who is made here."""
    return derived(login.lower(), "own-user")


async def _run(arguments: argparse.Namespace, configured: Settings) -> list[str]:
    pool = await open_pool(configured)
    try:
        store_ = Store(pool)
        match arguments.command:
            case "set-passwords":
                count = await set_passwords(store_, list(sys.stdin))
                return [f"{count} passwords set."]
            case "add-user":
                name = arguments.name or arguments.login
                added = await add_user(store_, arguments.login, Role(arguments.role), name)
                return ["Added." if added else "Was there already."]
            case "add-client":
                name = arguments.name or arguments.login
                secret = await add_client(store_, arguments.login, name, arguments.scope)
                return [f"client_secret {secret}" if secret else "Its scopes are set."]
            case _:
                await expect_same_key(pool, configured.key_bytes)
                return [
                    await rotate_keys(store_, configured.key_bytes, withdraw=arguments.withdraw)
                ]
    finally:
        await pool.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m identity.admin", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("set-passwords", help='read lines of "login password"')
    add = commands.add_parser("add-user", help="an operator; for a program: add-client")
    add.add_argument("--login", required=True)
    add.add_argument("--role", required=True, choices=["operator"])
    add.add_argument("--name")
    client = commands.add_parser("add-client", help="a program that signs in; set its scopes")
    client.add_argument("--login", required=True, help="its client_id")
    client.add_argument("--scope", required=True, action="append")
    client.add_argument("--name")
    rotate = commands.add_parser("rotate-keys", help="sign with the next key from now on")
    rotate.add_argument("--withdraw", action="store_true", help="the old ones may be stolen")
    answer(_run(parser.parse_args(), settings.load(Settings)))


if __name__ == "__main__":
    main()
