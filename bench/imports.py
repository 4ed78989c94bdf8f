"""A file of 100,000 users, then one of their certificates from another system.

Until the answer, until it is done, and the memory of the service; then each with 100 bad rows, as
a dry run. `python -m bench imports`: a stack of its own.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import httpx
import psutil

from bench.results import Result
from bench.town import a_town_stack
from tools.stack.apart import Stack

ROWS = 100_000
BAD = 100
WAIT_S_MAX = 600.0
USERS = (
    "ИД СГО;Фамилия;Имя;Отчество;Роль;Дата рождения;Муниципалитет;ИД места учёбы;"
    "Вид места учёбы;Место учёбы\n"
)
CERTIFICATES = "ИД ребёнка;Номер;Статус;Действует с;Действует по;Дата выдачи;ИД организации\n"
FIRST_NUMBER = 700_000_000_000
SAMPLE = 100  # each hundredth child tells whether certificates knows them all
CSV = {"Content-Type": "text/csv"}


def main() -> list[Result]:
    with a_town_stack() as stack, httpx.Client(timeout=120, trust_env=False) as http:
        urls = stack.demo["urls"]
        http.headers.update(_operator(stack, http))
        users = f"{urls['identity']}/imports/users"
        _both(stack, http, "identity", users, _users)
        certificates = f"{urls['certificates']}/imports/certificates"
        _await_children(http, certificates)
        _both(stack, http, "certificates", certificates, _certificates)
    return []


def _both(
    stack: Stack, http: httpx.Client, service: str, url: str, file: Callable[..., bytes]
) -> None:
    """The file as it should be, with the memory that it takes; then a dry run of a bad one."""
    with _memory(stack.pids()[service]) as peak_mib:
        before = peak_mib[0]
        _measure(http, f"{service}, import", url, file())
    print(f"  memory of {service}, MiB: {before} before, {max(peak_mib)} at most")
    bad = file(bad=BAD)
    answer = _measure(http, f"{service}, dry run, {BAD} bad rows", url, bad, dry_run=True)
    print(f"  failed {answer['failed']}, listed {len(answer['errors'])}; the first:")
    print(f"  {answer['errors'][0]}")


def _await_children(http: httpx.Client, url: str) -> None:
    """Until certificates has heard of them all."""
    started, sample = time.perf_counter(), _certificates(every=SAMPLE)
    while _done(http, url, sample, dry_run=True)["failed"]:
        if time.perf_counter() - started > WAIT_S_MAX:
            raise SystemExit("certificates has not heard of the users.")


def _operator(stack: Stack, http: httpx.Client) -> dict[str, str]:
    (user,) = [one for one in stack.demo["users"] if one["role"] == "operator"]
    form = {"username": user["login"], "password": user["password"]}
    token = (
        http.post(f"{stack.demo['urls']['identity']}/token", data=form)
        .raise_for_status()
        .json()["access_token"]
    )
    return {"Authorization": f"Bearer {token}"}


def _measure(
    http: httpx.Client, what: str, url: str, content: bytes, *, dry_run: bool = False
) -> dict[str, Any]:
    """How long a file takes, and what becomes of its rows."""
    answer = _done(http, url, content, dry_run=dry_run)
    counts = ", ".join(f"{name} {answer[name]}" for name in ("created", "unchanged", "failed"))
    size = f"{len(content) / 1e6:.1f} MB, 202 after {answer['received_s']:.1f} s"
    took = answer["took_s"]
    print(
        f"{what}: {size}, {answer['state']} after {took:.1f} s, {ROWS / took:,.0f} rows/s; {counts}"
    )
    return answer


def _done(http: httpx.Client, url: str, content: bytes, *, dry_run: bool) -> dict[str, Any]:
    """Send, then look twice a second until it is done."""
    started = time.perf_counter()
    sent = http.post(url, content=content, headers=CSV, params={"dry_run": dry_run})
    location = sent.raise_for_status().headers["location"]
    received_s = time.perf_counter() - started
    while True:
        answer: dict[str, Any] = http.get(httpx.URL(url).join(location)).raise_for_status().json()
        took_s = time.perf_counter() - started
        if answer["state"] in {"done", "failed"}:
            return answer | {"received_s": received_s, "took_s": took_s}
        if took_s > WAIT_S_MAX:
            raise SystemExit(f"The import is not done after {WAIT_S_MAX:.0f} s.")
        time.sleep(0.5)


def _bad(n: int, bad: int) -> bool:
    """Every thousandth row where `bad` is a hundred."""
    return bool(bad) and n % (ROWS // bad) == 1


def _users(*, bad: int = 0) -> bytes:
    born = date(datetime.now(UTC).year - 10, 1, 15).strftime("%d.%m.%Y")  # noqa: TID251
    rows = (
        f"bench-{n};Проверочная;Александра;Ивановна;учащийся;"
        f"{'вчера' if _bad(n, bad) else born};bench;school-1;школа;Школа № 1\n"
        for n in range(ROWS)
    )
    return (USERS + "".join(rows)).encode("cp1251")


def _certificates(*, bad: int = 0, every: int = 1) -> bytes:
    """A half of them active, the other not activated yet."""
    year = datetime.now(UTC).year  # noqa: TID251
    rows = (
        f"bench-{n};{'№' if _bad(n, bad) else ''}{FIRST_NUMBER + n};"
        f"{'активный' if n % 2 else 'неактивирован'};01.09.{year - 1};31.08.{year + 5};"
        f"25.08.{year - 1};centre\n"
        for n in range(0, ROWS, every)
    )
    return (CERTIFICATES + "".join(rows)).encode("cp1251")


@contextmanager
def _memory(pid: int) -> Iterator[list[int]]:
    """The resident memory of a process in MiB, looked at ten times a second."""
    process, ended = psutil.Process(pid), threading.Event()
    seen = [process.memory_info().rss >> 20]

    def look() -> None:
        while not ended.wait(0.1):
            seen.append(process.memory_info().rss >> 20)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()
