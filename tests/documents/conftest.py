"""A desk on a fresh database; threads instead of processes, for speed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from documents.settings import Settings

from tests.documents.desk import PORTAL, a_desk


@pytest.fixture
async def desk(settings_for, migrated):
    settings = settings_for(Settings, portal_url=PORTAL)
    pool = await migrated(settings, "documents")
    with ThreadPoolExecutor(2) as executor:
        yield a_desk(settings, pool, executor)
