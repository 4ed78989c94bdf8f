"""Certificates of another system: each row is done once, or named with what is wrong with it."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from certificates import imports, passing_time
from certificates.life_cycle import LIVING
from chassis import clock, journal
from chassis.imports import ROWS_A_BATCH, step
from contracts import Tombstone, topics
from contracts.ids import user_id

from tests.builders import a_record, a_region, an_id
from tests.certificates.files import (
    HEAD,
    NUMBER,
    a_row,
    a_student,
    a_wish,
    card_of,
    counts,
    errors,
    over,
    send,
    work,
)
from tests.certificates.town import born
from tests.doors import bearer, problem, said
from tests.replay import changes_nothing


@pytest.fixture
def office(client):
    """The routes as an operator sees them."""
    client.headers.update(bearer("operator", "operator"))
    return client


@pytest.fixture
async def children(town):
    """SGO's students 1, 2 and 3, of whom the third is enrolled nowhere."""
    known = [a_student("1"), a_student("2"), a_student("3", enrolled=False)]
    await town.consume([a_record(one) for one in known])


async def certificates(town) -> list:
    return list(await town.store.pool.fetch("SELECT * FROM certificates ORDER BY number"))


async def whole(town) -> list:
    """What was said of each certificate, checked against its row and its history."""
    told = Counter()
    last = {}
    for one in await said(town.store.pool):
        if one.topic == "certificates.v1":
            told[one.event["certificate_id"]] += 1
            assert one.event["version"] == told[one.event["certificate_id"]]
            last[one.event["certificate_id"]] = one.event
    rows = await certificates(town)
    pool = town.store.pool
    for row in rows:
        event = last[str(row["certificate_id"])]
        assert (event["number"], event["status"]) == (row["number"], row["status"])
        assert event["version"] == row["version"]
        history = "SELECT count(*) FROM changes WHERE certificate_id = $1"
        assert await pool.fetchval(history, row["certificate_id"]) == row["version"] - 1
    assert len(last) == len(rows)
    return rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("delimiter", [";", ","])
async def test_a_file_as_people_save_it_is_taken_over_and_each_change_is_said(
    town, office, children, encoding, delimiter
):
    content = HEAD + a_row("1") + a_row("2", "123456789012", "Приостановлен", reason="moved")
    card = await card_of(town, office, content.replace(";", delimiter).encode(encoding))
    assert (card["state"], card["kind"], counts(card)) == ("done", "certificates", (2, 0, 0, 0))
    one, other = await whole(town)
    assert (one["number"], one["status"], one["child_id"]) == (NUMBER, "active", user_id("1"))
    assert (other["number"], other["status"]) == ("123456789012", "suspended")
    events = await said(town.store.pool)
    assert [one.kind.rpartition(".")[2] for one in events] == [
        "issued", "activated", "issued", "activated", "suspended",
    ]  # fmt: skip
    assert {one.key for one in events[:2]} == {str(user_id("1"))}
    assert events[0].event["imported"] is True
    assert events[4].event["reason"] == "moved"


async def test_each_status_is_taken_over(town, office, children):
    rows = a_row("1", "1000000001", "неактивирован", organization_id="")
    rows += over("2", "1000000002") + over("2", "1000000003", "аннулирован")
    rows += a_row("2", "1000000004", "приостановлен")
    card = await card_of(town, office, HEAD + rows)
    assert counts(card) == (4, 0, 0, 0)
    statuses = [row["status"] for row in await whole(town)]
    assert statuses == ["pending_activation", "expired", "annulled", "suspended"]


async def test_a_file_sent_again_changes_nothing_and_says_nothing(town, office, children):
    content = HEAD + a_row("1") + over("2", "123456789012")
    await card_of(town, office, content)
    before = await said(town.store.pool), await certificates(town)
    assert counts(await card_of(town, office, content)) == (0, 0, 2, 0)
    assert (await said(town.store.pool), await certificates(town)) == before


async def test_what_has_changed_since_stays_and_is_named(town, office, children):
    await card_of(town, office, HEAD + a_row("1"))
    desk = bearer("clerk", "staff", organization="centre")
    left = f"/certificates/{NUMBER}/suspension"
    answer = await office.post(left, headers=desk, json={"reason": "moved_away"})
    assert answer.status_code == 200
    card = await card_of(town, office, HEAD + a_row("1"))
    assert errors(card) == [(2, "status", "differs")]
    (row,) = await whole(town)
    assert (row["status"], row["version"]) == ("suspended", 3)


