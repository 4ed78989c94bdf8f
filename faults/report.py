"""What a run of scenarios says: a line each as it ends, and the table of docs/reliability.md."""

import re
from collections.abc import Sequence

from chassis.failpoint import NAMES

from bench.report import between
from faults.scenario import SCENARIOS, Outcome, Scenario
from faults.unreached import UNREACHED
from tools.stack.settings import ROOT

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- results: make faults -->", "<!-- end of results -->"
LISTED, LISTED_END = "<!-- failpoints -->", "<!-- end of failpoints -->"
HEAD = (
    "| Scenario | Fault | Seed | What it did | Asked | Harms | Back, s (target) | Healed, s"
    " | Took, min | Violations |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
)
VIOLATIONS_SHOWN = 20
TOOK = 9  # the place of its cell
UNKNOWN_MIN = 2.0  # of a scenario that was never played


def tell(one: Outcome) -> None:
    """Print how a scenario ended."""
    if one.skipped:
        print(f"skipped  {one.name}: {one.skipped}", flush=True)
        return
    verdict = f"{len(one.violations)} VIOLATIONS" if one.violations else "held"
    print(
        f"{verdict}  {one.name} SEED={one.seed}: {one.did}; {one.asked} asked, {one.harms} harms,"
        f" back in {one.back_s:.1f} s at most, healed {one.healed_s:.1f} s after the end,"
        f" {one.took_s / 60:.1f} min in all",
        flush=True,
    )
    for invariant, words in one.violations[:VIOLATIONS_SHOWN]:
        print(f"    {invariant}  {words}", flush=True)
    if len(one.violations) > VIOLATIONS_SHOWN:
        print(f"    … and {len(one.violations) - VIOLATIONS_SHOWN} more", flush=True)


def row(wanted: Scenario, one: Outcome) -> str:
    """One line of the table."""
    if one.skipped:
        return f"| `{one.name}` | {wanted.fault} | | not run: {one.skipped} | | | | | | |"
    back = f"{one.back_s:.1f} ({wanted.back_s:.0f})" if one.back_s else "–"
    kinds = sorted({invariant for invariant, _ in one.violations})
    found = f"{len(one.violations)}" + (f": {', '.join(kinds)}" if kinds else "")
    did = one.did.replace("|", "/")
    return (f"| `{one.name}` | {wanted.fault} | {one.seed} | {did} | {one.asked} | {one.harms} |"
            f" {back} | {one.healed_s:.1f} | {one.took_s / 60:.1f} | {found} |")  # fmt: skip


def write(one: Outcome) -> None:
    """Put its row into the page; all others stay as they were."""
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8"), one), encoding="utf-8")


def updated(text: str, one: Outcome) -> str:
    """The page with this outcome's row, in the order of the scenarios, and with each failpoint."""
    rows = known(text) | {one.name: row(SCENARIOS[one.name], one)}
    lines = [rows[name] for name in SCENARIOS if name in rows]
    lines += [
        f"| – | {fault} | | not here: {why} | | | | | | |" for fault, why in UNREACHED.items()
    ]
    text = between(text, BEGIN, END, HEAD + "\n".join(lines))
    listed = "\n".join(f"- `{name}`" for name in NAMES)
    return between(text, LISTED, LISTED_END, listed)


def known(text: str) -> dict[str, str]:
    """The rows of the page by the names of their scenarios."""
    part = text.partition(BEGIN)[2].partition(END)[0]
    return {
        found[1]: found[0] for found in re.finditer(r"^\| `([\w-]+)` \|.*$", part, re.MULTILINE)
    }


def left_min(text: str, names: Sequence[str]) -> float:
    """How many minutes these scenarios will take, by what the page says that they took."""
    rows = known(text)
    return sum(_took_min(rows.get(name, "")) for name in names)


def _took_min(line: str) -> float:
    cells = [cell.strip() for cell in line.split("|")]
    try:
        return float(cells[TOOK])
    except (IndexError, ValueError):
        return UNKNOWN_MIN
