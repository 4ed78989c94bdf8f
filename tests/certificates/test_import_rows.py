"""What a row of another system's certificates says, and what is wrong with it by itself."""

from datetime import date

import pytest
from certificates.imports import CERTIFICATES
from certificates.rows import COLUMNS, MESSAGES, certificate, keys
from chassis.cells import BadRow
from contracts.ids import user_id

from tests.builders import TODAY

GOOD = {
    "sgo_child_id": "1", "number": "1234567890", "status": "Активный",
    "valid_from": "01.09.2025", "valid_until": "2035-08-31", "issued_on": "25.8.2025",
    "organization_id": "centre",
}  # fmt: skip
OVER = {"valid_from": "28.10.2019", "valid_until": "25.01.2020", "issued_on": "28.10.2019"}


def read(**changes: str):
    return certificate(GOOD | changes, TODAY)


def problems(**changes: str) -> list[tuple[str, str]]:
    with pytest.raises(BadRow) as bad:
        read(**changes)
    return bad.value.problems


def test_a_row_says_child_number_status_and_days():
    one = read()
    assert (one.child_id, one.number, one.status) == (user_id("1"), "1234567890", "active")
    assert (one.valid_from, one.valid_until) == (date(2025, 9, 1), date(2035, 8, 31))
    assert (one.issued_on, one.since) == (date(2025, 8, 25), date(2025, 8, 25))
    assert (one.organization_id, one.reason) == ("centre", "imported")


@pytest.mark.parametrize(
    ("text", "status"),
    [("Неактивирован", "pending_activation"), ("активен", "active"), ("suspended", "suspended"),
     (" Приостановлен ", "suspended")],
)  # fmt: skip
def test_a_status_is_told_in_either_language(text, status):
    assert read(status=text).status == status


@pytest.mark.parametrize("text", ["срок истёк", "Срок истек", "expired", "аннулирован"])
def test_a_certificate_that_is_over_needs_no_organization(text):
    assert read(status=text, organization_id="", **OVER).status in {"expired", "annulled"}


def test_an_expired_one_is_over_since_the_day_after_its_last():
    assert read(status="expired", **OVER).since == date(2020, 1, 26)


@pytest.mark.parametrize("number", ["1234567890", "123456789012", "1234 5678 90"])
def test_numbers_of_10_and_12_digits_are_kept_whatever_their_last_digit(number):
    assert read(number=number).number == number.replace(" ", "")


@pytest.mark.parametrize("number", ["12345678901", "123456789", "7,85E+11", "12345678９0", "№1"])
def test_what_is_no_number_is_refused(number):
    assert problems(number=number) == [("number", "bad_number")]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"sgo_child_id": ""}, ("sgo_child_id", "missing")),
        ({"number": ""}, ("number", "missing")),
        ({"status": ""}, ("status", "missing")),
        ({"status": "хороший"}, ("status", "bad_status")),
        ({"valid_from": "вчера"}, ("valid_from", "bad_date")),
        ({"valid_from": ""}, ("valid_from", "missing")),
        ({"valid_until": "31.02.2035"}, ("valid_until", "bad_date")),
        ({"valid_until": "01.01.9999"}, ("valid_until", "bad_date")),
        ({"issued_on": "01.01.1950"}, ("issued_on", "bad_date")),
        ({"issued_on": "25.11.2026"}, ("issued_on", "in_future")),
        ({"valid_from": "01.09.2035"}, ("valid_from", "dates_reversed")),
        ({"status_since": "25.11.2026"}, ("status_since", "in_future")),
        ({"status_since": "24.08.2025"}, ("status_since", "before_issue")),
        ({"valid_from": "25.11.2026"}, ("valid_from", "not_begun")),
        ({"valid_until": "23.11.2026"}, ("status", "already_over")),
        ({"status": "expired"}, ("status", "not_over_yet")),
        ({"organization_id": ""}, ("organization_id", "organization_missing")),
        ({"organization_id": "x" * 65}, ("organization_id", "invalid")),
        ({"reason": "Переезд"}, ("reason", "bad_reason")),
    ],
)
def test_what_is_wrong_is_named_by_column_and_code_with_words_for_people(changes, found):
    assert found in problems(**changes)
    column, code = found
    assert column in COLUMNS
    assert MESSAGES[code]
    assert code != "invalid" or "Подходит: " in CERTIFICATES.message(column, code)


def test_the_last_valid_day_itself_is_not_over():
    assert read(valid_until="24.11.2026").status == "active"


def test_a_row_tells_everything_that_is_wrong_with_it_at_once():
    assert problems(number="1", status="x", valid_from="y") == [
        ("number", "bad_number"), ("status", "bad_status"), ("valid_from", "bad_date"),
    ]  # fmt: skip


def test_days_that_do_not_go_together_are_told_beside_what_cannot_be_read():
    assert problems(
        number="1", valid_from="", valid_until="23.11.2026", issued_on="25.11.2026",
        organization_id="", reason="Переезд",
    ) == [
        ("number", "bad_number"), ("valid_from", "missing"), ("reason", "bad_reason"),
        ("issued_on", "dates_reversed"), ("issued_on", "in_future"), ("status", "already_over"),
        ("organization_id", "organization_missing"),
    ]  # fmt: skip


def test_of_an_empty_cell_nothing_is_told_but_that_it_is_missing():
    assert problems(issued_on="25.11.2026") == [("issued_on", "in_future")]
    assert problems(valid_until="", issued_on="") == [
        ("valid_until", "missing"), ("issued_on", "missing"),
    ]  # fmt: skip


def test_a_child_has_one_living_certificate_in_a_file_and_any_number_of_others():
    assert keys(GOOD) == ("1234567890", "1")
    assert keys(GOOD | {"number": "1234 5678 90", "status": "Приостановлен"}) == keys(GOOD)
    assert keys(GOOD | {"status": "аннулирован"}) == ("1234567890", "")
