"""Whether what was measured over a run has stopped growing. Pure.

The last quarter of the time is held against the one before: the highest value of each where a
thing rises and falls in turns (memory, what is tidied up now and then), the middle one where kills
make spikes (what waits). Grown by more than a tenth, and by more than a little, is not flat.
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

GROWN_MAX: Final = 0.10
SAMPLES_MIN: Final = 3  # in a quarter
Series = Sequence[tuple[float, float]]  # seconds since the start, value


class Kind(NamedTuple):
    """How a measure is judged; `little` is in its own unit and is never called growth."""

    unit: str
    little: float
    spikes: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "memory": Kind("MiB", 8),
    "open files": Kind("", 10),
    "connections": Kind("", 5),
    "lag": Kind("records", 1000, spikes=True),
    "age of the oldest outbox row": Kind("s", 0.5, spikes=True),
    "rows of the inbox": Kind("", 5000),
    "days of outbox_sent": Kind("", 1),
    "tables that are tidied": Kind("MB", 16),
    "their indexes": Kind("MB", 16),
    "dead rows": Kind("", 50_000),
    "bytes a stored row": Kind("", 40),
    "index bytes a stored row": Kind("", 40),
}


class Judged(NamedTuple):
    """`before` and `last`: the third and the last quarter, as this kind is looked at."""

    name: str
    first: float
    before: float
    last: float
    most: float
    flat: bool


def kind_of(name: str) -> Kind:
    """By what stands before the `:`; after it stands whose it is."""
    return KINDS[name.partition(":")[0]]


def judge(name: str, series: Series) -> Judged:
    """Raises ValueError where there is too little to say anything."""
    began, ended = series[0][0], series[-1][0]
    quarter = (ended - began) / 4
    third = [value for at, value in series if ended - 2 * quarter <= at < ended - quarter]
    last = [value for at, value in series if at >= ended - quarter]
    if min(len(third), len(last)) < SAMPLES_MIN:
        raise ValueError(f"{name}: {len(series)} samples are too few")
    kind = kind_of(name)
    look = statistics.median if kind.spikes else max
    before, now = look(third), look(last)
    flat = now <= before * (1 + GROWN_MAX) or now - before <= kind.little
    return Judged(name, series[0][1], before, now, max(value for _, value in series), flat)


def judge_all(samples: Iterable[tuple[float, Mapping[str, float]]]) -> list[Judged]:
    """Of every measure there is a kind for, in the order in which they first came."""
    series: dict[str, list[tuple[float, float]]] = {}
    for at, values in samples:
        for name, value in values.items():
            if name.partition(":")[0] in KINDS:
                series.setdefault(name, []).append((at, value))
    return [judge(name, one) for name, one in series.items()]
