"""`check` lets no page through that says something else than it must."""

import itertools
from datetime import date
from typing import Any

import pytest
from documents.credentials_page import compiled, general
from documents.credentials_page.lines import Lines, lines_of
from documents.credentials_page.render import BadDocument, Unprintable, check, render

from tests.documents.pages import LONG, PATHS, general_path, values


@pytest.mark.parametrize("name", ["Иванов Игорь Иванович", LONG])
@pytest.mark.parametrize(
    "changed",
    [
        {"number": "785044901654"},
        {"full_name": "Иванов Игорь Петрович"},
        {"login": "pfdo-7850449017"},
        {"password": "Kx7mPq4tRw9nZB"},
        {"portal_url": "https://77.pfdo.example"},
        {"valid_from": date(2026, 11, 23)},
        {"valid_until": date(2034, 3, 2)},
        {"issued_on": date(2026, 11, 26)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_page_of_other_values_is_caught(version: str, changed: dict[str, Any], name: str) -> None:
    """Each value is compared with what the page shows beside its label."""
    pdf = render(version, values(full_name=name))
    field = next(iter(changed))

    with pytest.raises(BadDocument) as caught:
        check(version, pdf, values(**{"full_name": name} | changed))
    assert caught.value.reason.split()[0] in {field, "validity", "issued"}
    assert str(changed[field]) not in caught.value.reason


@pytest.mark.parametrize("swapped", [*itertools.combinations(Lines._fields, 2)], ids="-".join)
def test_a_slot_mix_up_is_caught(version: str, swapped: tuple[str, str]) -> None:
    """Two texts in each other's places: the renderer is wrong, the check is not."""
    one, other = swapped
    child = values(full_name="Ян", portal_url="a.b")
    right = lines_of(child)
    wrong = right._replace(**{one: getattr(right, other), other: getattr(right, one)})
    template = compiled.template(version)

    if content := template.fill(wrong):
        with pytest.raises(BadDocument):
            check(version, template.around.wrap(content), child)
    with pytest.raises((BadDocument, Unprintable)):
        check(version, general.render(version, wrong), child)


def test_a_template_compiled_with_two_slots_exchanged_is_caught(version: str) -> None:
    """The check learns from the labels on the page which slot is which, not from the template."""
    template = compiled.template(version)
    login, password = (Lines._fields.index(field) for field in ("login", "password"))
    pieces = list(template.pieces)
    pieces[login], pieces[password] = pieces[password], pieces[login]
    pdf = template.around.wrap(
        template._replace(pieces=tuple(pieces)).fill(lines_of(values())) or b""
    )

    with pytest.raises(BadDocument):
        check(version, pdf, values())


@pytest.mark.parametrize("field", ["full_name", "number", "portal_url", "login", "password"])
def test_an_unfilled_slot_is_caught(version: str, field: str) -> None:
    """An empty value is not a document."""
    empty = values(**{field: ""})
    for pdf in (render(version, empty), general_path(version, empty)):
        with pytest.raises(BadDocument, match=field):
            check(version, pdf, empty)


@pytest.mark.parametrize("number", ["78504490164", "7850449016466", "78504490164X"])
def test_a_number_that_is_no_certificates_is_caught(version: str, number: str) -> None:
    """12 digits; 10 for those of other systems."""
    wrong = values(number=number)
    with pytest.raises(BadDocument, match="number"):
        check(version, render(version, wrong), wrong)


@pytest.mark.parametrize("path", PATHS)
def test_another_certificates_number_on_the_page_is_caught(version: str, path: Any) -> None:
    """Wherever it came from, even as part of a name."""
    wrong = values(full_name="Иванов 785044901654")
    with pytest.raises(BadDocument, match="another number"):
        check(version, path(version, wrong), wrong)


def test_a_login_may_be_the_number(version: str) -> None:
    """The portal may choose so; it is this child's number."""
    child = values(login="785044901646")
    for pdf in (render(version, child), general_path(version, child)):
        check(version, pdf, child)


@pytest.mark.parametrize("name", ["Иванов Игорь Иванович", LONG])
def test_a_damaged_file_is_caught(version: str, name: str) -> None:
    """Cut off, lengthened, or a label overwritten."""
    child = values(full_name=name)
    pdf = render(version, child)

    for damaged in (b"", pdf[:-400], pdf[: len(pdf) // 2], pdf.replace(b"Tm", b"Xm", 3)):
        with pytest.raises(BadDocument):
            check(version, damaged, child)
