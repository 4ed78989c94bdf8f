"""Numbers: twelve digits, unique by construction, a mistyped one is told at once."""

from itertools import pairwise

import pytest
from certificates import numbers

KEY = b"a key of the test"


def test_a_number_has_twelve_digits_and_starts_with_the_region():
    number = numbers.make("78", KEY, 0)
    assert len(number) == 12
    assert number.startswith("78")
    assert numbers.is_well_typed(number)


def test_no_two_serials_give_the_same_number():
    made = {numbers.permute(KEY, serial) for serial in range(100_000)}
    assert len(made) == 100_000
    assert all(0 <= one < numbers.SERIALS for one in made)


def test_neighbouring_serials_reveal_no_order():
    made = [numbers.permute(KEY, serial) for serial in range(1000)]
    rising = sum(a < b for a, b in pairwise(made))
    assert 400 < rising < 600


@pytest.mark.parametrize("serial", [0, 1, 999_999_999])
def test_every_single_wrong_digit_is_found(serial):
    number = numbers.make("78", KEY, serial)
    for place in range(12):
        for digit in set("0123456789") - {number[place]}:
            assert not numbers.is_well_typed(number[:place] + digit + number[place + 1 :])


def test_check_digit_of_the_standards_example():
    """ISO 7064 MOD 11,10: the example 0794 has the check digit 5."""
    assert numbers.check_digit("0794") == "5"