async def test_a_dry_run_tells_the_same_and_changes_nothing(town, office, children):
    content = HEAD + a_row("1") + a_row("1", "2234567890") + a_row("9", "3234567890")
    dry = await card_of(town, office, content, dry_run=True)
    assert (dry["dry_run"], counts(dry)) == (True, (1, 0, 0, 2))
    assert (await certificates(town), await said(town.store.pool)) == ([], [])
    assert await town.store.pool.fetchval(
        "SELECT count(*) FROM journal WHERE subject = $1", user_id("1")
    ) == 0  # fmt: skip
    wet = await card_of(town, office, content)
    assert (counts(wet), wet["errors"]) == (counts(dry), dry["errors"])


async def test_a_living_one_that_outlives_the_18th_birthday_is_told_and_left_out(town, office):
    await town.consume([a_record(a_student(one, born=born(10))) for one in "12"])
    turns_18 = born(-8)
    too_late, in_time = (f"{day:%d.%m.%Y}" for day in (turns_18, turns_18 - timedelta(days=1)))
    content = (
        HEAD + a_row("1", valid_until=too_late) + a_row("2", "2000000002", valid_until=in_time)
    )
    card = await card_of(town, office, content)
    assert (counts(card), errors(card)) == ((1, 0, 0, 1), [(2, "valid_until", "outlives_18")])


async def test_each_bad_row_is_named_in_words_and_spoils_no_other(town, office, number, children):
    """`number` is the child's, issued here."""
    gone = a_student("5")
    await town.consume([a_record(gone), a_record(a_student("6", role="parent"))])
    tombstone = Tombstone(str(gone.user_id), 2)
    await town.consume([a_record(tombstone, topic=topics.IDENTITY_USERS)])
    await card_of(town, office, HEAD + a_row("1"))
    content = HEAD + "".join([
        a_row("9", "2000000002"), a_row("3", "2000000003"), a_row("2", number),
        a_row("1", "2000000005"), a_row("2", "20", "?"), a_row("5", "2000000007"),
        a_row("6", "2000000008"), a_row("2", "2000000009"), a_row("2", "2000000010"),
        a_row("2", "2000000009"), a_row("2", "2000000012").strip() + ";лишнее\n",
    ])  # fmt: skip
    card = await card_of(town, office, content)
    assert (card["rows_total"], counts(card)) == (11, (1, 0, 0, 10))
    assert errors(card) == [
        (2, "sgo_child_id", "unknown_person"), (3, "sgo_child_id", "not_enrolled"),
        (4, "number", "number_taken"), (5, "sgo_child_id", "already_has_certificate"),
        (6, "number", "bad_number"), (6, "status", "bad_status"), (7, "sgo_child_id", "erased"),
        (8, "sgo_child_id", "not_a_student"), (10, "sgo_child_id", "second_living"),
        (11, "number", "repeated"), (12, None, "too_many_cells"),
    ]  # fmt: skip
    told = {one["code"]: one["message"] for one in card["errors"]}
    assert told["number_taken"] == (
        "Номер: этот номер у сертификата другого ребёнка: проверьте номер и ребёнка"
    )
    assert number not in str(card)


async def test_who_has_an_imported_certificate_gets_no_second_one(town, office):
    await town.consume([a_record(a_student("7", born=born(15)))])
    await card_of(town, office, HEAD + a_row("7"))
    await town.consume([a_record(a_wish("7"))])
    codes = await town.store.pool.fetchval("SELECT codes FROM certificate_requests")
    assert codes == ["already_has_certificate"]


async def test_an_import_and_requests_at_the_same_moment_give_each_child_one_certificate(
    town, office
):
    names = [str(n) for n in range(40)]
    await town.consume([a_record(a_student(n, born=born(15))) for n in names])
    await send(office, HEAD + "".join(a_row(n, f"10000000{n:0>2}") for n in names))
    await asyncio.gather(work(town), *(town.consume([a_record(a_wish(n))]) for n in names))
    living = Counter(row["child_id"] for row in await certificates(town) if row["status"] in LIVING)
    assert living == Counter({user_id(n): 1 for n in names})
    answers = await town.store.pool.fetch("SELECT status, codes FROM certificate_requests")
    assert len(answers) == len(names)
    assert {tuple(one["codes"]) for one in answers} <= {(), ("already_has_certificate",)}


async def test_two_files_with_one_number_at_the_same_moment_give_one_certificate(
    town, office, children
):
    await send(office, HEAD + a_row("1"), key="a")
    await send(office, HEAD + a_row("2"), key="b")
    await asyncio.gather(*(work(town) for _ in range(2)))
    (row,) = await whole(town)
    assert row["child_id"] in {user_id("1"), user_id("2")}
    cards = await town.store.pool.fetch("SELECT created, failed FROM uploads ORDER BY created")
    assert [tuple(card) for card in cards] == [(0, 1), (1, 0)]


