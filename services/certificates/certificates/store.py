"""STATE: rows <-> values. Every function takes the transaction (`tx`); its query has its name."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
from chassis import clock, kept
from chassis.database import Tx
from chassis.queries import load
from contracts import Tombstone, topics
from contracts.events import (
    CertificateIssued,
    CertificateRefused,
    CertificateRequested,
    ChildLinked,
    ChildUnlinked,
    UserRegistered,
)
from contracts.values import RequesterRole

from certificates import consent, numbers
from certificates.decide import Facts, Person, Region, parse_validity

SQL = load("certificates")
RESERVE_TRIES = 5


class NumbersExhausted(Exception):
    """No free number in several rounds: the series of the region is full."""


class Known(NamedTuple):
    """What is stored about a request: the facts, and the request itself if it came before."""

    facts: Facts
    status: str | None
    child_id: UUID | None


async def save_people(tx: Tx, users: Sequence[UserRegistered]) -> None:
    """Full state of each; an older version than the stored one changes nothing."""
    people = [user.person for user in users]
    await tx.execute(
        SQL["save_people"],
        [user.user_id for user in users],
        [user.version for user in users],
        [",".join(user.roles) for user in users],
        [str(person.name) for person in people],
        [person.birth_date for person in people],
        [person.municipality for person in people],
        [json.dumps([e.organization_id for e in person.enrolments]) for person in people],
        [person.organization.id if person.organization else None for person in people],
        [bool(person.organization and person.organization.authorized) for person in people],
        [person.organization.name if person.organization else None for person in people],
    )


async def erase_people(tx: Tx, tombstones: Mapping[UUID, Tombstone]) -> dict[UUID, dict[str, int]]:
    """Names go, and what the desk wrote of their papers; returns how many of what, by whom it was.

    A tombstone that is older than the stored state changes nothing.
    """
    versions = [tombstone.version for tombstone in tombstones.values()]
    rows = await tx.fetch(SQL["erase_people"], list(tombstones), versions)
    erased = {row["user_id"]: int(row["was_named"]) for row in rows}
    gone = await tx.fetch(SQL["erase_remarks"], list(erased))
    remarks = Counter(row["child_id"] for row in gone)
    kept_of = await kept.forget(tx, topics.IDENTITY_USERS, [str(who) for who in erased])
    return {
        who: {"person": named, "remarks": remarks[who], "quarantine": kept_of[str(who)]}
        for who, named in erased.items()
    }


async def save_links(tx: Tx, links: Sequence[ChildLinked]) -> None:
    """ChildLinked and ChildUnlinked alike; an older version changes nothing."""
    await tx.execute(
        SQL["save_links"],
        [link.parent_id for link in links],
        [link.child_id for link in links],
        [link.version for link in links],
        [not isinstance(link, ChildUnlinked) for link in links],
    )


async def lock_children(tx: Tx, child_ids: Sequence[UUID]) -> None:
    """One decision at a time for a child; held until the transaction ends."""
    await tx.execute(SQL["lock_children"], child_ids)


async def load_facts(
    tx: Tx, requests: Sequence[CertificateRequested], region: Region
) -> list[Known]:
    """The facts of each request, in its order."""
    rows = await tx.fetch(
        SQL["load_facts"],
        [request.child_id for request in requests],
        [request.requester.user_id for request in requests],
        [request.request_id for request in requests],
    )
    return [
        Known(
            _facts(row, clock.day_in(region.zone, request.requested_at), region),
            row["request_status"],
            row["request_child_id"],
        )
        for request, row in zip(requests, rows, strict=True)
    ]


async def facts_of(
    tx: Tx, pairs: Sequence[tuple[UUID, UUID | None]], days: Sequence[date], region: Region
) -> list[Facts]:
    """Of each (user, child): what decides, on that day, whether the button is there."""
    users, children = _columns(pairs)
    rows = await tx.fetch(SQL["load_facts"], children, users, [None] * len(pairs))
    return [_facts(row, day, region) for row, day in zip(rows, days, strict=True)]


def _rules(region: Region, row: asyncpg.Record) -> Region:
    """The settings, as the operator changed them for the region and the child's municipality."""
    here, place = row["region_enabled"], row["municipality_enabled"]
    if here is place is row["minimum_age"] is row["validity"] is None:
        return region
    off_here = row["municipality"] in region.module_off_in if place is None else not place
    enabled = (region.module_enabled if here is None else here) and not off_here
    return replace(
        region,
        module_enabled=enabled,
        module_off_in=frozenset(),
        minimum_age=region.minimum_age if row["minimum_age"] is None else row["minimum_age"],
        validity=parse_validity(row["validity"]) if row["validity"] else region.validity,
    )


def _facts(row: asyncpg.Record, today: date, region: Region) -> Facts:
    child = requester = None
    if row["child_id"] and not row["child_erased"]:
        child = Person(
            row["child_id"],
            frozenset(row["child_roles"]),
            row["birth_date"],
            row["municipality"],
            frozenset(row["enrolled_at"]),
        )
    if row["requester_id"] and not row["requester_erased"]:
        requester = Person(
            row["requester_id"],
            frozenset(row["requester_roles"]),
            organization=row["organization"],
        )
    return Facts(
        today,
        _rules(region, row),
        child,
        requester,
        row["linked"],
        row["has_linked_child"],
        row["has_living_certificate"],
        row["open_request"],
    )


