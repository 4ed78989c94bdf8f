"""What is wrong at a door of a running service is told clearly, whichever service it is."""

import base64
import json

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from tests.system.conftest import PARENT

DOORS = [
    ("identity", "/me"),
    ("certificates", "/children/{id}/certificate"),
    ("documents", "/certificates/{id}/credentials.pdf"),
]
NOBODY = "00000000-0000-0000-0000-000000000000"


def parts_of(token: str) -> tuple[dict, dict]:
    """Header and claims, as anybody can read them."""
    header, claims, _ = token.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, claims))


@pytest.mark.parametrize(("service", "path"), DOORS)
async def test_a_token_that_somebody_else_has_signed_opens_nothing(system, service, path):
    """The same claims under the name of identity's own key: only the signature is another."""
    genuine = (await system.sign_in(PARENT))["Authorization"].removeprefix("Bearer ")
    header, claims = parts_of(genuine)
    forged = jwt.encode(header, claims, OKPKey.generate_key("Ed25519"), algorithms=["Ed25519"])
    path = path.format(id=claims["sub"])
    answer = await system.get(service, path, {"Authorization": f"Bearer {forged}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    answer = await system.get(service, path, {"Authorization": f"Bearer {genuine}"})
    assert answer.status_code != 401


@pytest.mark.parametrize(("service", "path"), DOORS[1:])
@pytest.mark.parametrize(
    ("wrong", "status", "code"), [("x", 422, "invalid_request"), (NOBODY, 404, "not_found")]
)
async def test_a_wrong_id_is_told(system, service, path, wrong, status, code):
    who = await system.sign_in(PARENT)
    answer = await system.get(service, path.format(id=wrong), who)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
