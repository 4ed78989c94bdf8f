"""What becomes of uploaded users and links: as of what operators ask for one by one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis import clock, imports
from chassis.cells import BadRow
from chassis.database import Tx
from chassis.imports import Outcome
from chassis.kinds import Cells, Table
from contracts import Event
from contracts.ids import user_id
from contracts.values import Role

from identity import acts, changes, edits, rows, store
from identity.changes import Cause, Wanted
from identity.decide import KnownLink
from identity.store import Pair

USERS: Final = Table(
    "users",
    Role.operator,
    rows.USER_COLUMNS,
    rows.USER_REQUIRED,
    rows.MESSAGES,
    rows.USER_ALLOWED,
    keys=rows.user_keys,
    key=("sgo_user_id", "repeated"),
    also=("login", "repeated"),
)
LINKS: Final = Table(
    "child-links",
    Role.operator,
    rows.LINK_COLUMNS,
    rows.LINK_REQUIRED,
    rows.MESSAGES,
    rows.LINK_ALLOWED,
    keys=rows.link_keys,
    key=("sgo_child_id", "repeated"),
    also=("sgo_child_id", "repeated"),
)


def works(zone: ZoneInfo) -> imports.Works:
    """What is done with which kind of file."""

    async def users(
        tx: Tx, job: Any, taken: Sequence[tuple[int, Cells]], at: datetime, outcome: Outcome
    ) -> None:
        await _users(tx, job, taken, Cause(at, str(job["id"])), zone, outcome)

    return imports.works((USERS, users), (LINKS, _links))


def _count(outcome: Outcome, event: Event | None, *, is_new: bool) -> None:
    outcome.created += event is not None and is_new
    outcome.changed += event is not None and not is_new
    outcome.unchanged += event is None


async def _users(
    tx: Tx, job: Any, taken: Sequence[tuple[int, Cells]], cause: Cause, zone: ZoneInfo,
    outcome: Outcome,
) -> None:  # fmt: skip
    wanted: dict[int, Wanted] = {}
    today = clock.day_in(zone, cause.at)
    for place, cells in taken:
        try:
            sgo_id, fields = rows.user(cells, today)
        except BadRow as bad:
            outcome.refuse(place, bad.problems)
        else:
            wanted[place] = Wanted(user_id(sgo_id), fields, sgo_id)
    planned = await changes.plan(tx, list(wanted.values()), today)
    for place, one in zip(wanted, planned, strict=True):
        if one.refused:
            column = rows.COLUMN_OF.get(one.refused.field, one.refused.field)
            outcome.refuse(place, [(column, one.refused.code)])
        else:
            event = one.edited.event if one.edited else None
            _count(outcome, event, is_new=one.known is None)
    if not job["dry_run"]:
        await changes.save(tx, planned, cause)
        done = [
            ("user.changed" if one.known else "user.made", one.wanted.user_id)
            for one in planned
            if one.edited
        ]
        await acts.record_file(tx, at=cause.at, actor_id=job["actor_id"], acts=done)


async def _links(
    tx: Tx, job: Any, taken: Sequence[tuple[int, Cells]], at: datetime, outcome: Outcome
) -> None:
    wanted: dict[Pair, tuple[int, bool]] = {}
    for place, cells in taken:
        try:
            parent, child, linked = rows.link(cells)
        except BadRow as bad:
            outcome.refuse(place, bad.problems)
        else:
            wanted[user_id(parent), user_id(child)] = place, linked
    roles = await store.roles_of(tx, [one for pair in wanted for one in pair])
    known = await store.lock_links(tx, list(wanted))
    saved: dict[Pair, KnownLink] = {}
    events: list[Event] = []
    for pair, (place, linked) in wanted.items():
        if problems := _bad_pair(pair, roles, linked=linked):
            outcome.refuse(place, problems)
            continue
        made, event = _linked(pair, known.get(pair), linked, at)
        _count(outcome, event, is_new=linked)
        if event:
            saved[pair] = made
            events.append(event)
    if not job["dry_run"]:
        await changes.save_links(tx, saved, events, Cause(at, str(job["id"])))
        done = [
            ("child.linked" if made.linked else "child.unlinked", child)
            for (_, child), made in saved.items()
        ]
        await acts.record_file(tx, at=at, actor_id=job["actor_id"], acts=done)


def _bad_pair(
    pair: Pair, roles: dict[UUID, frozenset[Role]], *, linked: bool
) -> list[tuple[str, str]]:
    named = list(zip(("sgo_parent_id", "sgo_child_id"), pair, strict=True))
    if unknown := [(column, "unknown_person") for column, one in named if one not in roles]:
        return unknown
    wrong = edits.why_no_link(roles[pair[0]], roles[pair[1]]) if linked else None
    return [(f"sgo_{wrong[0]}", wrong[1])] if wrong else []


def _linked(
    pair: Pair, known: KnownLink | None, linked: bool, at: datetime
) -> tuple[KnownLink, Event | None]:
    if linked:
        return edits.link(*pair, known)
    if known is None or not known.version:
        return KnownLink(0, 0, linked=False), None
    return edits.unlink(*pair, known, at)
