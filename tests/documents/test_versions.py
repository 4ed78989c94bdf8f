"""A document of an earlier template version stays what it was; new ones are built as was chosen."""

import hashlib
from typing import get_args

import pytest
from documents.credentials import seal_values
from documents.credentials_page.render import CURRENT
from documents.drawing.templates import VERSIONS
from documents.settings import Settings

from tests.documents.desk import PORTAL, a_desk, a_family, issued
from tests.documents.pages import values
from tests.documents.test_api import PDF
from tests.documents.test_digests import GOLDEN
from tests.documents.test_rotation import PRESS
from tests.doors import bearer, problem, said

OLD, NEW = VERSIONS
PARENT = bearer("parent", "parent")


@pytest.fixture
async def family(desk):
    await desk.consume(*a_family())
    return desk


@pytest.fixture
async def family_of_before(family, settings_for):
    """Their document was built by a replica that was told to build the earlier version."""
    told = settings_for(Settings, portal_url=PORTAL, credentials_template=OLD)
    await a_desk(told, family.pool, family.workshop.executor).consume(issued())
    return family


async def versions(desk) -> list[str]:
    return [one.event["template_version"] for one in await said(desk.pool)]


async def test_new_documents_are_built_with_the_newest_version(family):
    await family.consume(issued())
    assert (await family.row())["template_version"] == CURRENT == NEW
    assert await versions(family) == [NEW]


async def test_a_replica_builds_an_earlier_version_while_it_is_told_to(client, family_of_before):
    """So that one of the release before can give the document out as well."""
    assert await versions(family_of_before) == [OLD]
    row, answer = await family_of_before.row(), await client.get(PDF, headers=PARENT)
    assert row["template_version"] == OLD
    assert hashlib.sha256(answer.content).digest() == row["digest"]


def test_every_version_that_is_here_may_be_chosen_and_the_newest_is_unless_told():
    setting = Settings.model_fields["credentials_template"]
    assert get_args(setting.annotation) == VERSIONS
    assert setting.default == CURRENT


@pytest.mark.parametrize("name", ["Иванов Игорь Иванович", "Öztürk Şükrü Łukasz"])
@pytest.mark.parametrize("built_with", VERSIONS)
async def test_a_document_of_any_version_is_given_out_byte_for_byte_as_promised(
    client, family_of_before, built_with: str, name: str
):
    """What is stored of it is that of a real document: its values, its version, its digest."""
    desk, child = family_of_before, values(full_name=name)
    about = (await desk.row())["document_id"]
    sealed = seal_values(desk.workshop.master_key, about, child)
    promised = GOLDEN[built_with][child]
    await desk.pool.execute(
        "UPDATE credentials SET sealed_values = $1, sealed_key = $2, template_version = $3,"
        " digest = decode($4, 'hex')", *sealed, built_with, promised,
    )  # fmt: skip
    answer = await client.get(PDF, headers=PARENT)
    assert hashlib.sha256(answer.content).hexdigest() == promised


async def test_a_new_password_is_on_a_page_of_the_newest_version(client, family_of_before):
    assert (await client.post(PRESS, headers=PARENT)).status_code == 201
    assert (await family_of_before.row())["template_version"] == NEW
    assert await versions(family_of_before) == [OLD, NEW]
    assert (await client.get(PDF, headers=PARENT)).status_code == 200


async def test_a_document_of_a_version_that_is_not_here_yet_is_asked_for_again_later(
    client, family
):
    """A replica that is replaced last meets what one that was replaced first has built."""
    await family.consume(issued())
    await family.pool.execute("UPDATE credentials SET template_version = 'credentials-99'")
    answer = await client.get(PDF, headers=PARENT)
    problem(answer, 503, "document_of_newer_release")
    assert answer.headers["retry-after"]
    assert await family.pool.fetch("SELECT * FROM journal") == []
