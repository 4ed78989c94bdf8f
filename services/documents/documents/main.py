"""WIRING: what the documents service is made of."""

from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from chassis import settings
from chassis.server import run
from chassis.service import Service
from contracts import topics

from documents import api, consumers, retention, retry
from documents.build import Workshop, page_pool
from documents.settings import Settings


def main() -> None:
    """Serve until told to stop."""
    configured = settings.load(Settings)
    with page_pool() as executor:
        workshop = Workshop(
            configured.key_bytes, configured.portal_url, executor, configured.credentials_template
        )
        run(make(configured, workshop))


def make(configured: Settings, workshop: Workshop) -> Service:
    zone = ZoneInfo(configured.region_time_zone)

    def identity() -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=configured.identity_url, timeout=5, trust_env=False)

    return Service(
        name="documents",
        settings=configured,
        migrations=Path(__file__).parent.parent / "migrations",
        router=api.router,
        says=[topics.DOCUMENTS, topics.ERASURES],
        handlers=lambda store: consumers.handlers(store.pool, workshop, zone),
        background=[lambda store: retry.run(store, workshop)],
        keeps=retention.RULES,
        state=api.Doors(workshop, zone, identity=identity),
    )


if __name__ == "__main__":
    main()