async def test_rows_and_events_of_a_batch_are_saved_together_and_what_is_left_is_resumed(
    town, office
):
    """As after a kill -9: whoever comes next goes on where the last transaction ended."""
    rows = ROWS_A_BATCH * 2 + 10
    await town.consume([a_record(a_student(str(n))) for n in range(rows)])
    content = HEAD + "".join(a_row(str(n), f"{n:010}") for n in range(rows))
    answer = await send(office, content, key="k")
    assert await step(town.store, imports.works(a_region()))
    assert len(await whole(town)) == ROWS_A_BATCH
    await asyncio.gather(*(work(town) for _ in range(3)))
    card = (await office.get(answer.headers["location"])).json()
    assert (card["state"], counts(card)) == ("done", (rows, 0, 0, 0))
    assert len(await whole(town)) == rows
    again = await send(office, content, key="k")
    assert again.json() == answer.json()
    assert not await step(town.store, imports.works(a_region()))


async def test_what_cannot_be_said_is_not_saved(town, office, children):
    await town.store.pool.execute("ALTER TABLE outbox ADD CHECK (key IS NULL)")
    card = await card_of(town, office, HEAD + a_row("1"))
    assert (card["state"], card["rows_done"]) == ("failed", 0)
    assert await certificates(town) == []


async def test_a_replay_of_the_topics_leaves_imported_certificates_as_they_are(
    town, office, children
):
    await card_of(town, office, HEAD + a_row("1") + over("2", "123456789012"))
    await changes_nothing(town, [a_record(a_student("1")), a_record(a_student("2"))])


async def test_an_imported_certificate_lives_on_like_any_other(town, office, children):
    """The desk changes it, and the calendar ends it."""
    soon = clock.day_in(a_region().zone, clock.now())
    await card_of(town, office, HEAD + a_row("1", valid_until=f"{soon:%d.%m.%Y}"))
    desk = bearer("clerk", "staff", organization="centre")
    for change in ("suspension", "resumption"):
        path, why = f"/certificates/{NUMBER}/{change}", {"reason": "mistake"}
        assert (await office.post(path, headers=desk, json=why)).status_code == 200
    tomorrow = clock.now() + timedelta(days=2)
    await passing_time.pass_time(town.store, a_region(), tomorrow)
    (row,) = await whole(town)
    assert (row["status"], row["version"]) == ("expired", 5)


async def test_the_family_sees_that_it_came_from_another_system_and_who_brought_it(
    town, office, children
):
    await card_of(town, office, HEAD + a_row("1"))
    async with town.store.pool.acquire() as tx:
        (entry,) = await journal.about(tx, user_id("1"), 10)
        (file,) = await tx.fetch("SELECT * FROM journal WHERE action = 'certificates.imported'")
    assert (entry["action"], entry["actor"], entry["details"]) == (
        "imported", "operator", "из другой системы",
    )  # fmt: skip
    assert entry["actor_id"] == file["actor_id"] == an_id("operator")


@pytest.mark.parametrize(
    ("content", "code"),
    [("", "empty"), (HEAD, "empty"), ("Номер;Статус\n1;2\n", "missing_columns"),
     (HEAD.replace("Статус с", "Имя") + a_row(), "unknown_columns")],
    ids=["nothing", "only a header", "columns missing", "columns unknown"],
)  # fmt: skip
async def test_a_file_that_cannot_be_read_is_refused_whole_and_leaves_nothing(
    town, office, content, code
):
    problem(await send(office, content), 422, code)
    assert await town.store.pool.fetchval("SELECT count(*) FROM uploads") == 0


async def test_only_an_operator_imports_and_looks(town, office):
    location = (await send(office, HEAD + a_row())).headers["location"]
    for name, role in (("clerk", "staff"), ("parent", "parent"), ("nobody", "operator")):
        office.headers.update(bearer(name, role))
        problem(await send(office, HEAD + a_row()), 404, "not_found")
        problem(await office.get(location), 404, "not_found")


async def test_missing_columns_are_named_as_the_operator_knows_them(office):
    answer = await send(office, "Номер;Статус\n1;2\n")
    told = problem(answer, 422, "missing_columns")
    assert told["detail"].endswith(" Столбцы: ИД ребёнка, Действует с, Действует по, Дата выдачи.")
