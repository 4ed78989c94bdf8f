"""Files with users and links: every row is done once, or named with what is wrong with it."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from chassis import clock, retention, staging
from chassis.imports import ROWS_A_BATCH, step
from chassis.uploads import BYTES_MAX
from contracts.ids import user_id
from identity import imports
from identity.admin import set_passwords
from identity.retention import RULES

from tests.builders import a_record, an_id
from tests.doors import bearer, problem, said
from tests.identity.sgo import a_link, a_parent, a_user

MOSCOW = ZoneInfo("Europe/Moscow")
HEAD = "ИД СГО;Фамилия;Имя;Отчество;Роль;Логин;Дата рождения\n"
PEOPLE = HEAD + "1;Иванов;Игорь;;учащийся;igor;01.05.2016\n2;Петрова;Анна;Ивановна;родитель;anna;\n"
LINKS = "ИД родителя;ИД ребёнка\n2;1\n"


async def count(door, table: str) -> int:
    return await door.store.pool.fetchval(f"SELECT count(*) FROM {table}")


async def kinds(door) -> list[str | None]:
    return [one.kind for one in await said(door.store.pool)]


async def send(office, content, kind="users", *, key=None, **query):
    headers = {"Content-Type": "text/csv"} | ({"Idempotency-Key": key} if key else {})
    raw = content.encode() if isinstance(content, str) else content
    return await office.post(f"/imports/{kind}", content=raw, headers=headers, params=query)


async def send_slowly(office, chunks, *, key):
    headers = {"Content-Type": "text/csv", "Idempotency-Key": key}
    return await office.post("/imports/users", content=chunks, headers=headers)


async def tidy(door, at) -> None:
    kept = [*retention.rules(timedelta(days=45)), *RULES]
    await retention.tidy(door.store.pool, kept, at)


async def work(door) -> None:
    while await step(door.store, imports.works(MOSCOW)):
        pass


async def card_of(door, office, content, kind="users", **query) -> dict:
    answer = await send(office, content, kind, **query)
    assert answer.status_code == 202, answer.text
    await work(door)
    return (await office.get(answer.headers["location"])).json()


def counts(card) -> tuple[int, ...]:
    return tuple(card[name] for name in ("created", "changed", "unchanged", "failed"))


def many(rows: int) -> str:
    return HEAD + "".join(f"{n};Иванов;Игорь;;учащийся;;01.05.2016\n" for n in range(rows))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
async def test_a_file_is_imported_and_each_user_is_said(door, office, encoding):
    card = await card_of(door, office, PEOPLE.encode(encoding))
    assert (card["state"], card["rows_total"], card["rows_done"]) == ("done", 2, 2)
    assert counts(card) == (2, 0, 0, 0)
    assert [(one.kind, one.key) for one in await said(door.store.pool)] == [
        ("user.registered", str(user_id("1"))), ("user.registered", str(user_id("2"))),
    ]  # fmt: skip


async def test_a_file_sent_again_changes_nothing_and_a_changed_row_changes_one(door, office):
    await card_of(door, office, PEOPLE)
    assert counts(await card_of(door, office, PEOPLE)) == (0, 0, 2, 0)
    changed = await card_of(door, office, PEOPLE.replace("Петрова", "Сидорова"))
    assert counts(changed) == (0, 1, 1, 0)
    assert await kinds(door) == ["user.registered"] * 2 + ["user.updated"]


async def test_a_column_that_the_file_lacks_stays_as_it_is(door, office):
    await card_of(door, office, PEOPLE)
    await card_of(door, office, "ИД СГО,Фамилия,Имя,Роль\n1,Иванов,Игорь,учащийся\n")
    row = await door.store.pool.fetchrow("SELECT * FROM users WHERE user_id = $1", user_id("1"))
    assert (row["login"], row["birth_date"].year) == ("igor", 2016)


async def test_a_dry_run_tells_the_same_and_changes_nothing(door, office):
    bad = PEOPLE + "3;;Игорь;;король;anna;\n"
    dry = await card_of(door, office, bad, dry_run=True)
    assert (dry["dry_run"], counts(dry)) == (True, (2, 0, 0, 1))
    assert (await count(door, "users"), await kinds(door)) == (1, [])  # the operator
    wet = await card_of(door, office, bad)
    assert (counts(wet), wet["errors"]) == (counts(dry), dry["errors"])


async def test_each_bad_row_is_named_with_row_column_code_and_a_russian_message(door, office):
    await door.consume([a_record(a_user("8", login="taken"))])
    content = PEOPLE + (
        "3;;Игорь;;король;;\n4;Ли;Ян;;учащийся;TAKEN;\n5;Ли;Ян;;учащийся;igor;\n"
        "1;Ли;Ян;;учащийся;;\n6;Ли;Ян;;учащийся;;01.01.2999\n7;Ли;Ян;;учащийся;;;;лишнее\n"
    )
    card = await card_of(door, office, content)
    assert counts(card) == (2, 0, 0, 6)
    assert [(one["row"], one["column"], one["code"]) for one in card["errors"]] == [
        (4, "roles", "invalid"), (4, "last_name", "missing"), (5, "login", "login_taken"),
        (6, "login", "repeated"), (7, "sgo_user_id", "repeated"),
        (8, "birth_date", "impossible_date"), (9, None, "too_many_cells"),
    ]  # fmt: skip
    assert card["errors"][0]["message"] == (
        "Роль: такое значение не подходит. Подходит: учащийся, родитель, сотрудник"
        " (можно несколько, через запятую)"
    )
    assert card["errors"][2]["message"] == "Логин: этот логин занят другим человеком"
    assert "TAKEN" not in str(card)


@pytest.mark.parametrize("dry_run", [True, False])
async def test_of_rows_with_one_login_the_first_good_one_has_it(door, office, dry_run):
    """Also where they are in different batches; a bad row spoils no other."""
    content = HEAD + "1;;Ян;;учащийся;igor;\n2;Ли;Ян;;учащийся;igor;\n3;Ли;Ян;;учащийся;igor;\n"
    content += "".join(f"9{n};Ли;Ян;;учащийся;;\n" for n in range(ROWS_A_BATCH))
    card = await card_of(door, office, content + "4;Ли;Ян;;учащийся;igor;\n", dry_run=dry_run)
    assert counts(card) == (ROWS_A_BATCH + 1, 0, 0, 3)
    assert [(one["row"], one["column"], one["code"]) for one in card["errors"]] == [
        (2, "last_name", "missing"), (4, "login", "repeated"),
        (ROWS_A_BATCH + 5, "login", "repeated"),
    ]  # fmt: skip
    assert await count(door, "upload_taken") == 0


async def test_the_list_of_errors_is_capped_and_all_are_counted(door, office):
    """Rows are counted, not what is wrong in them."""
    content = HEAD + "".join(f"{n};;Ян;;король;;01.01.2999\n" for n in range(400))
    card = await card_of(door, office, content + ";".join("x" * 1001 for _ in range(7)))
    assert (card["failed"], len(card["errors"])) == (401, 1000)
    whole = HEAD + ";".join("x" * 1001 for _ in range(7)) + "\n1;;Ян;;король;;01.01.2999\n"
    few = await card_of(door, office, whole)
    assert (few["failed"], len(few["errors"])) == (2, 10)


async def test_a_file_is_taken_as_fast_when_statistics_say_that_there_are_no_rows(door):
    """As the file before left them: in a loop of loops this takes fifty seconds."""
    rows, upload_id, at = 10_000, an_id("upload"), clock.now()
    staged = [(place, f"{place}", "", {}) for place in range(rows)]
    async with door.store.pool.acquire() as tx, tx.transaction():
        await staging.open_upload(tx, upload_id, "users", dry_run=True, actor_id=upload_id, at=at)
        await staging.keep_rows(tx, upload_id, staged)
        await staging.take_rows(tx, upload_id, rows)
        await tx.execute("ANALYZE upload_rows")
        await staging.keep_rows(tx, upload_id, staged)
        await tx.execute("SET LOCAL statement_timeout = '10s'")
        await staging.close_upload(tx, upload_id, b"", rows, 0)
    assert await count(door, "upload_rows WHERE repeated IS NULL") == rows


async def test_who_was_erased_does_not_come_back_by_an_old_list(door, office):
    await card_of(door, office, PEOPLE)
    await office.delete(f"/users/{user_id('1')}")
    card = await card_of(door, office, PEOPLE)
    assert counts(card) == (0, 0, 1, 1)
    assert card["errors"][0]["code"] == "erased"


async def test_an_import_keeps_a_password(door, office):
    await card_of(door, office, PEOPLE)
    await set_passwords(door.store, ["anna right-password"])
    await card_of(door, office, PEOPLE.replace("Петрова", "Сидорова"))
    assert await count(door, "passwords") == 1


async def test_links_are_made_ended_and_refused_for_nobody(door, office):
    await door.consume([a_record(a_user()), a_record(a_parent())])
    assert counts(await card_of(door, office, LINKS, "child-links")) == (1, 0, 0, 0)
    assert counts(await card_of(door, office, LINKS, "child-links")) == (0, 0, 1, 0)
    more = "sgo_parent_id,sgo_child_id,linked\n2,1,нет\n2,9,да\n2,2,да\n1,2,нет\n8,9,да\n"
    card = await card_of(door, office, more, "child-links")
    assert counts(card) == (0, 1, 1, 3)
    assert [(one["row"], one["column"], one["code"]) for one in card["errors"]] == [
        (3, "sgo_child_id", "unknown_person"), (4, "sgo_child_id", "same_person"),
        (6, "sgo_parent_id", "unknown_person"), (6, "sgo_child_id", "unknown_person"),
    ]  # fmt: skip
    assert (await kinds(door))[2:] == ["child.linked", "child.unlinked"]


async def test_a_file_of_links_with_swapped_columns_links_nobody(door, office):
    told = [a_user(), a_parent(), a_parent("3", login=None), a_link("1", "3")]
    await door.consume([a_record(one) for one in told])
    swapped = "ИД родителя;ИД ребёнка;Связь\n1;2;да\n2;3;да\n1;3;нет\n"
    card = await card_of(door, office, swapped, "child-links")
    assert counts(card) == (0, 1, 0, 2)
    assert [(one["row"], one["column"], one["code"]) for one in card["errors"]] == [
        (2, "sgo_parent_id", "not_a_parent"), (3, "sgo_child_id", "not_a_student"),
    ]  # fmt: skip
    assert "перепутаны" in card["errors"][0]["message"]


async def test_rows_and_events_of_a_batch_are_saved_together_and_what_is_left_is_resumed(
    door, office
):
    """As after a kill -9: whoever comes next goes on where the last transaction ended."""
    answer = await send(office, many(ROWS_A_BATCH * 2 + 10))
    assert await step(door.store, imports.works(MOSCOW))
    half = (await office.get(answer.headers["location"])).json()
    assert (half["state"], half["rows_done"]) == ("running", ROWS_A_BATCH)
    assert len(await kinds(door)) == await count(door, "users") - 1 == ROWS_A_BATCH
    await asyncio.gather(*(work(door) for _ in range(3)))
    whole = (await office.get(answer.headers["location"])).json()
    assert (whole["state"], counts(whole)) == ("done", (ROWS_A_BATCH * 2 + 10, 0, 0, 0))
    assert len(await kinds(door)) == ROWS_A_BATCH * 2 + 10


async def test_a_batch_that_fails_changes_nothing_and_ends_the_import_after_some_tries(
    door, office
):
    await door.store.pool.execute("ALTER TABLE outbox ADD CHECK (key IS NULL)")
    card = await card_of(door, office, PEOPLE)
    assert (card["state"], card["rows_done"]) == ("failed", 0)
    assert (await count(door, "users"), await count(door, "upload_rows")) == (1, 0)


async def test_staged_rows_are_deleted_when_done_and_counts_after_a_month(door, office):
    await card_of(door, office, PEOPLE)
    assert await count(door, "upload_rows") == 0
    await tidy(door, clock.now() + timedelta(days=29))
    assert await count(door, "uploads") == 1
    await tidy(door, clock.now() + timedelta(days=31))
    assert await count(door, "uploads") == 0


async def test_the_same_key_and_file_are_one_import(door, office):
    first = await send(office, PEOPLE, key="k1")
    again = await send(office, PEOPLE, key="k1")
    assert (again.status_code, again.json()) == (202, first.json())
    problem(await send(office, PEOPLE + "9;Ли;Ян;;родитель;;\n", key="k1"), 409,
            "idempotency_key_reused")  # fmt: skip
    problem(await send(office, PEOPLE, key="k1", dry_run=True), 409, "idempotency_key_reused")


async def test_a_file_that_a_killed_process_was_receiving_is_received_anew_with_the_same_key(
    door, office
):
    """What a kill -9 leaves: some rows, and nobody who receives the rest."""
    await send(office, many(10), key="k1")
    await door.store.pool.execute("UPDATE uploads SET state = 'receiving', digest = NULL")
    answer = await send(office, PEOPLE, key="k1")
    assert answer.status_code == 202
    await work(door)
    assert counts((await office.get(answer.headers["location"])).json()) == (2, 0, 0, 0)


async def test_of_two_sendings_of_one_file_the_later_counts_and_the_earlier_is_told(door, office):
    halfway, over = asyncio.Event(), asyncio.Event()

    async def slowly():
        yield many(3000).encode()
        halfway.set()
        await over.wait()
        yield b"3001;"

    first = asyncio.create_task(send_slowly(office, slowly(), key="k1"))
    await asyncio.wait_for(halfway.wait(), 10)
    second = await send(office, PEOPLE, key="k1")
    over.set()
    problem(await asyncio.wait_for(first, 10), 409, "sent_again")
    await work(door)
    card = (await office.get(second.headers["location"])).json()
    assert (card["state"], card["rows_total"], counts(card)) == ("done", 2, (2, 0, 0, 0))


@pytest.mark.parametrize(
    ("content", "code"),
    [("", "empty"), (HEAD, "empty"), ("ИД СГО;Фамилия\n1;Ли\n", "missing_columns"),
     (HEAD.replace("Логин", "Пароль") + "1;a\n", "unknown_columns"),
     (many(100_001), "too_many_rows")],
    ids=lambda one: one[:15],
)  # fmt: skip
async def test_a_file_that_cannot_be_read_is_refused_whole_and_leaves_nothing(
    door, office, content, code
):
    problem(await send(office, content), 422, code)
    assert (await count(door, "uploads"), await count(door, "upload_rows")) == (0, 0)


async def test_an_upload_that_breaks_off_leaves_nothing(door, office):
    async def breaking():
        yield many(3000).encode()
        raise ConnectionError

    headers = {"Content-Type": "text/csv"}
    await office.post("/imports/users", content=breaking(), headers=headers)
    assert (await count(door, "uploads"), await count(door, "upload_rows")) == (0, 0)


async def test_a_file_larger_than_64_megabytes_or_of_another_kind_is_refused(door, office):
    large = {"Content-Type": "text/csv", "Content-Length": str(BYTES_MAX + 1)}
    problem(await office.post("/imports/users", headers=large), 413, "too_large")
    other = await office.post("/imports/users", json={})
    problem(other, 415, "not_csv")


async def test_only_an_operator_imports_and_looks(door, office):
    location = (await send(office, PEOPLE)).headers["location"]
    office.headers.update(bearer("nobody", "operator"))
    problem(await send(office, PEOPLE), 404, "not_found")
    problem(await send(office, LINKS, "child-links"), 404, "not_found")
    problem(await office.get(location), 404, "not_found")
