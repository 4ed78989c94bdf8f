"""Of a certificate that another system issued no password is made until its family asks for one."""

from contracts import Tombstone, topics

from tests.builders import a_record, an_id
from tests.documents.desk import a_family, annulled, issued
from tests.documents.test_api import PDF
from tests.documents.test_rotation import PARENT, press
from tests.doors import bearer, problem, said
from tests.replay import changes_nothing

LIST = PDF.replace("credentials.pdf", "documents")
ACCOUNT = f"/portal-accounts/{an_id('certificate of child')}"


def imported(child: str = "child", number: str = "1234567890"):
    return issued(child, number).model_copy(update={"imported": True})


async def test_nothing_is_built_and_nothing_is_said_of_it(desk):
    await desk.consume(*a_family(), *a_family("neighbour"), imported(), issued("neighbour"))
    row = await desk.row()
    assert (row["state"], row["version"], row["sealed_values"]) == ("imported", 0, None)
    assert [one.key for one in await said(desk.pool)] == [str(an_id("neighbour"))]


async def test_it_waits_for_no_name(desk):
    await desk.consume(imported())
    assert (await desk.row())["state"] == "imported"
    assert await desk.pool.fetchval("SELECT count(*) FROM parked") == 0


async def test_the_family_and_the_portal_are_told_that_the_old_password_holds(client, desk):
    await desk.consume(*a_family(), imported())
    credentials, image = (await client.get(LIST, headers=bearer(*PARENT))).json()
    assert (credentials["state"], credentials["url"]) == ("imported", None)
    assert image["state"] == "ready"
    problem(await client.get(PDF, headers=bearer(*PARENT)), 409, "credentials_elsewhere")
    portal = bearer("pfdo", "client", scope="portal-accounts:read")
    problem(await client.get(ACCOUNT, headers=portal), 409, "credentials_elsewhere")


async def test_one_press_makes_the_first_password_here_and_says_so(client, desk):
    await desk.consume(*a_family(), imported())
    answer = await press(client, key="k")
    assert (answer.status_code, answer.json()["version"]) == (201, 1)
    assert (await press(client, key="k")).json() == answer.json()
    (rotated,) = await said(desk.pool)
    assert (rotated.kind, rotated.event["version"]) == ("document.credentials.rotated", 1)
    assert (await desk.values()).number == "1234567890"
    assert (await client.get(PDF, headers=bearer(*PARENT))).status_code == 200
    assert (await press(client)).json()["version"] == 2


async def test_of_one_that_is_over_no_password_is_made(client, desk):
    await desk.consume(*a_family(), imported(), annulled(number="1234567890"))
    problem(await press(client), 410, "certificate_annulled")


async def test_with_its_child_it_is_erased_whichever_comes_first(desk):
    gone = a_record(Tombstone(str(an_id("child")), 2), topic=topics.IDENTITY_USERS)
    await desk.consume(*a_family(), imported(), *a_family("neighbour"))
    await desk.door.consume([gone])
    later = Tombstone(str(an_id("neighbour")), 2)
    await desk.door.consume([a_record(later, topic=topics.IDENTITY_USERS)])
    await desk.consume(imported("neighbour", "2234567890"))
    for child in ("child", "neighbour"):
        assert (await desk.row(child))["state"] == "erased"


async def test_a_replay_makes_no_password_either(client, desk):
    records = [a_record(one) for one in (*a_family(), imported())]
    await desk.door.consume(records)
    await press(client)
    await changes_nothing(desk.door, records)
