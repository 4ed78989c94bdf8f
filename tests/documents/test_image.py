"""The certificate's image: its values, and a QR that another program reads."""

import io
from typing import Any

import pytest
import zxingcpp
from contracts import Tombstone, topics
from contracts.ids import certificate_of_token
from documents.drawing.letters import Unprintable
from documents.on_demand import image
from PIL import Image

from tests.builders import a_record, a_user, an_id
from tests.documents.desk import a_family, annulled, expired, issued, suspended
from tests.documents.sheets import NAMES, READERS, an_image, boxes, grays, unspaced
from tests.documents.staff import OUTSIDERS, WHY, a_clerk, of_clerks_own
from tests.documents.test_api import OVER_14, UNDER_14
from tests.documents.test_application import FILLED
from tests.doors import bearer, problem

PNG = f"/certificates/{an_id('certificate of child')}/certificate.png"
PDF = PNG.replace(".png", ".pdf")


@pytest.fixture
async def family(desk):
    await desk.consume(*a_family(), *a_family("neighbour", "neighbours parent"), issued())
    return desk


def decoded(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))]


def as_printed(pdf: bytes) -> Image.Image:
    pixels, size = grays(pdf)
    return Image.frombytes("L", size, pixels)


# --- The picture ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "public_url",
    ["https://certificates.example", "http://127.0.0.1:8102/", f"https://{'long.' * 14}example/a"],
)
def test_the_qr_leads_to_the_certificates_verification(public_url: str):
    values = an_image(public_url=public_url)
    for picture in (Image.open(io.BytesIO(image.png(values))), as_printed(image.pdf(values))):
        (address,) = decoded(picture)
        start, _, token = address.rpartition("/verify/")
        assert start == public_url.rstrip("/")
        assert certificate_of_token(token) == values.certificate_id


