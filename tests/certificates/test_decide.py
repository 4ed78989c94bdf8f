"""Each row of DOMAIN's "why the button is not there", and of the activation's guards."""

from datetime import date, timedelta

import pytest
from certificates import decide
from certificates.decide import Person, Validity, why_not
from contracts.ages import age_on
from contracts.events import CertificateIssued, CertificateRefused
from contracts.values import CertificateStatus, RefusalCode, RequesterRole

from tests.builders import (
    TODAY,
    a_child,
    a_region,
    a_request,
    an_id,
    facts,
)

PARENT, STUDENT, STAFF = RequesterRole.parent, RequesterRole.student, RequesterRole.staff


def a_student(born: date, **changes):
    child = a_child(born=born)
    return facts(child=child, requester=child, linked=None, has_linked_child=False, **changes)


def test_linked_parent_of_an_enrolled_child_may_ask():
    assert why_not(PARENT, facts()) == ()


@pytest.mark.parametrize("age", range(5, 18))
def test_parent_may_ask_for_a_child_of_any_age_in_range(age):
    assert why_not(PARENT, facts(child=a_child(born=TODAY.replace(year=2026 - age)))) == ()


def test_student_may_ask_on_the_14th_birthday():
    assert why_not(STUDENT, a_student(date(2012, 11, 24))) == ()


@pytest.mark.parametrize("years", [14, 18])
def test_a_birthday_is_the_first_day_of_the_new_age_whatever_day_one_was_born(years):
    """Four years of birth dates, 29 February among them: days and ages are counted alike."""
    for n in range(4 * 365 + 1):
        born = date(2011, 1, 1) + timedelta(days=n)
        day = decide.birthday(born, years)
        assert (age_on(day, born), age_on(day - timedelta(days=1), born)) == (years, years - 1)


def test_student_may_not_ask_on_the_day_before_the_14th_birthday():
    codes = why_not(STUDENT, a_student(date(2012, 11, 25)))
    assert RefusalCode.student_under_14 in codes


def test_student_under_14_is_told_to_use_the_parents_own_account():
    codes = why_not(STUDENT, a_student(date(2016, 1, 1)))
    assert set(codes) == {RefusalCode.student_under_14, RefusalCode.own_account_required}


def test_student_may_not_ask_for_somebody_else():
    other = facts(requester=Person(an_id("other student"), frozenset({"student"})), linked=None)
    assert why_not(STUDENT, other) == (RefusalCode.child_not_linked,)


def test_nobody_may_ask_while_the_region_has_the_module_off():
    off = facts(region=a_region(module_enabled=False))
    assert why_not(PARENT, off) == (RefusalCode.module_disabled,)


def test_nobody_may_ask_while_the_childs_municipality_has_the_module_off():
    off = facts(region=a_region(module_off_in=frozenset({"m1"})))
    assert why_not(PARENT, off) == (RefusalCode.module_disabled,)


def test_no_second_certificate_while_one_is_alive():
    again = facts(has_living_certificate=True)
    assert why_not(PARENT, again) == (RefusalCode.already_has_certificate,)


def test_parent_without_any_child_is_told_so():
    alone = facts(linked=None, has_linked_child=False)
    assert why_not(PARENT, alone) == (RefusalCode.no_linked_child, RefusalCode.child_not_linked)


def test_parent_may_not_ask_for_a_child_of_others():
    assert why_not(PARENT, facts(linked=None)) == (RefusalCode.child_not_linked,)


def test_parent_whose_link_was_removed_may_not_ask():
    assert why_not(PARENT, facts(linked=False)) == (RefusalCode.child_not_linked,)


def test_staff_may_ask_for_a_child_enrolled_in_their_organization():
    teacher = Person(an_id("teacher"), frozenset({"staff"}), organization="school-1")
    assert why_not(STAFF, facts(requester=teacher, linked=None)) == ()


def test_staff_may_not_ask_for_a_child_enrolled_elsewhere():
    teacher = Person(an_id("teacher"), frozenset({"staff"}), organization="school-2")
    assert why_not(STAFF, facts(requester=teacher)) == (RefusalCode.child_not_linked,)


@pytest.mark.parametrize("role", RequesterRole)
def test_nobody_asks_in_a_role_they_do_not_hold(role):
    """Whatever a request says of it: a link stays when a parent's role is taken away."""
    grown = a_student(date(2010, 1, 1)).child
    asking = {
        PARENT: {"requester": Person(an_id("parent"))},
        STUDENT: {"child": grown, "requester": grown},
        STAFF: {"requester": Person(an_id("teacher"), organization="school-1")},
    }[role]
    held = asking["requester"]._replace(roles=frozenset({role}))
    others = frozenset({"student", "parent", "staff", "operator"}) - {role}
    assert why_not(role, facts(**asking | {"requester": held})) == ()
    without = asking["requester"]._replace(roles=others)
    assert why_not(role, facts(**asking | {"requester": without})) == (
        RefusalCode.child_not_linked,
    )


def test_who_is_no_student_gets_none():
    child = a_child(roles=frozenset({"parent"}))
    assert why_not(PARENT, facts(child=child)) == (RefusalCode.not_enrolled,)


def test_a_child_enrolled_nowhere_gets_none():
    assert why_not(PARENT, facts(child=a_child(enrolled_at=frozenset()))) == (
        RefusalCode.not_enrolled,
    )


