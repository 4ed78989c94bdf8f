"""The portal password: as long as promised, of clear letters, each as likely as any other."""

from collections import Counter

from documents.credentials import ALPHABET, PASSWORD_LENGTH, letters_of, new_password


def test_each_letter_of_a_password_is_equally_likely():
    counted = Counter(letters_of(bytes(range(256))))
    assert set(counted) == set(ALPHABET)
    assert set(counted.values()) == {256 // len(ALPHABET)}


def test_a_password_has_fourteen_letters_without_look_alikes():
    for _ in range(1000):
        password = new_password()
        assert len(password) == PASSWORD_LENGTH == 14
        assert not set(password) & set("0O1lIio")
