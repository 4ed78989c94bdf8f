"""What `make bench` has measured, as docs/performance.md and its plot.

Each claim is written as it ends: what is broken off keeps what it has, and one is measured anew.
"""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from bench.results import Result

DOCS = Path(__file__).parents[1] / "docs"
BEGIN, END = "<!-- results: make bench -->", "<!-- end of results -->"
HEAD = "| Claim | | Target | Measured | Reached |\n| --- | --- | --- | --- | --- |"
WIDTH, BAR, LEFT = 720, 34, 330
_ROW = re.compile(r"^\| `(\w+)` \|.*$", re.MULTILINE)
_SAID = re.compile(r"^### (\w+)\n.*?^```$", re.MULTILINE | re.DOTALL)
_RATE = re.compile(r"\| ([^|]+) \| (?:≥ [\d,]+/s|≤ 1/100 of ours) \| ([\d,.]+)/s")


def write(
    every: Sequence[str], claim: str, machine: str, results: Sequence[Result], said: str
) -> None:
    """Between the marks of docs/performance.md; what stands around them is written by hand."""
    page = DOCS / "performance.md"
    today = datetime.now(UTC).date()  # noqa: TID251
    text = updated(page.read_text("utf-8"), every, claim, f"{today}; {machine}", results, said)
    page.write_text(text, "utf-8")
    (DOCS / "performance.svg").write_text(plot(text), "utf-8")


def updated(
    text: str, every: Sequence[str], claim: str, when: str, results: Sequence[Result], said: str
) -> str:
    """The page with this claim's rows and words, in the order of `every`; the others' stay."""
    part = text.partition(BEGIN)[2].partition(END)[0]
    rows = {name: [one[0] for one in _ROW.finditer(part) if one[1] == name] for name in every}
    words = {found[1]: found[0] for found in _SAID.finditer(part)}
    rows[claim] = [
        f"| `{claim}` | {one.what} | {one.target} | {one.measured}"
        f" | {'yes' if one.reached else '**no**'} |"
        for one in results
    ]
    words[claim] = f"### {claim}\n{when}\n```\n{said.rstrip()}\n```"
    table = "\n".join((HEAD, *(row for name in every for row in rows[name])))
    told = [words[name] for name in every if name in words]
    return between(text, BEGIN, END, "\n\n".join((table, *told)))


def between(text: str, begin: str, end: str, found: str) -> str:
    """The text with this between its marks, instead of what stood there."""
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{found}\n{end}{after}"


def plot(text: str) -> str:
    """Certificates a second of the page's table, on a logarithmic scale from 1."""
    drawn = [(what, float(per_s.replace(",", ""))) for what, per_s in _RATE.findall(text)]
    longest = max((math.log10(per_s) for _, per_s in drawn), default=1)
    bars = [
        _bar(row, what, per_s, math.log10(per_s) / longest * (WIDTH - LEFT - 90))
        for row, (what, per_s) in enumerate(drawn)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{BAR * len(bars) + 10}"'
        ' font-family="sans-serif" font-size="13">\n' + "\n".join(bars) + "\n</svg>\n"
    )


def _bar(row: int, what: str, per_s: float, wide: float) -> str:
    y = 5 + BAR * row
    return (
        f'<text x="{LEFT - 10}" y="{y + 18}" text-anchor="end">{escape(what)}</text>'
        f'<rect x="{LEFT}" y="{y}" width="{wide:.0f}" height="{BAR - 8}" fill="#4a7ebb"/>'
        f'<text x="{LEFT + wide + 6:.0f}" y="{y + 18}">{per_s:,.0f}/s</text>'
    )
