"""The doors of identity for events, on a fresh database."""

import pytest
from chassis.batches import Consumer, Patience
from chassis.handlers import by_event
from chassis.outbox import Store
from identity import consumers
from identity.settings import Settings

QUICK = Patience(0.01, 0.05, 0.5, 2, 30.0)


@pytest.fixture
async def door(settings_for, migrated):
    settings = settings_for(Settings)
    pool = await migrated(settings, "identity")
    handlers = by_event(consumers.handlers(), "")
    return Consumer(Store(pool), handlers, settings.key_bytes, "", QUICK)
