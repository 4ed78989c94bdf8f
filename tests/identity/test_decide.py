"""What a change that SGO tells makes of a user or a link."""

from datetime import date

import pytest
from contracts.events import ChildLinked, ChildUnlinked, UserRegistered, UserUpdated
from contracts.ids import user_id
from contracts.values import Role
from identity.decide import (
    KnownLink,
    KnownUser,
    Late,
    age_on,
    change_link,
    change_user,
    erase_link,
    gives_up,
    lacks_login,
)
from pydantic import ValidationError

from tests.builders import NOW
from tests.identity.sgo import a_link, a_user


def test_a_new_user_is_registered_in_full():
    change = a_user("7", version=5)
    event = change_user(change, None, NOW)
    assert type(event) is UserRegistered
    assert (event.user_id, event.version, event.roles) == (user_id("7"), 1, (Role.student,))
    assert event.person == change.person


def test_a_changed_user_is_updated_with_our_next_version():
    event = change_user(a_user(version=9), KnownUser(sgo_version=4, version=2), NOW)
    assert type(event) is UserUpdated
    assert event.version == 3


@pytest.mark.parametrize("version", [3, 4], ids=["late", "repeated"])
def test_a_late_or_repeated_user_says_nothing(version):
    assert change_user(a_user(version=version), KnownUser(sgo_version=4, version=2), NOW) is None


@pytest.mark.parametrize(
    ("known", "lacks"),
    [
        (None, False),
        (KnownUser(4, 2), True),
        (KnownUser(4, 2, login="anna"), False),
        (KnownUser(3, 2), False),
        (KnownUser(5, 2), False),
        (KnownUser(4, 2, erased_at=NOW), False),
    ],
)
def test_only_the_login_of_what_is_known_already_is_waited_for(known, lacks):
    assert lacks_login(a_user(version=4, login="igor"), known) is lacks
    assert lacks_login(a_user(version=4), known) is False


def test_a_login_in_other_letters_is_not_given_up():
    known = KnownUser(4, 2, login="Anna")
    assert gives_up(known, "ANNA") is None
    assert gives_up(known, "olga") == gives_up(known, None) == "anna"
    assert gives_up(None, "anna") is gives_up(KnownUser(4, 2), "anna") is None


@pytest.mark.parametrize("role", ["operator", "client"])
def test_a_role_of_ours_is_not_sgos_to_give(role):
    with pytest.raises((ValidationError, ValueError)):
        a_user(role=role)


@pytest.mark.parametrize(("linked", "kind"), [(True, ChildLinked), (False, ChildUnlinked)])
def test_a_new_link_is_said_as_it_is(linked, kind):
    link, event = change_link(a_link("2", "1", version=8, linked=linked), None, NOW)
    assert (link, type(event), event.version) == (KnownLink(8, 1, linked), kind, 1)
    assert (event.parent_id, event.child_id) == (user_id("2"), user_id("1"))


@pytest.mark.parametrize(("was", "kind"), [(True, ChildUnlinked), (False, ChildLinked)])
def test_a_changed_link_is_said_with_our_next_version(was, kind):
    known = KnownLink(sgo_version=4, version=2, linked=was)
    link, event = change_link(a_link(version=5, linked=not was), known, NOW)
    assert (link, type(event), event.version) == (KnownLink(5, 3, not was), kind, 3)


@pytest.mark.parametrize("linked", [True, False])
def test_a_newer_link_in_the_same_state_says_nothing(linked):
    known = KnownLink(sgo_version=4, version=2, linked=linked)
    link = KnownLink(sgo_version=5, version=2, linked=linked)
    assert change_link(a_link(version=5, linked=linked), known, NOW) == (link, None)


@pytest.mark.parametrize("version", [3, 4], ids=["late", "repeated"])
def test_a_late_or_repeated_link_is_told_so(version):
    known = KnownLink(sgo_version=4, version=2, linked=True)
    with pytest.raises(Late):
        change_link(a_link(version=version, linked=False), known, NOW)


def test_an_erased_link_is_unlinked():
    known = KnownLink(sgo_version=4, version=2, linked=True)
    link, event = erase_link(user_id("2"), user_id("1"), known, NOW)
    assert (link, type(event), event.version) == (KnownLink(4, 3, False, NOW), ChildUnlinked, 3)


def test_an_erased_link_that_was_none_says_nothing_and_leaves_a_mark():
    known = KnownLink(sgo_version=4, version=2, linked=False)
    pair = user_id("2"), user_id("1")
    assert erase_link(*pair, known, NOW) == (KnownLink(4, 2, False, NOW), None)
    assert erase_link(*pair, None, NOW) == (KnownLink(0, 0, False, NOW), None)


@pytest.mark.parametrize(
    ("day", "born", "age"),
    [
        (date(2026, 4, 30), date(2016, 5, 1), 9),
        (date(2026, 5, 1), date(2016, 5, 1), 10),
        (date(2026, 2, 28), date(2012, 2, 29), 13),
        (date(2026, 3, 1), date(2012, 2, 29), 14),
        (date(2028, 2, 29), date(2012, 2, 29), 16),
        (date(2026, 5, 1), None, None),
    ],
)
def test_age_is_in_full_years(day, born, age):
    assert age_on(day, born) == age
