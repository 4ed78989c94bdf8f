"""What `make verify heal=1` asks of documents; it may be called by hand as well.

python -m documents.heal announce < lines of "TOPIC ID VERSION": an event that is nowhere
python -m documents.heal rebuild < lines of "CERTIFICATE PLACE VERSION": a document whose row is
    lost, by the place of certificate.issued and the last version that was said of it
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from chassis import clock, healing
from chassis.database import Tx
from chassis.healing import Cure, Mend, Missing, Refused, an_id, told_at
from chassis.places import Reader
from chassis.queries import load
from contracts import Received, topics
from contracts.events import CertificateIssued

from documents import decide
from documents.retry import said
from documents.settings import Settings

SQL = load("documents")


async def announce(_settings: Settings, _reader: Reader, words: Sequence[str]) -> Mend:
    """Say the present state of a document; of what it was before, nothing is stored."""
    missing = Missing.of(words)
    if missing.topic != topics.DOCUMENTS.name:
        raise Refused("documents says nothing on this topic that it could say again")
    return partial(_announce, missing)


async def _announce(missing: Missing, tx: Tx) -> str:
    row = await tx.fetchrow(SQL["lock_credentials"], an_id(missing.about))
    if row is None:
        raise Refused("nothing of it is stored here")
    if row["version"] != missing.version:
        raise Refused(f"it is at version {row['version']}, and how it was before is not stored")
    at = row["built_at"] or clock.now()
    return await healing.announce(tx, said(row, decide.retold(row), row["version"], at))


async def rebuild(configured: Settings, reader: Reader, words: Sequence[str]) -> Mend:
    """A row that is to be built at once. It gets a new password, the old sheet is dead."""
    if len(words) != 3 or not re.fullmatch("[0-9]{1,9}", words[2]):  # noqa: PLR2004
        raise Refused("write it as CERTIFICATE_ID PLACE VERSION")
    certificate_id, place, last = words
    received = await told_at(reader, place, CertificateIssued)
    if received.event.certificate_id != an_id(certificate_id):
        raise Refused(f"{place} is another certificate's")
    return partial(_rebuild, configured, received, int(last))


async def _rebuild(
    configured: Settings, received: Received[CertificateIssued], version: int, tx: Tx
) -> str:
    issued = received.event
    made = await tx.fetchval(
        SQL["save_lost"],
        issued.certificate_id, issued.child_id,
        decide.rebuilt_document_id(issued.certificate_id, version + 1), issued.number,
        issued.valid_from, issued.valid_until,
        clock.day_in(ZoneInfo(configured.region_time_zone), clock.now()), version,
        received.correlation_id, received.traceparent,
    )  # fmt: skip
    if not made:
        raise Refused("it has its document")
    return "its document is built anew, with a new password"


CURES: Final[dict[str, Cure[Settings]]] = {"announce": announce, "rebuild": rebuild}

if __name__ == "__main__":
    healing.main(Settings, CURES, __doc__)
