"""STATE of organizations: as store.py, with its queries. Lock users first, organizations then."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg
from chassis.database import Tx
from contracts.values import Organization, Person

from identity.organizations import Known
from identity.store import SQL

Told: TypeAlias = Sequence[tuple[Organization, datetime]]


async def known_of(tx: Tx, ids: Iterable[str]) -> dict[str, Known]:
    """What is known of these organizations, locked until the transaction ends."""
    rows = await tx.fetch(SQL["lock_organizations"], sorted(set(ids)))
    return {row["id"]: _known(row) for row in rows}


def _known(row: asyncpg.Record) -> Known:
    facts = Organization(**{name: row[name] for name in Organization.model_fields})
    return Known(facts, row["changed_at"], row["by_operator"])


async def take_up(
    tx: Tx,
    people: Sequence[tuple[Person, datetime]],
    decide: Callable[[Mapping[str, Known], Told], dict[str, Known]],
) -> dict[str, Known]:
    """What `people` say of where they work and learn, and when; what is true of it from now on.

    `decide` is `organizations.hear` or `learn`. Whoever else works there hears of it by and by.
    """
    told = [(person.organization, at) for person, at in people if person.organization]
    named = {
        one.organization_id: (one.kind.value, one.name, at)
        for person, at in people
        for one in person.enrolments
    }
    named |= {one.id: (one.kind.value, one.name, at) for one, at in told}
    if not named:
        return {}
    kinds, names, times = zip(*named.values(), strict=True)
    await tx.execute(SQL["name_organizations"], list(named), kinds, names, times)
    known = await known_of(tx, [one.id for one, _ in told])
    heard = decide(known, told)
    await save(tx, {id_: one for id_, one in heard.items() if one != known.get(id_)})
    return heard


async def save(tx: Tx, changed: Mapping[str, Known]) -> None:
    """Of organizations that are there; what changes is to be said of their employees."""
    if not changed:
        return
    facts = [one.facts for one in changed.values()]
    await tx.execute(
        SQL["save_organizations"],
        [one.id for one in facts],
        [one.kind.value for one in facts],
        [one.name for one in facts],
        [one.municipality for one in facts],
        [one.authorized for one in facts],
        [one.changed_at for one in changed.values()],
        [one.by_operator for one in changed.values()],
    )


async def put(tx: Tx, facts: Organization, at: datetime) -> bool:
    """An operator's word; False where all is so already, and was said by an operator."""
    columns = [facts.id], [facts.kind.value], [facts.name], [at]
    await tx.execute(SQL["name_organizations"], *columns)
    known = (await known_of(tx, [facts.id])).get(facts.id)
    if known and known.by_operator and known.facts == facts:
        return False
    await save(tx, {facts.id: Known(facts, at, by_operator=True)})
    return True


async def page(
    tx: Tx, *, after: str, authorized: bool | None, rows_max: int
) -> list[asyncpg.Record]:
    """Organizations by id, with how many work there and whether all of them are told."""
    return list(await tx.fetch(SQL["organizations_page"], after, authorized, rows_max))


async def shown(tx: Tx, organization_id: str) -> asyncpg.Record | None:
    """As one of `page`."""
    return await tx.fetchrow(SQL["organization_card"], organization_id)


async def employees_behind(tx: Tx, rows_max: int) -> list[UUID]:
    """Users who carry what is true no more of where they work."""
    rows = await tx.fetch(SQL["employees_behind"], rows_max)
    return [row["user_id"] for row in rows]


async def all_are_told(tx: Tx) -> None:
    """Of organizations whose employees all carry what is true, nothing is left to be said."""
    await tx.fetch(SQL["lock_spread"])  # whoever changes one now is seen, or comes afterwards
    await tx.execute(SQL["all_are_told"])
