"""WIRING: what the identity service is made of."""

from pathlib import Path
from zoneinfo import ZoneInfo

from chassis import imports as uploaded
from chassis import settings
from chassis.server import run
from chassis.service import Service
from contracts import topics

from identity import api, consumers, imports, retention, spreading
from identity.hashing import Hashing
from identity.settings import Settings


def main() -> None:
    """Serve until told to stop."""
    run(make(settings.load(Settings)))


def make(configured: Settings) -> Service:
    zone = ZoneInfo(configured.region_time_zone)
    says = [topics.IDENTITY_USERS, topics.IDENTITY_CHILD_LINKS]
    behind = [(service, topic) for service in ("certificates", "documents") for topic in says]
    return Service(
        name="identity",
        settings=configured,
        migrations=Path(__file__).parent.parent / "migrations",
        router=api.router,
        says=says,
        handlers=lambda _: consumers.handlers(),
        background=[
            lambda store: uploaded.run(store, imports.works(zone), configured, behind),
            spreading.run,
        ],
        keeps=retention.RULES,
        state=api.Doors(zone, configured.key_bytes, Hashing()),
    )


if __name__ == "__main__":
    main()
