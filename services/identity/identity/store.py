"""STATE: rows <-> values. Every function takes the transaction (`tx`); its query has its name."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from chassis.database import Tx
from chassis.queries import load
from contracts.events import SgoUserChanged, UserRegistered
from contracts.values import Person, Role

from identity.decide import KnownLink, KnownUser
from identity.edits import Edited, Stored

SQL = load("identity")
Pair = tuple[UUID, UUID]


async def lock_users(tx: Tx, user_ids: Sequence[UUID]) -> dict[UUID, KnownUser]:
    """What is known of these users; nobody else changes them until the transaction ends."""
    await tx.execute(SQL["lock_new_users"], user_ids)
    rows = await tx.fetch(SQL["lock_users"], user_ids)
    return {
        row["user_id"]: KnownUser(
            row["sgo_version"],
            row["version"],
            row["login"],
            row["erased_at"],
            own_login=bool(row["own_login"]),
            is_merged=row["merged_into"] is not None,
        )
        for row in rows
    }


async def lock_whole_users(tx: Tx, user_ids: Sequence[UUID]) -> dict[UUID, Stored]:
    """As lock_users, with all that is stored of them."""
    await tx.execute(SQL["lock_new_users"], user_ids)
    rows = await tx.fetch(SQL["lock_whole_users"], user_ids)
    return {row["user_id"]: _stored(row) for row in rows}


def _stored(row: asyncpg.Record) -> Stored:
    return Stored(
        user_id=row["user_id"],
        sgo_user_id=row["sgo_user_id"],
        sgo_version=row["sgo_version"],
        version=row["version"],
        login=row["login"],
        own_login=bool(row["own_login"]),
        roles=tuple(Role(role) for role in row["roles"]),
        person=Person.model_validate_json(row["person"]) if row["person"] else None,
        erased_at=row["erased_at"],
        merged_into=row["merged_into"],
    )


async def taken_logins(tx: Tx, logins: Iterable[str]) -> dict[str, UUID]:
    """Which of these logins (lower case) belong to whom."""
    rows = await tx.fetch(SQL["taken_logins"], list(logins))
    return {row["login"]: row["user_id"] for row in rows}


async def save_users(tx: Tx, changes: Sequence[tuple[SgoUserChanged, UserRegistered]]) -> None:
    """Full state of each."""
    rows = [(one.sgo_user_id, one.version, user, one.login, None) for one, user in changes]
    await _save_users(tx, rows)


async def save_whole_users(tx: Tx, changes: Sequence[tuple[str | None, int, Edited]]) -> None:
    """SGO's id, SGO's version as it was, and the new state."""
    rows = [
        (sgo_id, version, edited.event, edited.login, edited.own_login)
        for sgo_id, version, edited in changes
    ]
    await _save_users(tx, rows)


async def _save_users(
    tx: Tx, changes: Sequence[tuple[str | None, int, UserRegistered, str | None, bool | None]]
) -> None:
    people = [user.person for _, _, user, _, _ in changes]
    await tx.execute(
        SQL["save_users"],
        [user.user_id for _, _, user, _, _ in changes],
        [sgo_id for sgo_id, *_ in changes],
        [sgo_version for _, sgo_version, *_ in changes],
        [user.version for _, _, user, _, _ in changes],
        [login for _, _, _, login, _ in changes],
        [",".join(user.roles) for _, _, user, _, _ in changes],
        [person.model_dump_json() for person in people],
        [str(person.name) for person in people],
        [person.birth_date for person in people],
        [person.organization.id if person.organization else None for person in people],
        [own_login for *_, own_login in changes],
    )


async def give_logins(tx: Tx, logins: Mapping[UUID, str]) -> None:
    """To users who are saved but for their login."""
    if logins:
        await tx.execute(SQL["give_logins"], list(logins), list(logins.values()))


async def save_own_user(tx: Tx, user: UserRegistered, login: str) -> None:
    """An operator or machine client, made here and unknown to SGO."""
    await _save_users(tx, [(None, 0, user, login, True)])


async def erase_passwords(tx: Tx, user_ids: Sequence[UUID]) -> set[UUID]:
    """Returns who had one."""
    return {row["user_id"] for row in await tx.fetch(SQL["erase_passwords"], user_ids)}


async def erase_users(tx: Tx, users: Mapping[UUID, tuple[str | None, datetime]]) -> dict[UUID, int]:
    """Names and logins go, the mark stays; `users`: SGO's id, and when it was erased.

    Returns those who were known and not erased before, with our version. Lock them first.
    """
    sgo_ids, times = zip(*users.values(), strict=True)
    rows = await tx.fetch(SQL["erase_users"], list(users), times)
    await tx.execute(SQL["mark_erased"], list(users), sgo_ids, times)
    return {row["user_id"]: row["version"] for row in rows}


async def lock_links(tx: Tx, pairs: Sequence[Pair]) -> dict[Pair, KnownLink]:
    """What is known of these links; nobody else changes them until the transaction ends."""
    await tx.execute(SQL["lock_new_users"], [parent for parent, _ in pairs])
    rows = await tx.fetch(
        SQL["lock_links"], [parent for parent, _ in pairs], [child for _, child in pairs]
    )
    return {
        (row["parent_id"], row["child_id"]): KnownLink(
            row["sgo_version"], row["version"], row["linked"], row["erased_at"]
        )
        for row in rows
    }


async def save_links(tx: Tx, links: Mapping[Pair, KnownLink]) -> None:
    await tx.execute(
        SQL["save_links"],
        [parent for parent, _ in links],
        [child for _, child in links],
        [link.sgo_version for link in links.values()],
        [link.version for link in links.values()],
        [link.linked for link in links.values()],
        [link.erased_at for link in links.values()],
    )


async def is_operator(tx: Tx, user_id: UUID) -> bool:
    return bool(await tx.fetchval(SQL["is_operator"], user_id))


async def claim_key(
    tx: Tx, actor_id: UUID, key: str, digest: bytes, made_id: UUID, at: datetime
) -> asyncpg.Record | None:
    """None for the first use of an idempotency key; else digest and made_id of the first use."""
    if await tx.fetchval(SQL["claim_key"], actor_id, key, digest, made_id, at):
        return None
    return await tx.fetchrow(SQL["claimed_key"], actor_id, key)


async def user(tx: Tx, user_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(SQL["user"], user_id)


async def children(tx: Tx, parent_id: UUID) -> list[asyncpg.Record]:
    return list(await tx.fetch(SQL["children"], parent_id))


async def organization(tx: Tx, organization_id: str | None) -> asyncpg.Record | None:
    return await tx.fetchrow(SQL["organization"], organization_id)


async def merged(tx: Tx, user_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these were merged into another record."""
    rows = await tx.fetch(SQL["merged"], list(user_ids))
    return {row["user_id"] for row in rows}


async def mark_merged(tx: Tx, duplicate: UUID, survivor: UUID) -> None:
    """Also of those that were merged into the duplicate before."""
    await tx.execute(SQL["mark_merged"], duplicate, survivor)


async def links_of(tx: Tx, user_id: UUID) -> list[Pair]:
    """The links that stand, with this user as a parent or as a child."""
    rows = await tx.fetch(SQL["links_of"], user_id)
    return [(row["parent_id"], row["child_id"]) for row in rows]


async def copy_password(tx: Tx, source: UUID, target: UUID) -> None:
    await tx.execute(SQL["copy_password"], source, target)


async def roles_of(tx: Tx, user_ids: Sequence[UUID]) -> dict[UUID, frozenset[Role]]:
    """The roles of those of these who are known and not erased."""
    rows = await tx.fetch(SQL["roles_of"], user_ids)
    return {row["user_id"]: frozenset(map(Role, row["roles"])) for row in rows}
