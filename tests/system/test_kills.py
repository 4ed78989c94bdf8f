"""Whatever dies in the middle of the work, all that was asked for is answered, each once."""

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import uuid4

import httpx
import pytest
from contracts import topics
from contracts.events import SgoUserChanged
from contracts.ids import user_id

from tests.system.outside import Heard, Sgo, a_request, a_student, subscribed
from tests.waiting import eventually
from tools.stack.settings import SERVICES

BACK_S_MAX = 60.0
REFUSED_EVERY = 10
AT_ONCE = 10
ISSUED, REFUSED, READY = (
    "certificate.issued", "certificate.refused", "document.credentials.ready",
)  # fmt: skip


@dataclass(frozen=True)
class Crowd:
    """Students who ask for themselves; every tenth is four years old, and refused."""

    names: Sequence[str]

    def told(self) -> list[SgoUserChanged]:
        too_young = set(self.names[::REFUSED_EVERY])
        return [a_student(name, age=4 if name in too_young else 15) for name in self.names]

    @cached_property
    def expected(self) -> dict[str, set[str]]:
        """The types of all events of each child, by its key."""
        types = {str(user_id(name)): {ISSUED, READY} for name in self.names}
        return types | {str(user_id(name)): {REFUSED} for name in self.names[::REFUSED_EVERY]}


def unanswered(crowd: Crowd, heard: Heard) -> list[str]:
    """The children of whom not all was heard that is expected."""
    return [key for key, types in crowd.expected.items() if not types <= heard.of[key].keys()]


def wrongly_answered(crowd: Crowd, heard: Heard) -> list[str]:
    """Who got something else, or one thing under two ids; the same id again is no second event."""
    return [
        key
        for key, types in crowd.expected.items()
        if types != heard.of[key].keys() or any(len(said) > 1 for said in heard.of[key].values())
    ]


async def killed_in_the_middle(
    pid: int, ends: set[str], crowd: Crowd, part: Sequence[str], sgo: Sgo, heard: Heard
) -> None:
    """`part` asks, one after the other; when some got their end and some not, `pid` is killed.

    Returns when all requests are acknowledged, also those that came while it was dead.
    """
    asked: list[str] = []

    async def ask() -> None:
        for first in range(0, len(part), AT_ONCE):
            some = part[first : first + AT_ONCE]
            await sgo.tell(*map(a_request, some))
            asked.extend(key for name in some if crowd.expected[key := str(user_id(name))] & ends)

    def is_in_the_middle() -> bool:
        done = sum(not ends.isdisjoint(heard.of[str(user_id(name))]) for name in part)
        return 0 < done < len(asked)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(ask())
        why = "some have got their end, and others not"
        await eventually(is_in_the_middle, within_s=BACK_S_MAX, why=why)
        os.kill(pid, signal.SIGKILL)


async def are_back(system):
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
        try:
            answers = [await http.get(f"{system.url(name)}/health/ready") for name in SERVICES]
        except httpx.HTTPError:
            return False
    return all(answer.status_code == 200 for answer in answers)


@pytest.mark.parametrize(
    ("victims", "count"),
    [(SERVICES, 2000), (["postgres"], 500), (["kafka"], 500)],
    ids=["each service", "PostgreSQL", "Kafka"],
)
async def test_requests_in_the_middle_of_which_it_is_killed_are_all_answered_once(
    system, victims, count
):
    """It dies of signal 9 when some are answered and others wait; more come while it is dead."""
    if system.forgets and "kafka" in victims:
        pytest.skip("the in-memory broker keeps nothing")
    known = await system.gaps()  # what another test has put into quarantine is none of ours
    crowd = Crowd([f"crowd-{uuid4().hex[:8]}-{n}" for n in range(count)])
    kafka, share = system.demo["kafka"], count // len(victims)
    async with Sgo(kafka) as sgo, subscribed(kafka, topics.CERTIFICATES, topics.DOCUMENTS) as heard:
        await sgo.tell(*crowd.told())
        for place, victim in enumerate(victims):
            last = victim == victims[-1]
            part = crowd.names[place * share : None if last else (place + 1) * share]
            ends = {READY} if victim == "documents" else {ISSUED, REFUSED}
            await killed_in_the_middle(system.pid(victim), ends, crowd, part, sgo, heard)
        await eventually(lambda: not unanswered(crowd, heard), within_s=BACK_S_MAX)
        assert wrongly_answered(crowd, heard) == []
    await eventually(lambda: are_back(system), within_s=BACK_S_MAX)

    async def nothing_is_missing():
        return not await system.gaps() - known

    await eventually(nothing_is_missing, within_s=BACK_S_MAX)
