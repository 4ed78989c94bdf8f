"""A file of 100,000 users: until its answer, until it is done, and the memory of the service.

`python -m bench imports`: a stack of its own. Then the same file with 100 bad rows, as a dry run.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import httpx
import psutil

from tools.stack.apart import Stack, a_stack

ROWS = 100_000
BAD = 100
WAIT_S_MAX = 600.0
HEAD = "ИД СГО;Фамилия;Имя;Отчество;Роль;Дата рождения;Муниципалитет\n"
CSV = {"Content-Type": "text/csv"}


def main() -> None:
    with a_stack("bench-") as stack, httpx.Client(timeout=120, trust_env=False) as http:
        http.base_url = stack.demo["urls"]["identity"]
        http.headers.update(_operator(stack, http))
        with _memory(stack.pids()["identity"]) as peak_mib:
            before = peak_mib[0]
            _measure(http, "import", _file(bad=0), dry_run=False)
        print(f"  memory of identity, MiB: {before} before, {max(peak_mib)} at most")
        answer = _measure(http, f"dry run, {BAD} bad rows", _file(bad=BAD), dry_run=True)
        print(f"  failed {answer['failed']}, listed {len(answer['errors'])}; the first:")
        print(f"  {answer['errors'][0]}")


def _operator(stack: Stack, http: httpx.Client) -> dict[str, str]:
    (user,) = [one for one in stack.demo["users"] if one["role"] == "operator"]
    form = {"username": user["login"], "password": user["password"]}
    token = http.post("/token", data=form).raise_for_status().json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def _measure(http: httpx.Client, what: str, content: bytes, *, dry_run: bool) -> dict[str, Any]:
    """Send, then look twice a second until it is done."""
    started = time.perf_counter()
    sent = http.post("/imports/users", content=content, headers=CSV, params={"dry_run": dry_run})
    location = sent.raise_for_status().headers["location"]
    received = time.perf_counter() - started
    while True:
        answer: dict[str, Any] = http.get(location).raise_for_status().json()
        took = time.perf_counter() - started
        if answer["state"] in {"done", "failed"}:
            break
        if took > WAIT_S_MAX:
            raise SystemExit(f"The import is not done after {WAIT_S_MAX:.0f} s.")
        time.sleep(0.5)
    counts = ", ".join(f"{name} {answer[name]}" for name in ("created", "unchanged", "failed"))
    size = f"{len(content) / 1e6:.1f} MB, 202 after {received:.1f} s"
    rate = f"{answer['state']} after {took:.1f} s, {ROWS / took:,.0f} rows/s"
    print(f"{what}: {size}, {rate}; {counts}")
    return answer


def _file(*, bad: int) -> bytes:
    """Every thousandth row is bad where `bad` is a hundred."""
    born = date(datetime.now(UTC).year - 10, 1, 15).strftime("%d.%m.%Y")  # noqa: TID251
    every = ROWS // bad if bad else 1  # n % 1 is never 1: none is bad
    rows = (
        f"bench-{n};Проверочная;Александра;Ивановна;учащийся;"
        f"{'вчера' if n % every == 1 else born};bench\n"
        for n in range(ROWS)
    )
    return (HEAD + "".join(rows)).encode("cp1251")


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


if __name__ == "__main__":
    main()
