"""Schemathesis asks the running services what their OpenAPI allows and forbids, and compares.

No answer is a defect of ours (5xx), and none has a status, a content type, a header or a body that
the document does not tell. Always the same questions; `SCHEMA_EXAMPLES=500` asks more of each kind.
"""

import asyncio
import os
import re
import sys
from pathlib import Path
from uuid import UUID

import pytest
from contracts.ids import verification_token

from tests.system.conftest import PARENT, System
from tests.waiting import eventually
from tools.stack.apart import a_stack

EXAMPLES = os.environ.get("SCHEMA_EXAMPLES", "2")
ASKED_S_MAX = 60.0 * max(1, int(EXAMPLES))
# All but what OpenAPI cannot tell: why a value of the right form is refused, and what a deletion
# leaves (positive_data_acceptance, use_after_free, ensure_resource_availability).
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance,negative_data_rejection,"
    "missing_required_header,unsupported_method,allow_header_conformance,ignored_auth"
)
COUNT = re.compile(r"(\d+) generated")
# Who asks which addresses: all, or those that are only for them.
ALL = "(?<!/events)$"  # that one does not end
ASKED = [
    ("documents", PARENT, ALL),
    ("documents", "pfdo", "^/portal-accounts"),
    ("documents", "operator", "^/erasures"),
    ("certificates", PARENT, ALL),
    ("certificates", "authorized", "^/certificates"),
    ("certificates", "operator", "^/(rules|imports)"),
    ("identity", "operator", ALL),
]


@pytest.fixture(scope="module")
def system():
    """Not the one of the other tests: much is changed, and guessing passwords is slowed down."""
    with a_stack("schema-") as stack:
        yield System(stack)


@pytest.fixture(scope="module")
async def tokens(system) -> dict[str, str]:
    """Before anything is asked: afterwards signing in from here is slowed down."""
    notes = {note: system.user(note) for _, note, _ in ASKED}
    return {note: await token(system, user) for note, user in notes.items()}


async def token(system, user) -> str:
    form = {"username": user["login"], "password": user["password"]}
    if user["role"] == "client":
        form = {"client_id": user["login"], "client_secret": user["password"]}
        form["grant_type"] = "client_credentials"
    answer = await system.post("identity", "/token", {}, data=form)
    return answer.json()["access_token"]


@pytest.fixture(scope="module")
async def config(system, tokens, tmp_path_factory) -> Path:
    """Things that are there, for the addresses; whoever is erased has an erasure."""
    parent, operator = bearer(tokens[PARENT]), bearer(tokens["operator"])
    child, gone = await system.new_child(), await system.new_child()
    certificate = await system.certificate(child, parent)
    page = await system.get("certificates", f"/children/{child}/certificate", parent)
    why = {"reason": "Отзыв согласия"}
    erasure = await system.post("identity", f"/users/{gone}/erasure", operator, json=why)
    act = f"/erasures/{erasure.json()['id']}"

    async def done() -> bool:
        return (await system.get("identity", act, operator)).json()["state"] == "done"

    await eventually(done)
    me = await system.get("identity", "/me", parent)
    known = {
        "child_id": child,
        "user_id": await system.new_child(),
        "parent_id": me.json()["user_id"],
        "certificate_id": certificate,
        "number": page.json()["certificate"]["number"],
        "request_id": page.json()["request"]["id"],
        "token": verification_token(UUID(certificate)),
        "erasure_id": erasure.json()["id"],
    }
    path = tmp_path_factory.mktemp("schema") / "schemathesis.toml"
    lines = [f'"path.{name}" = "{value}"' for name, value in known.items()]
    path.write_text("\n".join(["[parameters]", *lines, ""]))
    return path


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(("service", "who", "where"), ASKED)
async def test_a_service_answers_nothing_that_its_openapi_does_not_tell(
    system, tokens, config, capsys, service, who, where
):
    said = await asyncio.wait_for(
        asked(f"{system.url(service)}/openapi.json", tokens[who], where, config), ASKED_S_MAX
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{service} by {who}: {COUNT.search(said)[1]} questions\n")


async def asked(url: str, token: str, where: str, config: Path) -> str:
    """What schemathesis says; fails with it where it complains."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", url),
        *("--header", f"Authorization: Bearer {token}", "--checks", CHECKS),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES),
        *("--generation-deterministic", "--continue-on-failure", "--no-color"),
        *("--include-path-regex", where),
        cwd=config.parent, env=os.environ | {"NO_PROXY": "127.0.0.1"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await child.communicate())[0].decode()
    assert child.returncode == 0, said
    return said
