"""Files of certificates that another system issued, as an operator sends them."""

from typing import Any

from certificates import imports
from chassis import clock
from chassis.imports import step
from contracts.events import CertificateRequested, UserRegistered
from contracts.ids import user_id
from httpx import AsyncClient, Response

from tests.builders import a_region, a_request, a_user

HEAD = (
    "ИД ребёнка;Номер;Статус;Действует с;Действует по;Дата выдачи;Статус с;ИД организации;"
    "Код причины\n"
)
NUMBER = "1234567890"
UNTIL = f"31.08.{clock.now().year + 1}"


def a_row(child: str = "1", number: str = NUMBER, status: str = "активный", **changes: str) -> str:
    """A line of the file: an active certificate of SGO's child 1, good until next year's autumn."""
    known = {
        "valid_from": "01.09.2025", "valid_until": UNTIL, "issued_on": "25.08.2025",
        "status_since": "", "organization_id": "centre", "reason": "",
    }  # fmt: skip
    return ";".join((child, number, status, *(known | changes).values())) + "\n"


def over(child: str, number: str, status: str = "срок истёк", **changes: str) -> str:
    """The same of one that is over."""
    days = {"valid_from": "28.10.2019", "valid_until": "25.01.2020", "issued_on": "28.10.2019"}
    return a_row(child, number, status, **(days | changes))


def a_student(sgo_id: str, **changes: Any) -> UserRegistered:
    """A student as identity tells of SGO's."""
    return a_user(f"sgo {sgo_id}", **changes).model_copy(update={"user_id": user_id(sgo_id)})


def a_wish(sgo_id: str) -> CertificateRequested:
    """The student of 14 or older asks, now."""
    child = user_id(sgo_id)
    asked = a_request(role="student", name=f"of {sgo_id}")
    me = asked.requester.model_copy(update={"user_id": child})
    return asked.model_copy(
        update={"child_id": child, "requester": me, "requested_at": clock.now()}
    )


async def send(
    office: AsyncClient, content: str | bytes, *, key: str | None = None, **query: Any
) -> Response:
    headers = {"Content-Type": "text/csv"} | ({"Idempotency-Key": key} if key else {})
    raw = content.encode() if isinstance(content, str) else content
    return await office.post("/imports/certificates", content=raw, headers=headers, params=query)


async def work(town: Any) -> None:
    while await step(town.store, imports.works(a_region())):
        pass


async def card_of(town: Any, office: AsyncClient, content: str | bytes, **query: Any) -> Any:
    """What the operator is told when all rows are done."""
    answer = await send(office, content, **query)
    assert answer.status_code == 202, answer.text
    await work(town)
    return (await office.get(answer.headers["location"])).json()


def counts(card: Any) -> tuple[int, ...]:
    return tuple(card[name] for name in ("created", "changed", "unchanged", "failed"))


def errors(card: Any) -> list[tuple[int, str, str]]:
    return [(one["row"], one["column"], one["code"]) for one in card["errors"]]