@pytest.mark.parametrize(
    ("born", "allowed"),
    [
        (date(2021, 11, 25), False),  # five tomorrow
        (date(2021, 11, 24), True),  # five today
        (date(2008, 11, 25), True),  # eighteen tomorrow
        (date(2008, 11, 24), False),  # eighteen today
        (None, False),
    ],
)
def test_the_child_must_be_of_the_minimum_age_and_under_18(born, allowed):
    codes = why_not(PARENT, facts(child=a_child(born=born)))
    assert codes == (() if allowed else (RefusalCode.age_out_of_range,))


def test_another_open_request_is_in_the_way():
    codes = why_not(PARENT, facts(open_request=an_id("r1")), an_id("r2"))
    assert codes == (RefusalCode.request_in_progress,)


def test_a_request_is_not_in_its_own_way():
    assert why_not(PARENT, facts(open_request=an_id("r1")), an_id("r1")) == ()


def test_every_rule_that_fails_is_named():
    hopeless = facts(
        region=a_region(module_enabled=False),
        child=a_child(born=date(2000, 1, 1), enrolled_at=frozenset()),
        linked=None,
        has_linked_child=False,
        has_living_certificate=True,
        open_request=an_id("r1"),
    )
    assert set(why_not(PARENT, hopeless)) == set(RefusalCode) - {
        RefusalCode.student_under_14,
        RefusalCode.own_account_required,
        RefusalCode.consent_withdrawn,  # no rule: said where the consent is withdrawn
    }


def test_a_certificate_is_issued_not_activated_with_its_number():
    event = decide.issue(a_request(), facts(), "780000000011")
    assert isinstance(event, CertificateIssued)
    assert event.status is CertificateStatus.pending_activation
    assert (event.number, event.version) == ("780000000011", 1)


def test_a_replay_decides_the_same():
    first = decide.issue(a_request(), facts(), "780000000011")
    assert decide.issue(a_request(), facts(), "780000000011") == first


def test_a_refusal_carries_every_code():
    event = decide.issue(a_request(), facts(linked=False), "780000000011")
    assert isinstance(event, CertificateRefused)
    assert event.codes == (RefusalCode.child_not_linked,)


@pytest.mark.parametrize(
    ("validity", "born", "last_day"),
    [
        (Validity(), date(2016, 5, 1), date(2034, 4, 30)),
        (Validity(), date(2012, 2, 29), date(2030, 2, 28)),
        (Validity(until=date(2027, 8, 31)), date(2016, 5, 1), date(2027, 8, 31)),
        (Validity(until=date(2060, 1, 1)), date(2016, 5, 1), date(2034, 4, 30)),
        (Validity(days=7320), date(2016, 5, 1), date(2034, 4, 30)),
    ],
)
def test_validity_ends_as_the_region_says(validity, born, last_day):
    assert decide.valid_until(validity, TODAY, born) == last_day


@pytest.mark.parametrize(
    "validity",
    [Validity(), Validity(days=1), Validity(days=7320), Validity(until=TODAY),
     Validity(until=date(2060, 1, 1))],
    ids=str,
)  # fmt: skip
def test_no_certificate_outlives_the_day_before_the_18th_birthday(validity):
    """Nor is one over before it began: all birth dates of whoever may have one today."""
    born = date(2008, 11, 25)
    assert why_not(PARENT, facts(child=a_child(born=born))) == ()
    while born <= date(2021, 11, 24):
        last = decide.valid_until(validity, TODAY, born)
        assert TODAY <= last < decide.birthday(born, 18)
        born += timedelta(days=1)


def test_a_fixed_date_is_over_on_the_day_after_it():
    """The date itself is a valid day, both ends inclusive."""
    last, gone = (Validity(until=TODAY - timedelta(days=n)) for n in (0, 1))
    assert why_not(PARENT, facts(region=a_region(validity=last))) == ()
    codes = why_not(PARENT, facts(region=a_region(validity=gone)))
    assert codes == (RefusalCode.module_disabled,)


def test_ninety_days_run_as_in_the_manual():
    """The manual's example: 28.10.19 to 25.01.20, both ends inclusive."""
    assert decide.valid_until(Validity(days=90), date(2019, 10, 28), date(2010, 1, 1)) == date(
        2020, 1, 25
    )


@pytest.mark.parametrize("text", ["days:0", "days:7321", "days:99999999999", "9999-12-31", "days:"])
def test_a_validity_that_no_certificate_can_have_is_refused(text):
    with pytest.raises(ValueError, match="is none of"):
        decide.parse_validity(text)


def test_a_request_that_overtook_its_child_waits_for_the_child():
    request = a_request()
    assert decide.waits_for(request, facts(child=None)) == decide.person_fact(request.child_id)


def test_a_request_that_overtook_its_link_waits_for_the_link():
    fact = decide.link_fact(an_id("parent"), an_id("child"))
    assert decide.waits_for(a_request(), facts(linked=None)) == fact


def test_a_request_after_a_removed_link_does_not_wait():
    assert decide.waits_for(a_request(), facts(linked=False)) is None


def test_a_request_that_overtook_the_role_of_a_parent_waits_for_the_parent():
    known = facts(requester=Person(an_id("parent"), frozenset({"staff"})))
    assert decide.waits_for(a_request(), known) == decide.person_fact(an_id("parent"))
