"""The processes that make slow pages end with the service, however it ends."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from concurrent.futures import BrokenExecutor

import psutil
from documents.build import page_pool

from tests.waiting import eventually

SERVICE = """
import os, sys
from documents.build import page_pool
if __name__ == "__main__":
    with page_pool() as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        sys.stdin.read()
"""


async def test_a_killed_service_leaves_no_process_behind(tmp_path):
    program = tmp_path / "service.py"  # spawned processes read the main module again
    program.write_text(SERVICE)
    service = await asyncio.create_subprocess_exec(
        sys.executable, str(program), stdin=PIPE, stdout=PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    worker = psutil.Process(int(await service.stdout.readline()))
    service.kill()
    await service.wait()
    try:
        await eventually(lambda: is_gone(worker))
    finally:
        if not is_gone(worker):
            worker.kill()


async def test_a_killed_page_process_is_replaced():
    """As when the machine ran out of memory: the documents after it are made all the same."""
    with page_pool() as pool:
        psutil.Process(pool.submit(os.getpid).result()).kill()

        def works_again() -> bool:
            try:
                return pool.submit(os.getpid).result() > 0
            except BrokenExecutor:  # it was told before the pool knew of the kill
                return False

        await eventually(works_again)


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
