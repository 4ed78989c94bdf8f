"""Whatever is asked of identity over HTTP, nobody gets a traceback for an answer."""

from identity import api

from tests.badly import complaints


async def test_each_question_that_cannot_be_answered_is_told_so_in_a_sentence(office):
    nobody = {"Authorization": "Bearer none"}
    assert await complaints(office, api.router, {}, nobody) == []
