"""An import that runs while identity is updated goes on afterwards."""

from zoneinfo import ZoneInfo

from chassis.imports import step
from chassis.outbox import Store
from contracts.ids import user_id
from identity import imports
from identity.settings import Settings

MINE = "0008_uploads_of_the_chassis.sql"
CELLS = '{"sgo_user_id": "1", "last_name": "Иванов", "first_name": "Игорь", "roles": "student"}'


async def test_an_import_that_runs_while_its_tables_move_goes_on(migrated_without):
    pool, go_on = await migrated_without(Settings, "identity", MINE)
    await pool.execute(
        "INSERT INTO imports (id, kind, dry_run, actor_id, state, rows_total, rows_done, failed,"
        " created_at) VALUES ($1, 'users', false, $1, 'running', 3, 1, 1, now())",
        user_id("0"),
    )
    for place, repeated in ((2, None), (3, "key")):
        await pool.execute(
            "INSERT INTO import_rows VALUES ($1, $2, $3, NULL, $4, $5)",
            user_id("0"), place, str(place), CELLS, repeated,
        )  # fmt: skip
    await pool.execute(
        "INSERT INTO import_errors (import_id, place, code) VALUES ($1, 4, 'too_many_cells')",
        user_id("0"),
    )
    await go_on()
    while await step(Store(pool), imports.works(ZoneInfo("Europe/Moscow"))):
        pass
    done = await pool.fetchrow("SELECT * FROM uploads")
    assert (done["state"], done["rows_done"]) == ("done", 3)
    assert (done["created"], done["failed"]) == (1, 2)
    errors = await pool.fetch("SELECT place, field, code FROM upload_errors ORDER BY place")
    assert [tuple(row) for row in errors] == [
        (3, "sgo_user_id", "repeated"), (4, None, "too_many_cells"),
    ]  # fmt: skip
