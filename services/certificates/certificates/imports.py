"""What becomes of uploaded certificates: decided under their children's locks, saved and said."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from chassis import clock, imports, journal, outbox
from chassis.cells import BadRow
from chassis.database import Tx
from chassis.imports import Outcome
from chassis.kinds import Cells, Table
from contracts import Envelope
from contracts.ids import derived
from contracts.values import Role

from certificates import import_store, rows, store, take_over
from certificates.decide import Region
from certificates.desk_store import Change
from certificates.import_store import TakenOver
from certificates.rows import Wanted
from certificates.source import SOURCE
from certificates.take_over import Followed

CERTIFICATES: Final = Table(
    "certificates",
    Role.operator,
    rows.COLUMNS,
    rows.REQUIRED,
    rows.MESSAGES,
    rows.ALLOWED,
    keys=rows.keys,
    key=("number", "repeated"),
    also=("sgo_child_id", "second_living"),
)
FROM: Final = "из другой системы"


def works(region: Region) -> imports.Works:
    """What is done with an uploaded file."""

    async def certificates(
        tx: Tx, job: Any, taken: Sequence[tuple[int, Cells]], at: datetime, outcome: Outcome
    ) -> None:
        wanted = _read(taken, clock.day_in(region.zone, at), outcome)
        new = await _decided(tx, wanted, outcome)
        if job["dry_run"]:
            outcome.created += len(new)
        else:
            await _save(tx, job, new, region, at, outcome)

    return imports.works((CERTIFICATES, certificates))


def _read(
    taken: Sequence[tuple[int, Cells]], today: Any, outcome: Outcome
) -> list[tuple[int, Wanted]]:
    wanted = []
    for place, cells in taken:
        try:
            wanted.append((place, rows.certificate(cells, today)))
        except BadRow as bad:
            outcome.refuse(place, bad.problems)
    return wanted


async def _decided(
    tx: Tx, wanted: Sequence[tuple[int, Wanted]], outcome: Outcome
) -> list[tuple[int, Wanted]]:
    """Those that are to be taken over; their children are locked until the transaction ends."""
    new = []
    await store.lock_children(tx, [one.child_id for _, one in wanted])
    known = await import_store.load_known(tx, [one for _, one in wanted])
    for (place, one), of_it in zip(wanted, known, strict=True):
        if refused := take_over.why_not(one, of_it):
            outcome.refuse(place, [refused])
        elif of_it.same:
            outcome.unchanged += 1
        else:
            new.append((place, one))
    return new


async def _save(
    tx: Tx, job: Any, new: Sequence[tuple[int, Wanted]], region: Region, at: datetime,
    outcome: Outcome,
) -> None:  # fmt: skip
    made = [(place, _taken_over(one, region)) for place, one in new]
    saved = await import_store.save_imported(tx, [one for _, one in made])
    done = [one for _, one in made if one.issued.certificate_id in saved]
    for place, one in made:
        if one.issued.certificate_id not in saved:  # somebody was given the number just now
            outcome.refuse(place, [("number", "number_taken")])
    outcome.created += len(done)
    entries = [
        journal.Entry(at, job["actor_id"], Role.operator, "imported", one.issued.child_id,
                      details=FROM)
        for one in done
    ]  # fmt: skip
    await journal.append(tx, entries)
    await outbox.append(tx, [said for one in done for said in _said(one, job, at)])


def _taken_over(wanted: Wanted, region: Region) -> TakenOver:
    issued, followed = take_over.take_over(wanted, region.zone)
    return TakenOver(issued, [_change(event, wanted) for event in followed])


def _change(event: Followed, wanted: Wanted) -> Change:
    """Who did it in the other system is not known; who sent the file is in the journal."""
    kind = event.TYPE.rpartition(".")[2]
    return Change(
        kind, event, getattr(event, f"{kind}_at"),
        organization=wanted.organization_id or None, reason=getattr(event, "reason", None),
    )  # fmt: skip


def _said(one: TakenOver, job: Any, at: datetime) -> list[Envelope]:
    return [
        Envelope(
            event=event,
            id=derived(f"{event.certificate_id}:{event.version}", event.TYPE),
            source=SOURCE,
            time=at,
            correlation_id=str(job["id"]),
        )
        for event in (one.issued, *(change.event for change in one.changes))
    ]
