"""Every table has a stated retention, in the code that keeps it and in the operators' guide.

What holds something of a person is in the act of an erasure, too.
"""

import re
from datetime import timedelta
from typing import Any

import certificates.retention
import certificates.settings
import documents.retention
import documents.settings
import identity.retention
import identity.settings
import pytest
from chassis import clock, retention
from chassis.retention import Rule
from contracts.topics import TOPICS
from documents.on_demand import act_places

from tests.documents.desk import PORTAL
from tests.tools.test_service_readmes import section
from tools.samples import ROOT

GUIDE = (ROOT / "docs" / "operators-guide.md").read_text(encoding="utf-8")
LINES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in section(GUIDE, "Сколько что хранится").splitlines()
    if line.startswith("| `")
]
SERVICES: dict[str, tuple[Any, Any]] = {
    "identity": (identity.retention, identity.settings.Settings),
    "certificates": (certificates.retention, certificates.settings.Settings),
    "documents": (documents.retention, documents.settings.Settings),
}
COMMON = retention.rules(timedelta(days=45))
# Nothing of anybody is ever in these; documents takes no files.
NOBODYS = {
    "organizations", "signing_keys", "consent_texts", "number_key", "key_check", "sealed_columns",
    "journal_start", "journal_links", "journal_unsealed", "counts", "count_changes",
}  # fmt: skip
NOT_USED = {"documents": {"uploads", "upload_rows", "upload_taken", "upload_errors"}}
by_service = pytest.mark.parametrize("service", SERVICES)


@pytest.fixture
async def tables(service, settings_for, migrated) -> Any:
    kind = SERVICES[service][1]
    more = {"portal_url": PORTAL} if service == "documents" else {}
    return await migrated(settings_for(kind, **more), service)


async def names(tables: Any) -> set[str]:
    rows = await tables.fetch(
        "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p') AND NOT relispartition AND relname NOT LIKE '%yoyo%'"
    )
    return {row["name"] for row in rows}


@by_service
async def test_every_table_has_a_rule_or_a_reason_to_stay(service, tables):
    own = SERVICES[service][0]
    ruled = {rule.table for rule in (*COMMON, *own.RULES)}
    stays = retention.STAYS | own.STAYS
    assert await names(tables) == ruled | set(stays)
    assert not ruled & set(stays)


@by_service
async def test_every_table_is_in_the_act_of_an_erasure_or_holds_nothing_of_anybody(service, tables):
    told = [where for (who, _), (where, *_) in act_places.DESTROYED.items() if who == service]
    told += [where for who, where, _ in act_places.IN_TABLES if service in who]
    in_the_act = {table for where in told for table in where.split(", ")}
    nobodys = NOBODYS | NOT_USED.get(service, set())
    existing = await names(tables)
    assert existing - nobodys == in_the_act
    assert not in_the_act & nobodys


def test_every_topic_is_in_the_act_of_an_erasure():
    for topic in TOPICS:
        assert [line for line in act_places.ELSEWHERE if re.search(rf"{topic.name}\b", line)], topic


def test_the_act_says_how_long_what_documents_does_not_keep_is_kept():
    days = act_places.FIXED_DAYS
    own = {rule.table: rule.kept.days for rule in identity.retention.RULES}
    assert (days["keys"], days["tries"]) == (own["idempotency_keys"], own["sign_in_tries"])
    for topic in TOPICS:
        if topic.retention_days:
            name = "year_topics" if topic.retention_days == 365 else "month_topics"
            (line,) = [one for one in act_places.ELSEWHERE if re.search(rf"{topic.name}\b", one)]
            assert f"{{{name}}}" in line
            assert topic.retention_days < days[name]


@by_service
async def test_every_rule_can_be_held(service, tables):
    """Its table and its columns are there, and nothing of today goes."""
    rules = [*COMMON, *SERVICES[service][0].RULES]
    assert await retention.tidy(tables, rules, clock.now()) == 0


def age(rule: Rule) -> str:
    return f"{rule.kept.days} д" if rule.kept.days else f"{rule.kept.seconds // 3600} ч"


@by_service
def test_the_guide_says_how_long_each_table_is_kept(service):
    own = SERVICES[service][0]
    for rule in own.RULES:
        (told,) = [row for row in LINES if row[0] == f"`{rule.table}`" and service in row[1]]
        assert age(rule) in told[2], rule.table
    for table in own.STAYS:
        assert [row for row in LINES if row[0] == f"`{table}`" and service in row[1]], table


def test_the_guide_says_it_of_the_tables_of_every_service():
    for table in {rule.table for rule in COMMON} | set(retention.STAYS):
        assert [row for row in LINES if row[0] == f"`{table}`" and row[1] == "все"], table
    for rule in COMMON:
        assert any(age(rule) in row[2] for row in LINES if row[0] == f"`{rule.table}`")
