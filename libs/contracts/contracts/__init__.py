"""What the services say to each other and to the outside: topics, events, CloudEvents.

Imports pydantic and nothing else, so that an integrator can use it as it is.
"""

from contracts.envelope import (
    Envelope,
    Received,
    Record,
    Tombstone,
    Unreadable,
    caused_by,
    decode,
    encode,
    traceparent_in,
)
from contracts.events import EVENTS, Event

__all__ = [
    "EVENTS",
    "Envelope",
    "Event",
    "Received",
    "Record",
    "Tombstone",
    "Unreadable",
    "caused_by",
    "decode",
    "encode",
    "traceparent_in",
]