async def reserve_numbers(tx: Tx, region_code: str, count: int) -> list[str]:
    """`count` numbers that nobody has; a number imported from elsewhere is stepped over."""
    found: list[str] = []
    for _ in range(RESERVE_TRIES):
        rows = await tx.fetch(SQL["reserve_serials"], count - len(found))
        made = [numbers.make(region_code, row["key"].encode()[:64], row["serial"]) for row in rows]
        taken = {row["number"] for row in await tx.fetch(SQL["taken_numbers"], made)}
        found += [number for number in made if number not in taken]
        if len(found) == count:
            return found
    raise NumbersExhausted


async def save_answers(
    tx: Tx,
    requests: Sequence[CertificateRequested],
    answers: Sequence[CertificateIssued | CertificateRefused],
) -> None:
    """Certificates that were issued, and what became of each request."""
    certificates = [one if isinstance(one, CertificateIssued) else None for one in answers]
    await save_certificates(tx, [one for one in certificates if one])
    await tx.execute(
        SQL["save_answers"],
        [request.request_id for request in requests],
        [request.child_id for request in requests],
        [request.requester.user_id for request in requests],
        [request.requester.role.value for request in requests],
        [request.requested_at for request in requests],
        ["issued" if one else "refused" for one in certificates],
        [one.certificate_id if one else None for one in certificates],
        [",".join(getattr(answer, "codes", ())) for answer in answers],
    )


async def save_certificates(tx: Tx, issued: Sequence[CertificateIssued]) -> None:
    await tx.execute(
        SQL["save_certificates"],
        [one.certificate_id for one in issued],
        [one.child_id for one in issued],
        [one.request_id for one in issued],
        [one.number for one in issued],
        [one.status.value for one in issued],
        [one.version for one in issued],
        [one.valid_from for one in issued],
        [one.valid_until for one in issued],
        [one.issued_at for one in issued],
    )


async def open_requests(tx: Tx, requests: Sequence[CertificateRequested]) -> set[UUID]:
    """Write the requests down; returns the ids of those that were not there already."""
    rows = await tx.fetch(
        SQL["open_requests"],
        [request.request_id for request in requests],
        [request.child_id for request in requests],
        [request.requester.user_id for request in requests],
        [request.requester.role.value for request in requests],
        [request.requested_at for request in requests],
    )
    return {row["request_id"] for row in rows}


async def children_of_requests(tx: Tx, request_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The child that each request is about."""
    rows = await tx.fetch(SQL["children_of_requests"], request_ids)
    return {row["request_id"]: row["child_id"] for row in rows}


async def get_request(tx: Tx, request_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(SQL["get_request"], request_id)


async def as_whom(tx: Tx, pairs: Sequence[tuple[UUID, UUID]]) -> list[RequesterRole | None]:
    """Of each (user, child): the child, a parent linked now, staff where it is enrolled, nobody.

    Whoever is known to be no student is nobody's child, nor their own.
    """
    rows = await tx.fetch(SQL["as_whom"], *_columns(pairs))
    return [RequesterRole(row["role"]) if row["role"] else None for row in rows]


async def consented(tx: Tx, pairs: Sequence[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Of each (user, child): those where the user agrees, for this child, at this moment."""
    rows = await tx.fetch(SQL["consented"], *_columns(pairs), consent.PURPOSE)
    return {(row["given_by"], row["child_id"]) for row in rows}


def _columns(pairs: Sequence[tuple[UUID, UUID | None]]) -> tuple[list[UUID], list[UUID | None]]:
    return [user_id for user_id, _ in pairs], [child_id for _, child_id in pairs]


async def given_consent(tx: Tx, child_id: UUID, user_id: UUID) -> asyncpg.Record | None:
    """given_at, text_version and text of what this user agreed to for this child, and stands."""
    return await tx.fetchrow(SQL["given_consent"], child_id, user_id, consent.PURPOSE)


async def give_consent(
    tx: Tx, consent_id: UUID, child_id: UUID, user_id: UUID, at: datetime, text: consent.Text
) -> bool:
    """Takes the place of one to another text; False if it was given already, under any id."""
    who = (child_id, user_id, consent.PURPOSE, text.version)
    await tx.execute(SQL["keep_consent_text"], *text)
    await tx.execute(SQL["replace_consent"], *who, at)
    return bool(await tx.fetchval(SQL["give_consent"], consent_id, *who, at))


async def child_of_consent(tx: Tx, consent_id: UUID) -> UUID | None:
    child_id: UUID | None = await tx.fetchval(SQL["child_of_consent"], consent_id)
    return child_id


async def told(tx: Tx, pairs: Sequence[tuple[UUID, UUID]]) -> list[asyncpg.Record]:
    """Of each (user, child): the latest certificate, the request that tells most, or nulls.

    `agreed`: the user agrees, for this child, at this moment.
    """
    return list(await tx.fetch(SQL["told"], *_columns(pairs), consent.PURPOSE))


async def employer(tx: Tx, user_id: UUID) -> str | None:
    """The authorized organization whose employee this user is at this moment, or None."""
    organization: str | None = await tx.fetchval(SQL["employer"], user_id)
    return organization
