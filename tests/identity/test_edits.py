"""What an operator's hand makes of a user or a link: pure decisions."""

from datetime import date, timedelta

import pytest
from contracts.events import ChildLinked, ChildUnlinked, UserRegistered, UserUpdated
from contracts.values import FullName, Person, Role
from identity.decide import KnownLink, Late, change_link, keep_own_login
from identity.decide import KnownUser as Known
from identity.edits import Fields, Refused, Stored, edit_user, link, unlink

from tests.builders import NOW, SCHOOL, TODAY, an_id
from tests.identity.sgo import EMPLOYER, a_link, a_user

ME = an_id("user")
NAME = {"last_name": "Иванова", "first_name": "Анна"}


def stored(**changes) -> Stored:
    known = {
        "user_id": ME, "sgo_user_id": "1", "sgo_version": 4, "version": 2, "login": "anna",
        "own_login": False, "roles": (Role.parent,),
        "person": Person(name=FullName(**NAME), municipality="m1", enrolments=(SCHOOL,)),
    }  # fmt: skip
    return Stored(**(known | changes))


def fields(**told) -> Fields:
    return Fields.model_validate(told)


def test_a_new_user_is_registered_with_version_one():
    made = edit_user(ME, None, fields(name=NAME, roles=["parent"], login="anna"), TODAY)
    assert type(made.event) is UserRegistered
    assert (made.event.version, made.event.roles, made.login) == (1, (Role.parent,), "anna")
    assert made.own_login


@pytest.mark.parametrize(
    ("told", "field"), [({"roles": ["parent"]}, "name"), ({"name": NAME}, "roles")]
)
def test_a_new_user_without_a_name_or_a_role_is_refused(told, field):
    with pytest.raises(Refused, match="missing") as refused:
        edit_user(ME, None, fields(**told), TODAY)
    assert refused.value.field == field


def test_an_edit_counts_on_and_leaves_what_was_not_told():
    edited = edit_user(ME, stored(), fields(birth_date="1990-02-03"), TODAY)
    assert type(edited.event) is UserUpdated
    assert edited.event.version == 3
    assert edited.event.person.birth_date == date(1990, 2, 3)
    assert edited.event.person.enrolments == (SCHOOL,)
    assert (edited.event.roles, edited.login, edited.own_login) == ((Role.parent,), "anna", False)


def test_what_is_told_empty_is_taken_away():
    edited = edit_user(ME, stored(), fields(municipality=None, enrolments=[], login=None), TODAY)
    assert (edited.event.person.municipality, edited.event.person.enrolments) == (None, ())
    assert (edited.login, edited.own_login) == (None, False)


def test_an_edit_that_changes_nothing_says_nothing():
    told = fields(name=NAME, roles=["parent"], login="anna", municipality="m1")
    assert edit_user(ME, stored(), told, TODAY) is None


@pytest.mark.parametrize("born", ["1899-12-31", (TODAY + timedelta(days=1)).isoformat()])
def test_an_impossible_birth_date_is_refused(born):
    with pytest.raises(Refused, match="impossible_date"):
        edit_user(ME, stored(), fields(birth_date=born), TODAY)


def test_an_employer_without_the_role_of_staff_is_refused():
    told = fields(roles=["parent"], organization=EMPLOYER.model_dump())
    with pytest.raises(Refused, match="not_staff"):
        edit_user(ME, stored(), told, TODAY)


def test_who_was_erased_does_not_come_back_by_an_edit():
    with pytest.raises(Refused, match="erased"):
        edit_user(ME, stored(person=None, erased_at=NOW), fields(name=NAME), TODAY)


@pytest.mark.parametrize("role", [Role.operator, Role.client])
def test_operators_and_clients_are_out_of_reach(role):
    with pytest.raises(Refused, match="not_found"):
        edit_user(ME, stored(roles=(role,)), fields(name=NAME), TODAY)


@pytest.mark.parametrize("role", ["operator", "client", "king"])
def test_no_edit_gives_a_role_of_ours(role):
    with pytest.raises(ValueError, match="roles"):
        fields(roles=[role])


def test_a_login_that_was_given_here_stays_where_sgo_tells_none():
    told = a_user(version=9)
    assert keep_own_login(told, Known(4, 2, "anna", own_login=True)).login == "anna"
    assert keep_own_login(told, Known(4, 2, "anna")).login is None
    assert keep_own_login(told, Known(4, 2, "anna", NOW, own_login=True)).login is None
    other = a_user(version=9, login="other")
    assert keep_own_login(other, Known(4, 2, "anna", own_login=True)).login == "other"


@pytest.mark.parametrize("known", [None, KnownLink(3, 5, linked=False, erased_at=NOW)])
def test_a_link_counts_our_version_on_and_leaves_sgos_alone(known):
    made, event = link(an_id("p"), an_id("c"), known)
    assert (made.linked, made.version) == (True, (known.version if known else 0) + 1)
    assert made.sgo_version == (known.sgo_version if known else 0)
    assert (type(event), event.version) == (ChildLinked, made.version)


def test_a_link_that_is_there_says_nothing():
    known = KnownLink(3, 5, linked=True)
    assert link(an_id("p"), an_id("c"), known) == (known, None)


def test_what_sgo_said_before_an_unlinking_does_not_open_the_link_again():
    ended, event = unlink(an_id("p"), an_id("c"), KnownLink(3, 5, linked=True), NOW)
    assert (type(event), event.version, ended.linked) == (ChildUnlinked, 6, False)
    before, after = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
    with pytest.raises(Late):
        change_link(a_link(version=9), ended, before)
    assert change_link(a_link(version=9), ended, after)[1].version == 7


def test_unlinking_what_never_was_is_refused():
    for known in (None, KnownLink(0, 0, linked=False, erased_at=NOW)):
        with pytest.raises(Refused, match="not_found"):
            unlink(an_id("p"), an_id("c"), known, NOW)
