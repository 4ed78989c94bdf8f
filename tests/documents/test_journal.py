"""Who was given a document, before and now, is in one sealed chain."""

import re
from pathlib import Path

from chassis import journal

from tests.builders import NOW, an_id
from tests.conftest import ROOT
from tests.documents.desk import a_family, issued
from tests.doors import bearer

MIGRATIONS = ROOT / "services" / "documents" / "migrations"
ADDRESS = f"/certificates/{an_id('certificate of child')}/credentials"


def sql(file: str, start: str) -> str:
    """The statement of an old migration that begins so."""
    text = Path(MIGRATIONS / file).read_text(encoding="utf-8")
    (found,) = re.findall(rf"^{start}.*?;", text, re.MULTILINE | re.DOTALL)
    return str(found)


async def test_old_downloads_are_carried_over_into_the_chain(desk):
    await desk.consume(*a_family(), issued())
    await desk.pool.execute(sql("0001_documents.sql", "CREATE TABLE downloads"))
    await desk.pool.execute(sql("0002_doors.sql", "ALTER TABLE downloads"))
    given = [
        ("credentials", None, "certificate of child", "parent"),
        ("credentials", None, "certificate of child", "child"),
        ("application", "child", None, "clerk"),
        ("portal_account", "child", "certificate of child", "portal"),
    ]
    await desk.pool.executemany(
        "INSERT INTO downloads (kind, child_id, certificate_id, document_id, user_id,"
        " downloaded_at) VALUES ($1, $2, $3, $4, $5, $6)",
        [
            (kind, child and an_id(child), of and an_id(of), an_id("paper"), an_id(who), NOW)
            for kind, child, of, who in given
        ],
    )
    await desk.pool.execute((MIGRATIONS / "0003_one_journal.sql").read_text(encoding="utf-8"))
    rows = await desk.pool.fetch("SELECT * FROM journal ORDER BY id")
    assert [(row["action"], row["actor"]) for row in rows] == [
        ("downloaded_credentials", "parent"),
        ("downloaded_credentials", "student"),
        ("downloaded_application", "staff"),
        ("downloaded_portal_account", "client"),
    ]
    assert {row["subject"] for row in rows} == {an_id("child")}
    assert {row["happened_at"] for row in rows} == {NOW}
    assert rows[2]["details"] == f"document {an_id('paper')}"
    assert await journal.seal(desk.door.store) == 4
    assert await desk.pool.fetchval("SELECT to_regclass('downloads')") is None


async def test_a_new_password_is_journalled_with_who_pressed(client, desk):
    await desk.consume(*a_family(), issued())
    answer = await client.post(f"{ADDRESS}/rotation", headers=bearer("parent", "parent"))
    assert answer.status_code == 201
    (row,) = await desk.pool.fetch("SELECT * FROM journal")
    assert (row["action"], row["actor"]) == ("rotated_credentials", "parent")
    assert (row["actor_id"], row["subject"]) == (an_id("parent"), an_id("child"))
