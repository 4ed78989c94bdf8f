"""Each route of each service, asked by everybody for everybody's things, as `who_may` says."""

import sys

import pytest

from tests.routes.asking import Asked, Town, those_who_may, those_who_may_not
from tests.routes.in_certificates import certificates
from tests.routes.in_documents import documents
from tests.routes.in_identity import identity
from tests.routes.who_may import HEALTH, NAMED, ROLES, SPOILT, WHO_MAY, WHOSE
from tools.docs import ROUTERS, openapi

MAKE = {
    "identity": identity, "certificates": certificates, "documents": documents,
}  # fmt: skip


@pytest.fixture(scope="module", params=WHO_MAY)
async def town(request, postgres_server, template):
    async with MAKE[request.param](postgres_server, template) as town:
        yield town


@pytest.fixture
def told(capsys):
    """Says how much was asked; fails with every answer that the table does not say."""

    def tell(town: Town, asked: Asked) -> None:
        with capsys.disabled():
            sys.stdout.write(
                f"\n{town.service}: {asked.count} questions: {len(WHO_MAY[town.service])} routes,"
                f" {len(ROLES)} roles, {len(SPOILT)} bad tokens, things of {len(WHOSE)}\n"
            )
        assert asked.count > len(WHO_MAY[town.service])
        assert asked.complaints == []

    return tell


async def test_every_route_that_is_served_stands_in_the_table(town):
    assert set(await town.routes()) == set(WHO_MAY[town.service])
    assert town.unlisted() == set()


async def test_who_is_not_in_the_table_is_refused_and_changes_nothing(town, told):
    told(town, await those_who_may_not(town))


async def test_who_is_in_the_table_is_let_in(town, told):
    told(town, await those_who_may(town))


@pytest.mark.parametrize("service", WHO_MAY)
def test_openapi_asks_for_a_token_where_the_table_does(service):
    document = openapi(service, ROUTERS[service])
    table = WHO_MAY[service] | HEALTH
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            allowed = table[f"{method.upper()} {path}"]
            needed = [name for one in said.get("security", []) for name in one["token"]]
            assert ("security" not in said) == ("anybody" in allowed), path
            assert needed == [name for name, who in NAMED.items() if who == allowed], path
