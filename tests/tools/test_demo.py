"""What the demo says is so, it has looked at: the paper's places, the events of this child."""

import pytest
from aiokafka import ConsumerRecord
from documents.credentials import login_of, new_password
from documents.credentials_page.render import CURRENT, render

from tests.documents.pages import values
from tools.stack import paper
from tools.stack.follow import Press

NUMBER, ANOTHER = "785044901646", "785044901647"
WANTED = ("certificate.issued", "certificate.activated")


@pytest.fixture
def printed(tmp_path):
    """A credentials PDF of NUMBER, as the documents service renders it; some fields changed."""

    def made(**changed: str):
        known = {"number": NUMBER, "login": login_of(NUMBER), "password": new_password()}
        file = tmp_path / "credentials.pdf"
        file.write_bytes(render(CURRENT, values(**known | changed)))
        return file

    return made


def test_a_paper_with_number_login_and_password_is_right(printed):
    paper.check(printed(), NUMBER)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"number": ANOTHER}, "number"),
        ({"number": NUMBER + "0"}, "number"),
        ({"login": ""}, "login"),
        ({"login": login_of(ANOTHER)}, "login"),
        ({"password": ""}, "password"),
        ({"password": "short"}, "password"),
    ],
    ids=str,
)
def test_a_paper_with_something_else_in_a_place_is_wrong(printed, changed, what):
    """The labels are there all the same."""
    with pytest.raises(paper.WrongPaper, match=f"the {what} of"):
        paper.check(printed(**changed), NUMBER)


def said(kind: str, key: bytes | None) -> ConsumerRecord:
    return ConsumerRecord(
        topic="certificates.v1", partition=0, offset=0, timestamp=0, timestamp_type=0, key=key,
        value=b"{}", checksum=None, serialized_key_size=0, serialized_value_size=2,
        headers=[("ce_type", kind.encode())],
    )  # fmt: skip


def test_what_is_said_of_another_child_is_not_heard_of_this_one():
    press = Press()
    for key in (b"another", None):
        for kind in WANTED:
            press.hear(said(kind, key))
    assert press.missing("this", WANTED) == [*WANTED]
    press.hear(said(WANTED[0], b"this"))
    assert press.missing("this", WANTED) == [WANTED[1]]
