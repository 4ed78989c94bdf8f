"""How a certificate's life goes on, each row of the life cycle a promise; time is passed in."""

from datetime import UTC, datetime, timedelta

import pytest
from certificates import life_cycle
from contracts.values import CertificateStatus

from tests.builders import MOSCOW, NOW, TODAY, a_certificate

LIVING = ["pending_activation", "active", "suspended"]
ENDED = ["expired", "annulled"]


def of(status, **changes):
    return a_certificate(status=CertificateStatus(status), **changes)


def activate(certificate, **changes):
    known = {
        "checked_documents": ["паспорт"],
        "consent": True,
        "organization": "center-1",
        "at": NOW,
        "zone": MOSCOW,
    }
    return life_cycle.activate(certificate, **(known | changes))


def test_activation_makes_it_active_one_version_on():
    event = activate(a_certificate())
    assert (event.status, event.version) == (CertificateStatus.active, 2)


def test_an_active_certificate_is_not_activated_twice():
    with pytest.raises(life_cycle.AlreadyActive):
        activate(a_certificate(status=CertificateStatus.active))


@pytest.mark.parametrize("status", ["suspended", "expired", "annulled"])
def test_only_a_pending_certificate_is_activated(status):
    with pytest.raises(life_cycle.NotPending):
        activate(a_certificate(status=CertificateStatus(status)))


def test_activation_needs_checked_papers():
    with pytest.raises(life_cycle.PapersNotChecked):
        activate(a_certificate(), checked_documents=[])


def test_activation_needs_consent():
    with pytest.raises(life_cycle.ConsentMissing):
        activate(a_certificate(), consent=False)


def test_activation_works_on_the_last_valid_day_in_the_regions_time_zone():
    last_moment = datetime(2034, 4, 30, 20, 59, tzinfo=UTC)  # 23:59 in Moscow
    assert activate(a_certificate(), at=last_moment).status is CertificateStatus.active
    with pytest.raises(life_cycle.OutsideValidity):
        activate(a_certificate(), at=last_moment + timedelta(minutes=1))


def test_an_active_certificate_is_suspended_for_a_reason():
    event = life_cycle.suspend(of("active", version=2), reason="moved", at=NOW)
    assert (event.status, event.version, event.reason) == ("suspended", 3, "moved")


@pytest.mark.parametrize("status", ["pending_activation", "suspended"])
def test_only_an_active_certificate_is_suspended(status):
    with pytest.raises(life_cycle.NotActive):
        life_cycle.suspend(of(status), reason="moved", at=NOW)


def test_a_suspended_certificate_is_active_again():
    event = life_cycle.resume(of("suspended", version=3), at=NOW, zone=MOSCOW)
    assert (event.status, event.version) == ("active", 4)


@pytest.mark.parametrize("status", ["pending_activation", "active"])
def test_only_a_suspended_certificate_is_resumed(status):
    with pytest.raises(life_cycle.NotSuspended):
        life_cycle.resume(of(status), at=NOW, zone=MOSCOW)


def test_nothing_is_resumed_after_its_last_valid_day():
    over = of("suspended", valid_until=TODAY - timedelta(days=1))
    with pytest.raises(life_cycle.OutsideValidity):
        life_cycle.resume(over, at=NOW, zone=MOSCOW)


@pytest.mark.parametrize("status", LIVING)
def test_the_desk_annuls_every_living_certificate(status):
    event = life_cycle.annul(of(status), reason="left", by_family=False, at=NOW)
    assert (event.status, event.version, event.reason) == ("annulled", 2, "left")


def test_a_parent_annuls_while_it_is_pending():
    event = life_cycle.annul(of("pending_activation"), reason="mistake", by_family=True, at=NOW)
    assert event.status == "annulled"


@pytest.mark.parametrize("status", ["active", "suspended"])
def test_a_parent_annuls_nothing_that_was_activated(status):
    with pytest.raises(life_cycle.OnlyPendingByFamily):
        life_cycle.annul(of(status), reason="mistake", by_family=True, at=NOW)


@pytest.mark.parametrize("status", ENDED)
def test_what_is_over_never_changes_again(status):
    ended = of(status, valid_until=TODAY - timedelta(days=1))
    for change in (
        lambda: life_cycle.suspend(ended, reason="r", at=NOW),
        lambda: life_cycle.resume(ended, at=NOW, zone=MOSCOW),
        lambda: life_cycle.annul(ended, reason="r", by_family=False, at=NOW),
    ):
        with pytest.raises(life_cycle.Over):
            change()
    assert life_cycle.pass_time(ended, today=TODAY, at=NOW) is None


@pytest.mark.parametrize("status", LIVING)
def test_it_expires_on_the_day_after_its_last_valid_day_and_not_before(status):
    living = of(status, valid_until=TODAY, warned_days=7)
    assert life_cycle.pass_time(living, today=TODAY, at=NOW) is None
    event = life_cycle.pass_time(living, today=TODAY + timedelta(days=1), at=NOW)
    assert (event.TYPE, event.status, event.version) == ("certificate.expired", "expired", 2)


def warnings_of(certificate, days) -> list[int]:
    """The days left in each warning, if the clock looks on every one of `days` before the end."""
    said = []
    for left in days:
        today = certificate.valid_until - timedelta(days=left)
        due = life_cycle.warning_due(certificate, today)
        event = life_cycle.pass_time(certificate, today=today, at=NOW)
        if event:
            said.append(event.days_left)
        if due is not None:
            certificate = a_certificate(
                valid_from=certificate.valid_from,
                valid_until=certificate.valid_until,
                warned_days=due,
            )
    return said


def test_a_family_is_warned_90_30_and_7_days_before_the_end_each_once():
    assert warnings_of(a_certificate(), range(100, -1, -1)) == [90, 30, 7]


def test_a_warning_that_a_pause_delayed_says_the_days_that_are_left():
    assert warnings_of(a_certificate(), [100, 88, 5, 4]) == [88, 5]


def test_nobody_is_warned_of_an_end_that_was_so_near_from_the_start():
    ninety_days = a_certificate(valid_until=TODAY + timedelta(days=89))
    assert warnings_of(ninety_days, range(89, -1, -1)) == [30, 7]


def test_a_warning_keeps_the_status_and_is_a_version_of_its_own():
    soon = a_certificate(
        status=CertificateStatus.active, version=2, warned_days=90,
        valid_from=TODAY - timedelta(days=400), valid_until=TODAY + timedelta(days=30),
    )  # fmt: skip
    event = life_cycle.pass_time(soon, today=TODAY, at=NOW)
    assert (event.status, event.version, event.days_left) == ("active", 3, 30)
