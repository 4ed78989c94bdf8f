"""What a soak says: lines at its end, the table of docs/performance.md, and its curves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bench import curves
from bench.report import DOCS, between
from faults.checker import Violation
from faults.soak.flat import GROWN_MAX, Judged, kind_of
from faults.soak.samples import Sample
from tools.stack.settings import SERVICES

BEGIN, END = "<!-- results: make soak -->", "<!-- end of soak -->"
MEMORY_MIB_MAX: Final = 200.0
VIOLATIONS_SHOWN: Final = 20
HEAD: Final = "| | Target | Measured | Reached |\n| --- | --- | --- | --- |"
FLAT_HEAD: Final = (
    "| | At the start | Third quarter | Last quarter | Flat |\n| --- | --- | --- | --- | --- |"
)


@dataclass(frozen=True, slots=True)
class Ended:
    """`sent`: requests of the crowd; `asked`: those that are looked at one by one."""

    sent: int
    asked: int
    kills: int
    healed_s: float
    violations: tuple[Violation, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What was run, where, and how it ended."""

    machine: str
    minutes: float
    per_s: float
    seed: int
    ended: Ended


def lines(page: Page, judged: Sequence[Judged]) -> Iterator[str]:
    """For who has waited."""
    yield _did(page)
    yield from claims(page, judged)
    for one in judged:
        verdict = "flat" if one.flat else "GROWS"
        yield f"{verdict:6} {one.name}: {_numbers(one)}"
    for invariant, words in page.ended.violations[:VIOLATIONS_SHOWN]:
        yield f"    {invariant}  {words}"


def claims(page: Page, judged: Sequence[Judged]) -> Iterator[str]:
    """The rows with a target."""
    for service in SERVICES:
        (one,) = [one for one in judged if one.name == f"memory: {service}"]
        reached = one.flat and one.most <= MEMORY_MIB_MAX
        what = f"memory of {service}, over {page.minutes:.0f} minutes"
        told = f"at most {one.most:.0f} MiB, {'flat' if one.flat else 'growing'}"
        yield _row(what, f"≤ {MEMORY_MIB_MAX:.0f} MiB, flat", told, reached)
    growing = [one.name for one in judged if not one.flat]
    told = f"{len(judged) - len(growing)} flat" + (
        f"; growing: {', '.join(growing)}" * bool(growing)
    )
    yield _row("what is tidied, waits or is open", "flat", told, not growing)
    kinds = sorted({invariant for invariant, _ in page.ended.violations})
    told = f"{len(page.ended.violations)}" + (f": {', '.join(kinds)}" if kinds else "")
    yield _row("violations of I1 to I10", "0", told, not kinds)


def write(page: Page, judged: Sequence[Judged], known: Sequence[tuple[float, Sample]]) -> None:
    """Between the marks of docs/performance.md, and docs/soak.svg."""
    file = DOCS / "performance.md"
    text = between(file.read_text("utf-8"), BEGIN, END, table(page, judged))
    file.write_text(text, "utf-8")
    (DOCS / "soak.svg").write_text(curves.panels(panels(known)), "utf-8")


def table(page: Page, judged: Sequence[Judged]) -> str:
    """As Markdown."""
    today = datetime.now(UTC).date()
    rows = [
        f"| {one.name} | {_value(one.name, one.first)} | {_value(one.name, one.before)} |"
        f" {_value(one.name, one.last)} | {'yes' if one.flat else '**no**'} |"
        for one in judged
    ]
    parts = (f"{today}; {page.machine}", _did(page), "\n".join((HEAD, *claims(page, judged))),
             "\n".join((FLAT_HEAD, *rows)))  # fmt: skip
    return "\n\n".join(parts)


def panels(known: Sequence[tuple[float, Sample]]) -> list[curves.Panel]:
    """One for each kind that is judged; its curves are whose it is."""
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for at, values in known:
        for name, value in values.items():
            what, _, whose = name.partition(": ")
            if what in CURVES:
                found.setdefault(what, {}).setdefault(whose, []).append((at / 60, value))
    return [curves.Panel(_title(what), found[what]) for what in CURVES if what in found]


CURVES: Final = (
    "memory", "lag", "age of the oldest outbox row", "rows of the inbox", "days of outbox_sent",
    "tables that are tidied", "their indexes", "dead rows", "connections", "open files",
    "bytes a stored row", "index bytes a stored row",
)  # fmt: skip


def _did(page: Page) -> str:
    ended = page.ended
    return (
        f"{page.minutes:.0f} minutes, seed {page.seed}: {ended.sent:,} requests from Kafka at"
        f" {page.per_s:,.0f}/s and {ended.asked:,} that were looked at one by one, {ended.kills}"
        f" kills, healed {ended.healed_s:.1f} s after the end. Flat: the last quarter is at most"
        f" {GROWN_MAX:.0%} above the third."
    )


def _row(what: str, target: str, told: str, reached: object) -> str:
    return f"| {what} | {target} | {told} | {'yes' if reached else '**no**'} |"


def _numbers(one: Judged) -> str:
    return ", then ".join(_value(one.name, value) for value in (one.first, one.before, one.last))


def _value(name: str, value: float) -> str:
    unit = kind_of(name).unit
    text = f"{value:,.1f}" if abs(value) < 100 and value != int(value) else f"{value:,.0f}"
    return f"{text} {unit}".rstrip()


def _title(what: str) -> str:
    unit = kind_of(what).unit
    return f"{what}, {unit}" if unit else what