@pytest.mark.parametrize("size", [437, 874])
def test_the_qr_is_read_from_a_small_black_and_white_copy(size: int):
    picture = Image.open(io.BytesIO(image.png(an_image()))).convert("L")
    copy = picture.resize((size, size * picture.height // picture.width))
    assert len(decoded(copy.point(lambda shade: 255 if shade > 127 else 0))) == 1


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", NAMES)
def test_the_sheet_says_number_name_and_dates(name: str, read: Any):
    (text,) = read(image.pdf(an_image(full_name=name)))
    assert "780000000011" in unspaced(text)
    assert unspaced(f"Выдан{name}") in unspaced(text)
    assert "с 24.11.2026 по 30.04.2034 включительно" in text
    address = decoded(as_printed(image.pdf(an_image(full_name=name))))[0]
    assert address in unspaced(text)


@pytest.mark.parametrize("name", NAMES)
def test_png_and_pdf_are_the_same_drawing(name: str):
    """They share one drawing; seen from afar no place is black in one and white in the other."""
    values = an_image(full_name=name)
    printed = as_printed(image.pdf(values))
    upper = printed.crop((0, 0, printed.width, round(image.HIGH * 300 / 72)))
    one = upper.resize((40, 28), Image.Resampling.BOX)
    png = Image.open(io.BytesIO(image.png(values))).convert("L")
    other = png.resize(one.size, Image.Resampling.BOX)
    pairs = zip(one.tobytes(), other.tobytes(), strict=True)
    differences = [abs(a - b) for a, b in pairs]
    assert sum(differences) / len(differences) < 5
    assert max(differences) < 130


def test_the_picture_is_sharp_small_and_says_nothing_about_who_made_it():
    content = image.png(an_image())
    picture = Image.open(io.BytesIO(content))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "P", (1748, 1235))
    assert round(picture.info["dpi"][0]) == 300
    assert picture.info.keys() == {"dpi"}
    assert len(content) < 60_000
    assert {0, 255} <= set(picture.convert("L").tobytes())


@pytest.mark.parametrize("status", ["Неактивирован", "Активный"])
def test_no_status_is_printed_on_the_card(status: str):
    """The sheet explains the words below the card; on the card there is none."""
    card = image.pdf(an_image())
    for read in READERS:
        before, _, _ = read(card)[0].partition("Об этом листе")
        assert status not in before


def test_a_long_name_stays_beside_the_qr():
    text = an_image(full_name=f"{NAMES[-1]} {NAMES[-1]}")
    assert max(right for _, _, right, _ in boxes(image.pdf(text))) <= 547


@pytest.mark.parametrize("draw", [image.png, image.pdf])
@pytest.mark.parametrize("name", ["王小明", "\U00013000", "Анна " * 120])
def test_a_name_that_cannot_be_printed_is_refused(name: str, draw: Any):
    with pytest.raises(Unprintable):
        draw(an_image(full_name=name))


# --- The doors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "kind", "start"),
    [(PNG, "image/png", b"\x89PNG"), (PDF, "application/pdf", b"%PDF")],
)
async def test_a_parent_downloads_it_and_it_is_journalled(client, family, address, kind, start):
    answer = await client.get(address, headers=bearer("parent", "parent"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(start)
    (row,) = await family.pool.fetch("SELECT * FROM journal")
    assert (row["action"], row["actor_id"]) == ("downloaded_image", an_id("parent"))


async def test_its_qr_has_the_address_of_the_settings(client, family):
    answer = await client.get(PNG, headers=bearer("parent", "parent"))
    (address,) = decoded(Image.open(io.BytesIO(answer.content)))
    assert address.startswith("https://certificates.example/verify/")
    found = certificate_of_token(address.rpartition("/")[2])
    assert found == an_id("certificate of child")


async def test_staff_of_an_authorized_organization_downloads_it(client, family):
    await family.consume(a_clerk(), of_clerks_own(version=2))
    clerk = bearer("clerk", "staff", organization="centre")
    for address in (PNG, PDF):
        assert (await client.get(address, headers=clerk)).status_code == 200
    rows = await family.pool.fetch("SELECT * FROM journal")
    assert [(row["actor"], row["organization"]) for row in rows] == [("staff", "centre-1")] * 2
    await family.consume(a_clerk(authorized=False, version=2))
    problem(await client.get(PNG, headers=clerk), 404, "not_found")


@pytest.mark.parametrize("address", [PNG, PDF])
async def test_of_a_child_of_others_staff_download_it_only_with_a_reason(client, family, address):
    await family.consume(a_clerk())
    clerk = bearer("clerk", "staff")
    problem(await client.get(address, headers=clerk), 422, "reason_needed")
    assert await family.pool.fetch("SELECT * FROM journal") == []
    assert (await client.get(address, params=WHY, headers=clerk)).status_code == 200
    (row,) = await family.pool.fetch("SELECT * FROM journal")
    assert row["details"].startswith(WHY["reason"])


async def test_who_has_too_much_drawn_is_told_when_to_come_again(client, family, time):
    """Images and applications together; credentials, which cost less, are counted by themselves."""
    parent, doors = bearer("parent", "parent"), (PNG, PDF, FILLED)
    drawn = [await client.get(doors[n % 3], headers=parent) for n in range(20)]
    assert {answer.status_code for answer in drawn} == {200}
    for address in doors:
        refused = await client.get(address, headers=parent)
        problem(refused, 429, "too_many_requests")
        assert refused.headers["retry-after"] == "60"
    other = await client.get(PNG, headers=bearer("neighbours parent", "parent"))
    assert other.status_code == 404
    credentials = PNG.replace("certificate.png", "credentials.pdf")
    assert (await client.get(credentials, headers=parent)).status_code == 200
    time.passes(60)
    assert (await client.get(PNG, headers=parent)).status_code == 200


async def test_who_downloads_credentials_again_and_again_is_told_when_to_come_again(
    client, family, time
):
    parent = bearer("parent", "parent")
    credentials = PNG.replace("certificate.png", "credentials.pdf")
    given = [(await client.get(credentials, headers=parent)).status_code for _ in range(121)]
    assert given == [200] * 120 + [429]
    assert await family.pool.fetchval("SELECT count(*) FROM journal") == 120
    time.passes(60)
    assert (await client.get(credentials, headers=parent)).status_code == 200


@pytest.mark.parametrize(("who", "role"), OUTSIDERS)
@pytest.mark.parametrize("address", [PNG, PDF])
async def test_it_is_not_there_for_anybody_else(client, family, who, role, address):
    await family.consume(a_clerk("teacher", authorized=False))
    problem(await client.get(address, headers=bearer(who, role)), 404, "not_found")
    assert await family.pool.fetch("SELECT * FROM journal") == []


@pytest.mark.parametrize(("born", "status"), [(OVER_14, 200), (UNDER_14, 404), (None, 404)])
async def test_a_student_has_their_own_from_14_on(client, desk, born, status):
    await desk.consume(a_user(born=born), issued())
    answer = await client.get(PNG, headers=bearer("child", "student"))
    assert answer.status_code == status


async def test_it_is_there_while_the_credentials_are_still_being_built(client, desk):
    """It needs the name only; a corrected name is on it at once."""
    await desk.consume(*a_family()[1:], issued())
    await desk.end_patience()
    problem(await client.get(PNG, headers=bearer("parent", "parent")), 409, "document_not_ready")
    await desk.consume(a_user())
    assert (await client.get(PNG, headers=bearer("parent", "parent"))).status_code == 200


async def test_a_name_that_cannot_be_printed_is_told(client, desk):
    await desk.consume(a_user(last_name="\U00013000"), *a_family()[1:], issued())
    problem(await client.get(PNG, headers=bearer("parent", "parent")), 409, "name_not_printable")


@pytest.mark.parametrize(
    ("event", "status"), [(annulled(), 410), (expired(), 410), (suspended(), 200)]
)
async def test_after_the_end_there_is_no_image(client, family, event, status):
    await family.consume(event)
    answer = await client.get(PNG, headers=bearer("parent", "parent"))
    assert answer.status_code == status


async def test_an_erased_childs_image_is_not_there(client, family):
    tombstone = a_record(Tombstone(str(an_id("child"))), topic=topics.IDENTITY_USERS)
    await family.door.consume([tombstone])
    problem(await client.get(PNG, headers=bearer("parent", "parent")), 404, "not_found")
