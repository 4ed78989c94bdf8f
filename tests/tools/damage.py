"""What can be missing or wrong in a world that was clean, and how `make verify` names it."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

import asyncpg
from chassis import journal
from chassis.outbox import Store
from contracts import Tombstone, topics
from contracts.events import ChildLinked, CredentialsDocumentReady
from contracts.ids import user_id

from tests.builders import NOW, a_record, a_user, an_id
from tests.documents.desk import issued
from tests.system.outside import a_student
from tests.tools.world import GONE, PARENT, SERVICES, World

LINK = f"{user_id(PARENT)}:{user_id('child-0')}"
Damage = Callable[[World], Awaitable[None]]


@dataclass(frozen=True)
class Gap:
    """What is done, and how the report names it: the check, whose, and a part of the line."""

    check: str
    shows: str
    damage: Damage
    names: Mapping[str, str] = field(default_factory=dict)


def sql(service: str, *statements: str) -> Damage:
    """`{child-3}` in a statement is that child's certificate."""

    async def damage(world: World) -> None:
        await world.execute(service, *(s.format(**world.certificates) for s in statements))

    return damage


def agreed(child: str, parent: str = PARENT) -> tuple[str, str]:
    """As the door writes it: the consent and its entry in the journal."""
    who = f"'{user_id(parent)}'", f"'{user_id(child)}'"
    consent = (
        "INSERT INTO consents (consent_id, child_id, given_by, purpose, text_version, given_at)"
        f" VALUES (gen_random_uuid(), {who[1]}, {who[0]}, 'certificate', 'v1', now())"
    )
    entry = (
        "INSERT INTO journal (happened_at, actor_id, actor, action, subject, details)"
        f" VALUES (now(), {who[0]}, 'parent', 'consented', {who[1]}, 'v1')"
    )
    return consent, entry


def told(*records) -> Damage:
    async def damage(world: World) -> None:
        await world.say(*(replace(one, topic=world.prefix + one.topic) for one in records))

    return damage


async def say_otherwise(world: World) -> None:
    """An event under the id of one that was said, with other content."""
    connection = await asyncpg.connect(world.databases["certificates"])
    row = await connection.fetchrow(
        "SELECT * FROM outbox_sent WHERE convert_from(value, 'UTF8') LIKE '%' || $1 || '%'",
        world.certificates["child-13"],
    )
    await connection.close()
    headers = [(name, text.encode()) for name, text in json.loads(row["headers"]).items()]
    await world.say(
        replace(a_record(a_user()), topic=world.prefix + row["topic"], key=row["key"].encode(),
                value=row["value"] + b" ", headers=tuple(headers))
    )  # fmt: skip


async def say_twice(world: World) -> None:
    """A version of a certificate under an id of its own, beside the one that was said."""
    event = issued("child-13", "780000000011")
    same = event.model_copy(update={"certificate_id": UUID(world.certificates["child-13"])})
    await told(a_record(same))(world)


def break_the_chain(service: str):
    async def damage(world: World) -> None:
        async with asyncpg.create_pool(world.databases[service]) as pool:
            entry = journal.Entry(NOW, None, "staff", "found", an_id("child"))
            await journal.append(pool, [entry] * 3)
            await journal.seal(Store(pool))
            await pool.execute(
                "ALTER TABLE journal DISABLE TRIGGER ALL;"
                " DELETE FROM journal WHERE id = (SELECT id FROM journal_links WHERE link = 2)"
            )

    return damage


