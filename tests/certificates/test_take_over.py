"""Whether another system's certificate is taken over, and what is said of it."""

from datetime import date, datetime

import pytest
from certificates.rows import Wanted
from certificates.take_over import Known, Same, is_there, take_over, why_not
from contracts.ids import user_id
from contracts.values import CertificateStatus

from tests.builders import MOSCOW, an_id

CHILD = user_id("1")
DAYS = date(2025, 9, 1), date(2035, 8, 31)


def wanted(status: str = "active", **changes) -> Wanted:
    known = {
        "child_id": CHILD, "number": "1234567890", "status": CertificateStatus(status),
        "valid_from": DAYS[0], "valid_until": DAYS[1], "issued_on": date(2025, 8, 25),
        "since": date(2025, 9, 3), "organization_id": "centre",
    }  # fmt: skip
    return Wanted(**(known | changes))


def said(status: str):
    issued, followed = take_over(wanted(status), MOSCOW)
    return [issued, *followed]


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        ("pending_activation", ["issued"]),
        ("active", ["issued", "activated"]),
        ("suspended", ["issued", "activated", "suspended"]),
        ("expired", ["issued", "expired"]),
        ("annulled", ["issued", "annulled"]),
    ],
)
def test_it_begins_as_each_and_its_status_follows_with_dense_versions(status, kinds):
    events = said(status)
    assert [event.TYPE for event in events] == [f"certificate.{kind}" for kind in kinds]
    assert [event.version for event in events] == list(range(1, len(kinds) + 1))
    assert events[0].status == "pending_activation"
    assert events[-1].status == status
    assert {(event.number, event.child_id) for event in events} == {("1234567890", CHILD)}
    assert events[0].imported is True


def test_moments_are_mornings_where_the_families_live():
    issued, activated, suspended = said("suspended")
    assert issued.issued_at == datetime(2025, 8, 25, tzinfo=MOSCOW)
    assert activated.activated_at == issued.issued_at
    assert suspended.suspended_at == datetime(2025, 9, 3, tzinfo=MOSCOW)
    assert (activated.organization_id, suspended.reason) == ("centre", "imported")


def test_the_same_number_is_the_same_certificate_in_whatever_file():
    one, other = said("active")[0], said("pending_activation")[0]
    assert (one.certificate_id, one.request_id) == (other.certificate_id, other.request_id)
    assert one.certificate_id != one.request_id


def same(**changes) -> Same:
    return Same(CHILD, CertificateStatus.active, *DAYS)._replace(**changes)


@pytest.mark.parametrize(
    ("known", "found"),
    [
        (Known(), None),
        (Known(is_known=False, is_student=False), ("sgo_child_id", "unknown_person")),
        (Known(is_erased=True, is_student=False), ("sgo_child_id", "erased")),
        (Known(is_student=False), ("sgo_child_id", "not_a_student")),
        (Known(is_enrolled=False), ("sgo_child_id", "not_enrolled")),
        (Known(birth_date=date(2017, 8, 31)), ("valid_until", "outlives_18")),
        (Known(birth_date=date(2017, 9, 1)), None),
        (Known(has_living=True), ("sgo_child_id", "already_has_certificate")),
        (Known(same=same(child_id=an_id("other"))), ("number", "number_taken")),
        (Known(same=same(status=CertificateStatus.annulled)), ("status", "differs")),
        (Known(same=same(valid_until=date(2034, 8, 31))), ("status", "differs")),
        (Known(same=same()), None),
    ],
)
def test_what_keeps_a_living_one_out(known, found):
    assert why_not(wanted(), known) == found


def test_what_is_over_is_history_also_of_a_child_who_left_or_has_another_or_grew_up():
    known = Known(is_enrolled=False, has_living=True, birth_date=date(2007, 1, 1))
    assert why_not(wanted("annulled"), known) is None


def test_the_same_certificate_is_there_and_another_status_is_not_the_same():
    assert is_there(wanted(), Known(same=same()))
    assert not is_there(wanted(), Known(same=same(status=CertificateStatus.suspended)))
    assert not is_there(wanted(), Known())
