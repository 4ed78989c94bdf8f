"""WIRING: what the certificates service is made of."""

from pathlib import Path

from chassis import imports as uploaded
from chassis import settings
from chassis.counting import Oldest
from chassis.pacing import Lane
from chassis.server import run
from chassis.service import Service
from contracts import topics

from certificates import api, consumers, imports, passing_time, retention
from certificates.api.common import Doors
from certificates.settings import Settings
from certificates.watch import Watch


def main() -> None:
    """Serve until told to stop."""
    run(make(settings.load(Settings)))


def make(configured: Settings) -> Service:
    region, watch = configured.region(), Watch()
    behind = [("documents", topics.CERTIFICATES)]
    return Service(
        name="certificates",
        settings=configured,
        migrations=Path(__file__).parent.parent / "migrations",
        router=api.router,
        says=[topics.CERTIFICATE_REQUESTS, topics.CERTIFICATES, topics.ERASURES],
        handlers=lambda _: consumers.handlers(region),
        background=[
            watch.run,
            lambda store: passing_time.run(store, region),
            lambda store: uploaded.run(store, imports.works(region), configured, behind),
        ],
        keeps=retention.RULES,
        lanes=[Lane(topics.CERTIFICATE_REQUESTS_BULK, behind)],
        oldest=[
            Oldest("certificate_requests", "status", "pending", "requested_at"),
            Oldest("consents", "state", "withdrawn", "withdrawn_at"),
        ],
        state=Doors(region, configured.consent_text(), watch),
    )


if __name__ == "__main__":
    main()
