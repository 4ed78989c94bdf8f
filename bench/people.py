"""Students who exist only for a measurement, told on SGO's topics like all others."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID, uuid4  # noqa: TID251  new requests at each run

from aiokafka import AIOKafkaProducer
from contracts import Envelope, Event, Record, encode
from contracts.events import CertificateRequested, Requester, SgoUserChanged
from contracts.topics import Topic
from contracts.values import Enrolment, FullName, OrganizationKind, Person, RequesterRole, SgoRole

SCHOOL = Enrolment(organization_id="bench-school", kind=OrganizationKind.school, name="Школа")


def student(sgo_id: str) -> SgoUserChanged:
    """Fifteen or sixteen years old, and may ask for themselves."""
    person = Person(
        name=FullName(last_name="Проверочная", first_name="Александра", middle_name="Ивановна"),
        birth_date=date(datetime.now(UTC).year - 16, 1, 1),  # noqa: TID251
        municipality="bench",
        enrolments=(SCHOOL,),
    )
    return SgoUserChanged(sgo_user_id=sgo_id, version=1, roles=(SgoRole.student,), person=person)


def request(child: UUID) -> CertificateRequested:
    return CertificateRequested(
        child_id=child,
        request_id=uuid4(),
        requester=Requester(user_id=child, role=RequesterRole.student),
        requested_at=datetime.now(UTC),  # noqa: TID251
    )


def record(event: Event, topic: Topic | None = None) -> Record:
    now = datetime.now(UTC)  # noqa: TID251
    return encode(Envelope(event, uuid4(), "/bench", now, "bench", topic=topic))


async def send(producer: AIOKafkaProducer, records: Sequence[Record]) -> None:
    """All of them, acknowledged."""
    futures = [
        await producer.send(one.topic, one.value, key=one.key.encode(), headers=one.headers)
        for one in records
    ]
    for future in futures:
        await future
