"""docs/http-walk.md, run as it stands there but for who signs in and where."""

import asyncio
import os
import re
from pathlib import Path

from tests.contracts.examples import DEADLINE_S, ROOT
from tests.system.conftest import PARENT

BLOCKS = re.findall(
    r"```bash\n(.*?)```", (ROOT / "docs" / "http-walk.md").read_text(encoding="utf-8"), re.DOTALL
)
RAW = """curl --silent -o /dev/null -w '\n%{http_code}' "$CERTIFICATES/certificates?name=Иванов" """


async def run(script: str, given: dict[str, str], folder: Path) -> str:
    """What a script prints in which each command is well."""
    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, cwd=folder,
        env=os.environ | {"NO_PROXY": "127.0.0.1"} | given, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(DEADLINE_S):
        printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()
    return printed.decode()


async def test_one_certificate_goes_the_whole_way_by_the_commands_that_are_told(system, tmp_path):
    parent, staff = system.user(PARENT), system.user("authorized")
    given = {
        "IDENTITY": system.url("identity"), "CERTIFICATES": system.url("certificates"),
        "DOCUMENTS": system.url("documents"), "CHILD": await system.new_child(),
        "PARENT_LOGIN": parent["login"], "PARENT_PASSWORD": parent["password"],
        "STAFF_LOGIN": staff["login"], "STAFF_PASSWORD": staff["password"],
    }  # fmt: skip
    settings, *walk = BLOCKS
    assert set(re.findall(r"\b([A-Z_]+)=", settings)) == given.keys()
    printed = await run("\n".join([*walk, RAW]), given, tmp_path)
    assert (tmp_path / "credentials.pdf").read_bytes().startswith(b"%PDF")
    path = f"/children/{given['CHILD']}/certificate"
    page = (await system.get("certificates", path, await system.sign_in(PARENT))).json()
    assert page["certificate"]["status"] == "suspended"
    assert printed.count('"child":{') == 1  # by name; what is found by number is not printed
    assert printed.count('"action":"suspended"') == 2  # to the family and to the desk
    assert printed.endswith("\n400")
