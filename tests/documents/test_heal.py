"""What is said again of a document is what was said last; what was before cannot be."""

import pytest
from chassis import healing
from documents import heal
from documents.settings import Settings

from tests.builders import an_id
from tests.documents.desk import PORTAL, issued
from tests.documents.test_retry import fail, now_due
from tests.documents.test_rotation import family, press
from tests.doors import said

__all__ = ["family"]
CERTIFICATE = issued().certificate_id


@pytest.fixture
def ask(settings_for):
    settings = settings_for(Settings, portal_url=PORTAL)

    async def answers(*lines: str, cure=heal.announce) -> list[str]:
        return [answer async for answer in healing.heal(settings, cure, lines)]

    return answers


def line(version: int) -> str:
    return f"documents.v1 {CERTIFICATE} {version}"


async def lose_all_said(desk) -> list:
    first = await said(desk.pool)
    await desk.pool.execute("DELETE FROM outbox")
    return first


@pytest.mark.parametrize("rotated", [False, True])
async def test_a_document_is_told_as_it_was(client, family, ask, rotated):
    if rotated:
        await press(client)
    *_, last = await lose_all_said(family)
    (answer,) = await ask(line(2 if rotated else 1))
    assert answer.startswith("healed"), answer
    (again,) = await said(family.pool)
    assert (again.kind, again.event) == (last.kind, last.event)


async def test_a_failure_is_told_as_it_was(desk, ask):
    await fail(desk)
    await now_due(desk)
    *_, last = await lose_all_said(desk)
    (answer,) = await ask(line(2))
    assert answer.startswith("healed"), answer
    (again,) = await said(desk.pool)
    assert (again.kind, again.event) == (last.kind, last.event)


async def test_what_a_document_was_before_is_not_stored_and_that_is_said(client, family, ask):
    await press(client)
    (answer,) = await ask(line(1))
    assert answer == (f"cannot  {line(1)}: it is at version 2, and how it was before is not stored")


async def test_what_waits_in_the_outbox_is_not_said_twice(family, ask):
    await lose_all_said(family)
    await ask(line(1))
    (answer,) = await ask(line(1))
    assert "waits in the outbox already" in answer
    assert len(await said(family.pool)) == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("documents.v1", "write: TOPIC ID VERSION"),
        ("documents.v1 x 1", "x is no id"),
        (f"documents.v1 {an_id('nobody')} 1", "nothing of it is stored here"),
        (f"certificates.v1 {CERTIFICATE} 1", "documents says nothing on this topic"),
    ],
)
async def test_what_cannot_be_said_again_has_its_reason(desk, ask, words, why):
    (answer,) = await ask(words)
    assert answer.startswith(f"cannot  {words}: {why}")


async def test_a_line_that_is_none_is_told_and_the_next_one_is_tried(desk, ask):
    lines = ["rubbish", "one two three", f"{CERTIFICATE} certificates.v1:0:0 -1"]
    wanted = "write it as CERTIFICATE_ID PLACE VERSION"
    assert await ask(*lines, cure=heal.rebuild) == [f"cannot  {line}: {wanted}" for line in lines]
