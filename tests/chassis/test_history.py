"""What an entry of the journal tells the family, and what is the operator's."""

import pytest
from chassis import journal
from chassis.history import for_people

from tests.builders import an_id

ID, OTHER = an_id("certificate"), an_id("document")


@pytest.mark.parametrize(
    ("actor", "action", "details", "told"),
    [
        ("cli", "consent_kept", f"os user root; consent {ID}; договор, пункт 5",
         "договор, пункт 5"),
        ("cli", "consent_kept", f"os user uid 10; consent {ID}; статья 6; пункт 4",
         "статья 6; пункт 4"),
        ("cli", "password.set", "os user root", ""),
        ("parent", "downloaded_image", f"certificate {ID}, document {OTHER}", ""),
        ("staff", "downloaded_image", f"сверка, по жалобе, certificate {ID}, document {OTHER}",
         "сверка, по жалобе"),
        ("staff", "downloaded_application", f"сверка по жалобе, document {OTHER}",
         "сверка по жалобе"),
        ("operator", journal.READ, f"subject={ID} before=7", ""),
        ("staff", "suspended", "moved_away", "moved_away"),
        ("staff", "found_by_desk", "жалоба; проверка, номер 5", "жалоба; проверка, номер 5"),
        ("staff", "found_by_desk", f"жалоба на certificate {ID} матери",
         f"жалоба на certificate {ID} матери"),
    ],
)  # fmt: skip
def test_the_family_is_told_why_and_neither_an_account_nor_an_id(actor, action, details, told):
    assert for_people(actor, action, details) == told
