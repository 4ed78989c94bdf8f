"""What `make bench` has measured, as docs/performance.md and its plot."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from bench.results import Result

DOCS = Path(__file__).parents[1] / "docs"
BEGIN, END = "<!-- results: make bench -->", "<!-- end of results -->"
WIDTH, BAR, LEFT = 720, 34, 330


def write(machine: str, results: Sequence[Result], said: Mapping[str, str]) -> None:
    """Between the marks of docs/performance.md; what stands around them is written by hand."""
    page = DOCS / "performance.md"
    found = "\n\n".join((_table(machine, results), *(_details(*one) for one in said.items())))
    page.write_text(between(page.read_text("utf-8"), BEGIN, END, found), "utf-8")
    (DOCS / "performance.svg").write_text(_plot(results), "utf-8")


def between(text: str, begin: str, end: str, found: str) -> str:
    """The text with this between its marks, instead of what stood there."""
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{found}\n{end}{after}"


def _table(machine: str, results: Sequence[Result]) -> str:
    today = datetime.now(UTC).date()  # noqa: TID251
    rows = [
        f"| {one.what} | {one.target} | {one.measured} | {'yes' if one.reached else '**no**'} |"
        for one in results
    ]
    head = "| | Target | Measured | Reached |\n| --- | --- | --- | --- |"
    return "\n".join((f"{today}; {machine}", "", head, *rows))


def _details(claim: str, said: str) -> str:
    return f"### {claim}\n```\n{said.rstrip()}\n```"


def _plot(results: Sequence[Result]) -> str:
    """Certificates a second, on a logarithmic scale from 1."""
    drawn = [(one, one.per_s) for one in results if one.per_s]
    longest = max((math.log10(per_s) for _, per_s in drawn), default=1)
    bars = [
        _bar(row, one.what, per_s, math.log10(per_s) / longest * (WIDTH - LEFT - 90))
        for row, (one, per_s) in enumerate(drawn)
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