READY = CredentialsDocumentReady(
    child_id=an_id("nobody"), certificate_id=an_id("nothing"), version=1,
    document_id=an_id("paper"), digest="0" * 64, template_version="1", built_at=NOW,
)  # fmt: skip
STRANGE_LINK = ChildLinked(parent_id=an_id("nobody"), child_id=an_id("nothing"), version=1)
BACK = a_user(version=9).model_copy(update={"user_id": user_id(GONE)})
DAY = "now() - interval '1 day'"
ROW = f"'t', 0, 77, 'why', '', {DAY}"
GAPS = [
    Gap("unanswered", "at certificates.requests.bulk.v1:0", sql("certificates",
        f"DELETE FROM certificate_requests WHERE child_id = '{user_id('child-0')}'")),
    Gap("half_answered", "{child-1}, and its request is refused", sql("certificates",
        "UPDATE certificate_requests SET status = 'refused' WHERE certificate_id = '{child-1}'")),
    Gap("half_answered", f"{an_id('lost')} is issued and has no certificate", sql("certificates",
        "INSERT INTO certificate_requests SELECT"
        f" '{an_id('lost')}', '{an_id('x')}', '{an_id('x')}', 'student', now(), 'issued'")),
    Gap("unsaid", f"{an_id('lost')} version 1", sql("certificates"),
        {"topic": "certificates.requests.v1"}),
    Gap("unsaid", "{child-2} version 2", sql("certificates",
        "UPDATE certificates SET version = 2 WHERE certificate_id = '{child-2}'",
        "INSERT INTO changes (certificate_id, version, kind, changed_at)"
        " VALUES ('{child-2}', 2, 'expiring', now())"), {"topic": "certificates.v1"}),
    Gap("unsaid", "{child-3} version 2", sql("documents",
        "UPDATE credentials SET version = 2 WHERE certificate_id = '{child-3}'"),
        {"topic": "documents.v1"}),
    Gap("unsaid", f"{user_id('child-4')} version 2", sql("identity",
        "UPDATE users SET version = 2 WHERE sgo_user_id = 'child-4'"),
        {"topic": "identity.users.v1"}),
    Gap("unsaid", f"{user_id(PARENT)}:{user_id('child-4')} version 2", sql("identity",
        f"UPDATE child_links SET version = 2 WHERE child_id = '{user_id('child-4')}'"),
        {"topic": "identity.child-links.v1"}),
    Gap("untrue", f"{an_id('certificate of nobody')} version 1",
        told(a_record(issued("nobody", "780000000011").model_copy(
            update={"certificate_id": an_id("certificate of nobody")}))),
        {"topic": "certificates.v1"}),
    Gap("untrue", "certificate.issued (unreadable)",
        told(replace(a_record(issued("nobody", "780000000011")), value=b"{")),
        {"topic": "certificates.v1"}),
    Gap("untrue", f"{an_id('nothing')} version 1", told(a_record(READY)),
        {"topic": "documents.v1"}),
    Gap("untrue", f"{an_id('nobody')} version 1", told(a_record(a_user("nobody"))),
        {"topic": "identity.users.v1"}),
    Gap("untrue", f"{an_id('nobody')}:{an_id('nothing')} version 1",
        told(a_record(STRANGE_LINK)), {"topic": "identity.child-links.v1"}),
    Gap("conflicting", "{child-13} version 1", say_twice),
    Gap("conflicting", "id ", say_otherwise),
    Gap("vanished", "event another-id", sql("documents",
        "INSERT INTO outbox_sent SELECT id, topic, key, value,"
        " jsonb_set(headers::jsonb, '{{ce_id}}', '\"another-id\"')::text, created_at, sent_at"
        " FROM outbox_sent LIMIT 1")),
    Gap("unerased", f"{user_id(GONE)}", told(a_record(BACK))),
    Gap("unconfirmed", f"{user_id(GONE)} by documents", sql("identity",
        "DELETE FROM erasure_confirmations WHERE service = 'documents'")),
    Gap("unheard", f"{user_id(GONE)}:documents version 2", sql("identity"),
        {"service": "identity", "topic": "erasures.v1"}),
    Gap("unheard", f"{user_id('new')} version 1", told(a_record(a_student("new"))),
        {"service": "identity", "topic": "sgo.users.v1"}),
    Gap("unheard", "", told(a_record(Tombstone("a:b"), topic=topics.SGO_CHILD_LINKS)),
        {"service": "identity", "topic": "sgo.child-links.v1"}),
    *(
        Gap("unheard", name, sql(service, f"DELETE FROM {table} WHERE {column} = '{who}'"),
            {"service": service, "topic": topic})
        for service in ("certificates", "documents")
        for topic, table, column, who, name in (
            ("identity.users.v1", "people", "user_id", user_id("child-0"), f"{user_id('child-0')}"),
            ("identity.child-links.v1", "child_links", "child_id", user_id("child-0"), LINK),
        )
    ),
    *(
        Gap("altered", f"{user_id(child)} version", sql(service,
            f"UPDATE people SET {change} WHERE user_id = '{user_id(child)}'"),
            {"service": service, "topic": "identity.users.v1"})
        for service, child, change in (
            ("certificates", "child-5", "full_name = 'Иванова Мария'"),
            ("certificates", "child-6", "birth_date = birth_date - 1"),
            ("certificates", "child-7", "municipality = 'm9'"),
            ("certificates", "child-8", "enrolled_at = enrolled_at || ARRAY['school-9']"),
            ("certificates", "child-9", "roles = roles || ARRAY['operator']"),
            ("certificates", "child-10", "authorized = true"),
            ("certificates", "child-11", "erased = true"),
            ("documents", "child-5", "full_name = 'Иванова Мария'"),
            ("documents", "child-6", "birth_date = birth_date - 1"),
            ("documents", "child-7", "school = 'Школа № 9'"),
            ("documents", "child-8", "staff_of = 'Центр'"),
            ("documents", "child-9", "is_operator = true"),
            ("documents", "child-10", "works_at = 'centre-1'"),
            ("documents", "child-11", "enrolled_at = enrolled_at || ARRAY['school-9']"),
            ("documents", "child-12", "student = false"),
        )
    ),
    *(
        Gap("altered", f"{user_id(PARENT)}:{user_id('child-5')} version 1", sql(service,
            f"UPDATE child_links SET linked = false WHERE child_id = '{user_id('child-5')}'"),
            {"service": service, "topic": "identity.child-links.v1"})
        for service in ("certificates", "documents")
    ),
    Gap("unconsented", f"of {user_id(PARENT)} for {user_id('child-0')} to v1", sql("certificates",
        *(statement for n in range(2) for statement in agreed(f"child-{n}")),
        f"DELETE FROM consents WHERE child_id = '{user_id('child-0')}'")),
    Gap("outlived", f"of {user_id(GONE)} for {user_id('child-2')}, {user_id(GONE)} is erased",
        sql("certificates", *agreed("child-2", GONE))),
    Gap("not_dense", "{child-5} is at version 3", sql("certificates",
        "UPDATE certificates SET version = 3 WHERE certificate_id = '{child-5}'")),
    Gap("number_twice", "{child-6}", sql("certificates",
        "ALTER TABLE certificates DROP CONSTRAINT certificates_number_key",
        "UPDATE certificates SET number = (SELECT number FROM certificates"
        " WHERE certificate_id = '{child-6}') WHERE certificate_id = '{child-7}'")),
    Gap("mistyped", "{child-8}", sql("certificates",
        "UPDATE certificates SET number = left(number, 11) || (right(number, 1)::int + 1) % 10"
        " WHERE certificate_id = '{child-8}'")),
    Gap("two_living", f"{user_id('child-9')}", sql("certificates",
        "DROP INDEX one_living_certificate",
        f"UPDATE certificates SET child_id = '{user_id('child-9')}'"
        " WHERE certificate_id = '{child-10}'")),
    Gap("documentless", "{child-11}", sql("documents",
        "DELETE FROM credentials WHERE certificate_id = '{child-11}'")),
    Gap("foreign_document", "{child-8} has the number", sql("documents")),
    Gap("foreign_document", f"{an_id('unknown')} is unknown", sql("documents",
        f"UPDATE credentials SET certificate_id = '{an_id('unknown')}'"
        " WHERE certificate_id = '{child-12}'")),
    Gap("unsent", "(unreadable)", sql("identity",
        "INSERT INTO outbox (topic, key, headers, created_at)"
        f" VALUES ('t', 'k', '{{{{}}}}', {DAY})")),
    Gap("stuck", "identity parked 1 waits for why", sql("identity",
        "INSERT INTO parked (topic, partition, record_offset, waits_for, record, parked_at, due_at)"
        f" VALUES ({ROW}, now())")),
    Gap("quarantined", "documents chassis.commands quarantine show 1", sql("documents",
        "INSERT INTO quarantine (topic, partition, record_offset, reason, record, quarantined_at)"
        f" VALUES ({ROW})")),
    *(Gap("broken", f"{service}: link 2", break_the_chain(service)) for service in SERVICES),
    Gap("unsealed", "identity: entry ", sql("identity",
        "INSERT INTO journal (happened_at, actor, action, subject)"
        f" VALUES ({DAY}, 'staff', 'saw', '{an_id('x')}')")),
]  # fmt: skip
