"""What was measured, beside what was aimed at."""

from collections.abc import Sequence
from typing import NamedTuple


class Result(NamedTuple):
    """A row of the table."""

    what: str
    target: str
    measured: str
    reached: bool


def at_least(what: str, per_s: float, spread: Sequence[float], target: float) -> Result:
    """A rate: the median and its spread."""
    low, high = min(spread), max(spread)
    measured = f"{per_s:,.0f}/s ({low:,.0f} to {high:,.0f})"
    return Result(what, f"≥ {target:,.0f}/s", measured, per_s >= target)


def within(what: str, waits_ms: Sequence[float], *, p50: float | None = None, p99: float) -> Result:
    """Waiting times: median and the 99th percentile."""
    middle, late = percentile(waits_ms, 50), percentile(waits_ms, 99)
    aims = ([f"p50 ≤ {p50:g} ms"] if p50 else []) + [f"p99 ≤ {p99:g} ms"]
    measured = f"p50 {middle:.1f} ms, p99 {late:.1f} ms, most {max(waits_ms):.0f} ms"
    return Result(what, ", ".join(aims), measured, late <= p99 and (not p50 or middle <= p50))


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that `percent` of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
