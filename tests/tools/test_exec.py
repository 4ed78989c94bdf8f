"""An operator's command on the local stack: one way, with nothing to set by hand."""

import json
import os
import subprocess
import sys

from certificates.settings import Settings

from tests.conftest import KEY
from tools.stack import running, secret_files
from tools.stack.settings import ROOT, load


def run(folder, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.stack.exec", *words],
        env=dict(load().environment) | {"LOCAL_DIR": str(folder)},
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_without_a_stack_it_says_one_sentence(tmp_path):
    ended = run(tmp_path, "certificates", "chassis.commands", "quarantine", "list")
    assert ended.returncode == 2
    assert ended.stderr.strip() == "Nothing is running here. Start it first: make up"


def test_without_a_service_it_says_how(tmp_path):
    ended = run(tmp_path, "postgres")
    assert ended.returncode == 2
    assert "Usage: python -m tools.stack.exec identity|certificates|documents" in ended.stderr


async def test_a_command_runs_with_the_settings_of_the_service(
    tmp_path, postgres_server, settings_for, migrated
):
    settings = settings_for(Settings)
    await migrated(settings, "certificates")
    secrets = secret_files.ensure(tmp_path / "secrets")["certificates"]
    (secrets / "database_password").write_text(postgres_server.password)
    (secrets / "encryption_key").write_text(KEY)
    running.write(tmp_path, {running.SUPERVISOR: os.getpid()})
    user, _, rest = settings.database_url.removeprefix("postgresql://").partition("@")
    known = {
        "kafka": "127.0.0.1:1", "urls": {"identity": "http://127.0.0.1:1"},
        "databases": {"certificates": f"postgresql://{user}:{postgres_server.password}@{rest}"},
    }  # fmt: skip
    (tmp_path / "demo.json").write_text(json.dumps(known))
    ended = run(tmp_path, "certificates", "chassis.commands", "quarantine", "list")
    assert (ended.returncode, ended.stdout.strip()) == (0, "None."), ended.stderr
