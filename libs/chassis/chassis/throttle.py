"""A limit on how often one address or person may ask: a window each, in this process, bounded."""

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from chassis.problems import Problem

ADDRESSES_MAX: Final = 10_000


@dataclass(slots=True)
class Throttle:
    """`times` in each window of `window_s` seconds; the oldest addresses are forgotten first."""

    times: int
    window_s: float
    _seen: OrderedDict[str, tuple[float, int]] = field(default_factory=OrderedDict)

    def wait_s(self, address: str, at: datetime) -> int:
        """Count this call; 0 if it may go on, else how many whole seconds to wait."""
        moment = at.timestamp()
        began, count = self._seen.pop(address, (moment, 0))
        if moment - began >= self.window_s:
            began, count = moment, 0
        self._seen[address] = began, count + 1
        while len(self._seen) > ADDRESSES_MAX:
            self._seen.popitem(last=False)
        if count < self.times:
            return 0
        return max(1, math.ceil(began + self.window_s - moment))


def expect_seldom(throttle: Throttle, whose: str, at: datetime) -> None:
    """Count this call. Raises Problem 429, which says when to come again."""
    if (wait_s := throttle.wait_s(whose, at)) > 0:
        raise Problem(
            429, "too_many_requests", "Слишком много запросов", "Подождите минуту.",
            headers={"Retry-After": str(wait_s)},
        )  # fmt: skip
