"""A verification token is its certificate's id, and nothing else is a token."""

import string
from uuid import UUID, uuid4

import pytest
from contracts.ids import certificate_of_token, verification_token

from tests.builders import an_id


def test_a_token_is_short_and_fit_for_an_address() -> None:
    for _ in range(1000):
        token = verification_token(uuid4())
        assert len(token) == 22
        assert set(token) <= {*string.ascii_letters, *string.digits, "-", "_"}


def test_a_token_leads_back_to_its_certificate() -> None:
    for certificate_id in (UUID(int=0), UUID(int=2**128 - 1), an_id("certificate"), uuid4()):
        assert certificate_of_token(verification_token(certificate_id)) == certificate_id


def test_a_tokens_form_never_changes() -> None:
    """It is printed on paper."""
    known = UUID("00112233-4455-6677-8899-aabbccddeeff")
    assert verification_token(known) == "ABEiM0RVZneImaq7zN3u_w"


def test_a_certificate_has_one_token_only() -> None:
    """The last letter holds two bits of the id; one with other bits set is no token."""
    token = verification_token(an_id("certificate"))
    for last in string.ascii_letters + string.digits + "-_":
        if last != token[-1]:
            try:
                assert certificate_of_token(token[:-1] + last) != an_id("certificate")
            except ValueError:
                continue


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "A" * 21,
        "A" * 23,
        "A" * 21 + "B",
        "A" * 22 + "==",
        "/" * 22,
        "А" * 22,
        "A" * 22 + "\n",
    ],
)
def test_other_text_is_no_token(text: str) -> None:
    with pytest.raises(ValueError, match="verification token"):
        certificate_of_token(text)
