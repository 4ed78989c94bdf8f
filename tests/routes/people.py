"""Three services without their processes, each on a database of its own, with the same people.

A parent with a teen and a kid of one school, another family, who works here, and who was somebody.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from certificates import numbers
from chassis import clock
from chassis.database import open_pool
from contracts import Tombstone, topics
from contracts.events import ChildUnlinked

from tests.builders import a_link, a_record, an_id
from tests.certificates.town import an_adult, people
from tests.conftest import SERVICE, a_database, settings_on, signed_in
from tests.routes.asking import Somebody
from tests.routes.who_may import BOY, KID, TEEN

Ids = Mapping[str, Mapping[str, object]]
NOBODY = UUID("00000000-0000-4000-8000-000000000000")
NUMBERS = {TEEN: "780000000011", KID: "780000000029", BOY: "780000000037"}
NO_NUMBER = "78000000008" + numbers.check_digit("78000000008")
PARENT_OF = {TEEN: "parent", KID: "parent", BOY: "other parent"}
NAMES = {
    "parent": ("parent", "parent"), "former parent": ("former parent", "parent"),
    "parent no more": ("parent no more", "parent"),  # the link stays, the role is gone
    "erased parent": ("erased parent", "parent"), "student of 14": (TEEN, "student"),
    "student under 14": (KID, "student"), "school": ("teacher", "staff"),
    "desk": ("clerk", "staff"), "operator": ("operator", "operator"),
    "portal": ("pfdo", "client"), "program": ("program", "client"),
    "boaster": ("former parent", "staff operator"),  # by the token only
}  # fmt: skip
SCOPES = {"portal": "portal-accounts:read"}
WHY = {"json": {"reason": "Заявление родителя"}}
CSV = {"headers": {"Content-Type": "text/csv"}}


def those(id_of: Callable[[str], UUID], **others: UUID) -> dict[str, Somebody]:
    """Who stands behind each role, where their ids are made like this."""
    return {
        role: Somebody(others.get(role) or id_of(name), tuple(kind.split()), SCOPES.get(role, ""))
        for role, (name, kind) in NAMES.items()
    }


def everybody() -> list[Any]:
    """What identity says of them: also of who was unlinked, is a parent no more, was erased."""
    once = ("former parent", "parent no more", "erased parent")
    return [
        *people(),
        an_adult("pfdo", "client"),
        *(an_adult(name, "parent") for name in once),
        *(a_link(name, child) for name in once for child in (TEEN, KID)),
    ]


def since() -> list[Any]:
    former = [
        ChildUnlinked(parent_id=an_id("former parent"), child_id=an_id(child), version=2)
        for child in (TEEN, KID)
    ]
    no_more = an_adult("parent no more", "staff", version=2)
    return [*map(a_record, (*former, no_more)), gone(an_id("erased parent"), topics.IDENTITY_USERS)]


def gone(who: UUID | str, topic: Any) -> Any:
    return a_record(Tombstone(str(who)), topic=topic, at=clock.now())


@asynccontextmanager
async def a_pool(
    server: Any, template: Any, service: str, kind: Any, **more: Any
) -> AsyncIterator[Any]:
    """(settings, pool) of a service on a fresh database, signed in as it is."""
    url = signed_in(a_database(server, like=await template(service)), SERVICE)
    settings = settings_on(server, url, kind, **more)
    pool = await open_pool(settings)
    yield settings, pool
    await pool.close()
