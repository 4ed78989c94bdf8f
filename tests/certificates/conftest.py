"""The doors of certificates for events, on a fresh database."""

import pytest
from certificates import consumers
from certificates.settings import Settings
from chassis.batches import Consumer, Patience
from chassis.handlers import by_event
from chassis.outbox import Store

QUICK = Patience(0.01, 0.05, 0.5, 2, 30.0)


@pytest.fixture
async def door(settings_for, migrated):
    settings = settings_for(Settings)
    pool = await migrated(settings, "certificates")
    handlers = by_event(consumers.handlers(settings.region()), "")
    return Consumer(Store(pool), handlers, settings.key_bytes, "", QUICK)
