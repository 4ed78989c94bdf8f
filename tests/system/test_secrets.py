"""Canaries: secrets and personal data are planted, then looked for everywhere they must not be."""

import asyncio
import base64
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import quote, urlsplit

import httpx
import pypdf
from aiokafka import AIOKafkaProducer, ConsumerRecord
from contracts import topics
from contracts.topics import TOPICS, Topic

from tests.system.conftest import PARENT
from tests.system.outside import all_on
from tests.waiting import eventually
from tools.stack.postgres import BINARIES
from tools.stack.settings import SERVICES

POISON = 4  # records that nobody can read; they stay in quarantine
LAST_NAME, FIRST_NAME = "Канарейкин", "Кенар"
PUBLIC = (topics.CERTIFICATES, topics.DOCUMENTS)


@dataclass(frozen=True, slots=True)
class Planted:
    """What to look for, by what it is."""

    secrets: Mapping[str, bytes]
    personal: Mapping[str, bytes]


def forms(raw: bytes) -> set[bytes]:
    """How it may hide: as it is, escaped as JSON or as an address, in hex, in base64."""
    found = {raw, quote(raw).encode(), raw.hex().encode()}
    if not raw.isascii() and len(raw) != 32:
        found.add(raw.decode().encode("ascii", "backslashreplace"))
    for shift, lost in enumerate((0, 2, 3)):  # base64 differs with the place in what was encoded
        coded = base64.b64encode(bytes(shift) + raw)
        found.add(coded[lost : len(coded) // 4 * 4 - 4])
    return found


def found_in(places: Mapping[str, bytes], wanted: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """(what, where) of everything planted that turned up."""
    return [
        (what, where)
        for what, raw in wanted.items()
        for where, whole in places.items()
        if any(form in whole for form in forms(raw))
    ]


async def planted(system) -> Planted:
    """A family asks and downloads; bad input repeats what is secret and what is personal."""
    who, born = await system.sign_in(PARENT), datetime.now(UTC).year - 9
    child = await system.new_child(f"{LAST_NAME} {FIRST_NAME} Чижович")
    certificate = await system.certificate(child, who)
    pdf = await system.get("documents", f"/certificates/{certificate}/credentials.pdf", who)
    text = pypdf.PdfReader(BytesIO(pdf.content)).pages[0].extract_text()
    login, password = re.search(r"Логин\s+(\S+)\s+Пароль\s+(\S+)", text).groups()
    secrets = {
        "portal login": login,
        "portal password": password,
        "sign-in password": system.user(PARENT)["password"],
        "access token": who["Authorization"].removeprefix("Bearer "),
    } | {
        f"{kind} of {service}": (system.folder / "secrets" / service / kind).read_text()
        for service in SERVICES
        for kind in ("database_password", "encryption_key")
    }
    keys = {
        f"bytes of {what}": base64.urlsafe_b64decode(text)
        for what, text in secrets.items()
        if what.startswith("encryption_key")
    }
    personal = {"last name": LAST_NAME, "first name": FIRST_NAME}
    personal |= {"birth date": f"{born}-01-15", "birth date in Russian": f"15.01.{born}"}
    await repeat(system, secrets, who)
    return Planted(
        {what: text.encode() for what, text in secrets.items()} | keys,
        {what: text.encode() for what, text in personal.items()},
    )


async def repeat(system, secrets: Mapping[str, str], who: dict[str, str]) -> None:
    """Say it where it does not belong: a family types it wrong, SGO sends what we cannot read."""
    password = secrets["sign-in password"]
    for form in ({"username": password, "password": password}, {"username": password}):
        await system.post("identity", "/token", {}, data=form)
    for service in SERVICES:
        for path in ("/metrics", "/openapi.json", "/health/ready", f"/{password}"):
            await system.get(service, path, who)
    await system.get("certificates", f"/certificates?number={password}", who)
    checked = {"checked_documents": [LAST_NAME], "consent": password}
    await system.post("certificates", "/certificates/1/activation", who, json=checked)
    before = await system.gaps()
    async with AIOKafkaProducer(bootstrap_servers=system.demo["kafka"]) as producer:
        for topic in (topics.SGO_USERS, topics.CERTIFICATE_REQUESTS):
            for kind in (b"sgo.user.changed", LAST_NAME.encode()):
                value = f'{{"child_id": "{LAST_NAME}", "person": "{FIRST_NAME}"'.encode()
                await producer.send_and_wait(topic.name, value, b"k", headers=[("ce_type", kind)])

    async def all_kept() -> bool:
        return len([gap for gap in await system.gaps() - before if " quarantine " in gap]) == POISON

    await eventually(all_kept)


def written(record: ConsumerRecord) -> bytes:
    headers = [part for name, raw in record.headers for part in (name.encode(), raw)]
    return b"\n".join([record.key or b"", record.value or b"", *headers])


async def on_topics(system, wanted: tuple[Topic, ...]) -> dict[str, bytes]:
    return {
        topic.name: b"\n".join(map(written, await all_on(system.demo["kafka"], topic)))
        for topic in wanted
    }


async def dumped(system) -> dict[str, bytes]:
    """Each database as its whole SQL dump."""
    return {
        f"dump of {service}": await asyncio.to_thread(_dump, url)
        for service, url in system.demo["databases"].items()
    }


def _dump(url: str) -> bytes:
    parts = urlsplit(url)
    plain = f"postgresql://{parts.username}@{parts.hostname}:{parts.port}{parts.path}"
    done = subprocess.run(
        [str(BINARIES / "pg_dump"), plain],
        env=os.environ | {"PGPASSWORD": parts.password or ""}, capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout


def answered(system) -> dict[str, bytes]:
    """All that was answered over HTTP but the token and the owner's PDF."""
    return {
        f"{n}: {answer.request.method} {answer.request.url.path}": answer.content
        + str(answer.headers).encode()
        for n, answer in enumerate(system.answers)
        if not (answer.status_code == httpx.codes.OK and has_a_secret_by_design(answer))
    }


def has_a_secret_by_design(answer: httpx.Response) -> bool:
    return answer.request.url.path.endswith(("/token", "/credentials.pdf"))


async def test_no_planted_secret_leaves_its_place(system, collector):
    """Nor does a name or a birth date, by public topics, logs or traces."""
    what = await planted(system)
    logs = {log.name: log.read_bytes() for log in system.logs()}
    traces = {f"traces {n}": body for n, (_, body) in enumerate(collector.received)}
    dumps, everything = await dumped(system), await on_topics(system, TOPICS)
    assert found_in(everything | dumps | logs | traces | answered(system), what.secrets) == []
    public = {topic.name: everything[topic.name] for topic in PUBLIC}
    assert found_in(public | logs | traces, what.personal) == []
    # The search does find what is where it belongs.
    inside = found_in(everything | dumps, what.personal)
    assert {where for _, where in inside} >= {"identity.users.v1", "dump of identity"}
    assert len(traces) > 0
