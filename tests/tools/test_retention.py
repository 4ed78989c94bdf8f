"""Every table has a stated retention, in the code that keeps it and in the operators' guide."""

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
by_service = pytest.mark.parametrize("service", SERVICES)


@pytest.fixture
async def tables(service, settings_for, migrated) -> Any:
    kind = SERVICES[service][1]
    more = {"portal_url": PORTAL} if service == "documents" else {}
    return await migrated(settings_for(kind, **more), service)


@by_service
async def test_every_table_has_a_rule_or_a_reason_to_stay(service, tables):
    own = SERVICES[service][0]
    rows = await tables.fetch(
        "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p') AND NOT relispartition AND relname NOT LIKE '%yoyo%'"
    )
    ruled = {rule.table for rule in (*COMMON, *own.RULES)}
    stays = retention.STAYS | own.STAYS
    assert {row["name"] for row in rows} == ruled | set(stays)
    assert not ruled & set(stays)


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
