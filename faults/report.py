"""What a run of scenarios says: a line each as it ends, and the table of docs/reliability.md."""

import re
from collections.abc import Sequence

from chassis.failpoint import NAMES

from faults.scenario import SCENARIOS, Outcome, Scenario
from faults.unreached import UNREACHED
from tools.stack.settings import ROOT

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- results: make faults -->", "<!-- end of results -->"
LISTED, LISTED_END = "<!-- failpoints -->", "<!-- end of failpoints -->"
HEAD = (
    "| Scenario | Fault | Seed | What it did | Asked | Harms | Back, s (target) | Healed, s"
    " | Violations |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
)
VIOLATIONS_SHOWN = 20


def tell(one: Outcome) -> None:
    """Print how a scenario ended."""
    if one.skipped:
        print(f"skipped  {one.name}: {one.skipped}", flush=True)
        return
    verdict = f"{len(one.violations)} VIOLATIONS" if one.violations else "held"
    print(
        f"{verdict}  {one.name} SEED={one.seed}: {one.did}; {one.asked} asked, {one.harms} harms,"
        f" back in {one.back_s:.1f} s at most, healed {one.healed_s:.1f} s after the end",
        flush=True,
    )
    for invariant, words in one.violations[:VIOLATIONS_SHOWN]:
        print(f"    {invariant}  {words}", flush=True)
    if len(one.violations) > VIOLATIONS_SHOWN:
        print(f"    … and {len(one.violations) - VIOLATIONS_SHOWN} more", flush=True)


def row(wanted: Scenario, one: Outcome) -> str:
    """One line of the table."""
    if one.skipped:
        return f"| `{one.name}` | {wanted.fault} | | not run: {one.skipped} | | | | | |"
    back = f"{one.back_s:.1f} ({wanted.back_s:.0f})" if one.back_s else "–"
    kinds = sorted({invariant for invariant, _ in one.violations})
    found = f"{len(one.violations)}" + (f": {', '.join(kinds)}" if kinds else "")
    did = one.did.replace("|", "/")
    return (f"| `{one.name}` | {wanted.fault} | {one.seed} | {did} | {one.asked} | {one.harms} |"
            f" {back} | {one.healed_s:.1f} | {found} |")  # fmt: skip


def write(outcomes: Sequence[Outcome]) -> None:
    """Put these rows into the page; those of scenarios that did not run now stay as they were."""
    text = PAGE.read_text(encoding="utf-8")
    rows = _known(text) | {one.name: row(SCENARIOS[one.name], one) for one in outcomes}
    lines = [rows[name] for name in SCENARIOS if name in rows]
    lines += [f"| – | {fault} | | not here: {why} | | | | | |" for fault, why in UNREACHED.items()]
    text = _between(text, BEGIN, END, HEAD + "\n".join(lines) + "\n")
    listed = "".join(f"- `{name}`\n" for name in NAMES)
    PAGE.write_text(_between(text, LISTED, LISTED_END, listed), encoding="utf-8")


def _known(text: str) -> dict[str, str]:
    part = text.partition(BEGIN)[2].partition(END)[0]
    return {
        found[1]: found[0] for found in re.finditer(r"^\| `([\w-]+)` \|.*$", part, re.MULTILINE)
    }


def _between(text: str, begin: str, end: str, what: str) -> str:
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n{what}{end}{rest.partition(end)[2]}"
