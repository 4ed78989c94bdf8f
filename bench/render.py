"""Milliseconds a document, of each path and each step.

`python -m bench render`: medians of several runs in one process on one core.
"""

import os
import platform
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from importlib.metadata import version
from uuid import UUID
from zoneinfo import ZoneInfo

from documents.credentials_page.render import (
    CURRENT,
    CredentialsValues,
    check,
    digest,
    render,
    render_compiled,
)
from documents.on_demand import act, application, image

from bench.results import Result

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


def drawn() -> dict[str, Callable[[], bytes]]:
    """The documents that are drawn when asked for."""
    name, key = "Иванова Александра Ивановна", UUID(int=1)
    picture = image.ImageValues(
        certificate_id=key,
        number="785044901646",
        full_name=name,
        valid_from=date(2026, 11, 24),
        valid_until=date(2034, 3, 1),
        public_url="https://certificates.example",
    )
    at = datetime(2026, 11, 24, tzinfo=UTC)
    row = act.Destroyed(where="identity", what="имя", count=1, how="удаление", at=at)
    erasure = act.ActValues(
        act_id=key,
        subject_id=key,
        reason="требование",
        ordered_by=key,
        made_at=at,
        zone=ZoneInfo("Europe/Moscow"),
        operator=act.Operator(name="Комитет по образованию", address="г. Пример"),
        destroyed=(row,) * 10,
    )
    blank = application.ApplicationValues(applicant="parent")
    filled = application.ApplicationValues(applicant="student", child_name=name)
    return {
        "image, PNG": partial(image.png, picture),
        "image, PDF": partial(image.pdf, picture),
        "application, blank": partial(application.render, blank),
        "application, filled in": partial(application.render, filled),
        "act of erasure": partial(act.render_act, erasure),
    }


def main() -> list[Result]:
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
            milliseconds(partial(digest, CURRENT, pdf), times),
        )
        columns = "".join(f"{ms:9.4f}" for ms in (*steps, sum(steps)))
        print(f"{path:26}{len(pdf):8}{columns}")
    for name, draw in drawn().items():
        print(f"{name:26}{len(draw()):8}{milliseconds(draw, 20):9.4f}")
    return []
