"""Whatever is asked of certificates over HTTP, nobody gets a traceback for an answer."""

from certificates import api

from tests.badly import complaints
from tests.builders import an_id
from tests.doors import bearer


async def test_each_question_that_cannot_be_answered_is_told_so_in_a_sentence(client, number):
    who = [bearer("parent", "parent"), bearer("clerk", "staff"), bearer("operator", "operator"), {}]
    known = {"child_id": an_id("child"), "number": number, "municipality": "m1"}
    assert await complaints(client, api.router, *who, **known) == []
