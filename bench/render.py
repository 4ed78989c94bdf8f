"""`python -m bench.render`: milliseconds a document, of each path and each step.

Medians of several runs in one process on one core.
"""

import os
import platform
import statistics
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from importlib.metadata import version

from documents.render import CURRENT, CredentialsValues, check, digest, render, render_compiled

RUNS = 7
NAMES = {
    "compiled": "Иванова Александра Ивановна",
    "general, a rare letter": "Öztürk Şükrü",
    "general, two rows": "Преображенская-Богоявленская Александра Константиновна Ефимовна кызы",
}


def values(name: str) -> CredentialsValues:
    return CredentialsValues(
        number="785044901646",
        full_name=name,
        login="pfdo-7850449016",
        password="Kx7mPq4tRw9nZb",  # noqa: S106  an example
        portal_url="https://78.pfdo.example",
        valid_from=date(2026, 11, 24),
        valid_until=date(2034, 3, 1),
        issued_on=date(2026, 11, 24),
    )


def milliseconds(step: Callable[[], object], times: int) -> float:
    """The median over RUNS of the mean of `times` calls."""
    step()
    runs = []
    for _ in range(RUNS):
        started = time.perf_counter()
        for _ in range(times):
            step()
        runs.append((time.perf_counter() - started) * 1000 / times)
    return statistics.median(runs)


def main() -> None:
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"reportlab {version('reportlab')}, template {CURRENT}; ms, median of {RUNS}"
    )
    print(f"{'path':26}{'bytes':>8}{'render':>9}{'check':>9}{'digest':>9}{'all':>9}")
    for path, name in NAMES.items():
        child = values(name)
        times = 2000 if render_compiled(CURRENT, child) else 30
        pdf = render(CURRENT, child)
        steps = (
            milliseconds(partial(render, CURRENT, child), times),
            milliseconds(partial(check, CURRENT, pdf, child), times),
            milliseconds(partial(digest, pdf), times),
        )
        columns = "".join(f"{ms:9.4f}" for ms in (*steps, sum(steps)))
        print(f"{path:26}{len(pdf):8}{columns}")


if __name__ == "__main__":
    main()
