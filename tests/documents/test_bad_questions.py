"""Whatever is asked of documents over HTTP, nobody gets a traceback for an answer."""

from documents import api

from tests.badly import complaints
from tests.builders import an_id
from tests.documents.desk import a_family, issued
from tests.doors import bearer


async def test_each_question_that_cannot_be_answered_is_told_so_in_a_sentence(desk, client):
    await desk.consume(*a_family(), issued())
    known = {"child_id": an_id("child"), "certificate_id": issued().certificate_id}
    who = [bearer("parent", "parent"), bearer("pfdo", scope="portal-accounts:read"), {}]
    assert await complaints(client, api.router, *who, **known) == []
