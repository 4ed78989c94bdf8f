"""What `make verify heal=1` asks of certificates; it may be called by hand as well.

python -m certificates.heal announce < lines of "TOPIC ID VERSION": an event that is nowhere
python -m certificates.heal answer < lines of "PLACE [PLACE]": the answer to a request that was lost
    here, by the places of the request and of its refusal
python -m certificates.heal end < lines of "ID": consents that stand though this person is erased
"""

from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from chassis import clock, healing
from chassis.database import Tx
from chassis.healing import Cure, Mend, Missing, Refused, an_id, told_at
from chassis.places import Reader
from chassis.queries import load
from contracts import Envelope, topics
from contracts.events import CertificateRefused, CertificateRequested

from certificates import children_store, consent_store, erasing, retold
from certificates.settings import Settings

SQL = load("certificates")


async def announce(configured: Settings, _reader: Reader, words: Sequence[str]) -> Mend:
    """Say what is stored and was said nowhere. Raises Refused."""
    return partial(_announce, Missing.of(words), ZoneInfo(configured.region_time_zone))


async def _announce(missing: Missing, zone: ZoneInfo, tx: Tx) -> str:
    return await healing.announce(tx, await _retold(tx, missing, zone))


async def _retold(tx: Tx, missing: Missing, zone: ZoneInfo) -> Envelope:
    about = an_id(missing.about)
    if missing.topic == topics.CERTIFICATE_REQUESTS.name:
        return retold.requested(await _locked(tx, "lock_request", about), clock.now())
    if missing.topic != topics.CERTIFICATES.name:
        raise Refused("certificates says nothing on this topic that it could say again")
    if missing.version == 0:
        request = await _locked(tx, "lock_request", about)
        if request["status"] != "refused":
            raise Refused("the request is not refused")
        return retold.refused(request)
    certificate = await _locked(tx, "lock_certificate", about)
    changes = await tx.fetch(SQL["changes_of"], about)
    return retold.version(certificate, changes, missing.version, zone)


async def _locked(tx: Tx, query: str, about: UUID) -> asyncpg.Record:
    row = await tx.fetchrow(SQL[query], about)
    if row is None:
        raise Refused("nothing of it is stored here")
    return row


async def answer(_settings: Settings, reader: Reader, words: Sequence[str]) -> Mend:
    """Write down again what became of a request, by its certificate or by its refusal."""
    request = (await told_at(reader, words[0], CertificateRequested)).event
    refused = None
    if len(words) > 1:
        refused = (await told_at(reader, words[1], CertificateRefused)).event
        if refused.request_id != request.request_id:
            raise Refused("the refusal is another request's")
    return partial(_answer, request, refused)


async def _answer(request: CertificateRequested, refused: CertificateRefused | None, tx: Tx) -> str:
    row = await tx.fetchrow(SQL["certificate_of_request"], request.request_id)
    if row is None and refused is None:
        raise Refused("there is no certificate of this request")
    codes = [code.value for code in refused.codes] if refused and not row else []
    asked = request.requester
    await tx.execute(
        SQL["save_answers"],
        [request.request_id], [request.child_id], [asked.user_id], [asked.role.value],
        [request.requested_at], ["issued" if row else "refused"],
        [row["certificate_id"] if row else None], [",".join(codes)],
    )  # fmt: skip
    return f"the request is {'issued' if row else 'refused'}, as it was"


async def end(_settings: Settings, _reader: Reader, words: Sequence[str]) -> Mend:
    """End what consents an erased person gave, or were given for, as the tombstone does."""
    return partial(_end, an_id(words[0]))


async def _end(user_id: UUID, tx: Tx) -> str:
    await consent_store.lock_families(tx, [user_id])
    if not (await children_store.person(tx, user_id)).erased:
        raise Refused("nobody of this id is known here as erased")
    ended = await erasing.end_consents(tx, [user_id], clock.now())
    return f"{len(ended)} consents ended"


CURES: Final[dict[str, Cure[Settings]]] = {"announce": announce, "answer": answer, "end": end}

if __name__ == "__main__":
    healing.main(Settings, CURES, __doc__)
