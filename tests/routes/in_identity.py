"""identity without its process: its people come from SGO, but for the operator and the programs."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from chassis import clock
from chassis.batches import Consumer
from chassis.database import Pool
from chassis.handlers import by_event
from chassis.outbox import Store
from contracts import topics
from contracts.ids import user_id
from contracts.values import Role
from identity import api as identity_api
from identity import consumers as identity_consumers
from identity import sign_ins
from identity.admin import add_client, add_user, own_id
from identity.hashing import Hashing
from identity.settings import Settings as IdentitySettings

from tests.builders import MOSCOW, a_record, an_id
from tests.certificates.town import born
from tests.doors import a_client, bearer
from tests.identity import sgo
from tests.routes.asking import Somebody, Town, emptied
from tests.routes.people import CSV, NAMES, PARENT_OF, SCOPES, WHY, Ids, a_pool, gone, those
from tests.routes.who_may import BOY, KID, NONE, TEEN

NO_MORE = "parent no more"


@asynccontextmanager
async def identity(server: Any, template: Any) -> AsyncIterator[Town]:
    """Its people come from SGO, but for the operator and the programs."""
    async with a_pool(server, template, "identity", IdentitySettings) as (settings, pool):
        store_ = Store(pool)
        door = Consumer(store_, by_event(identity_consumers.handlers(), ""), settings.key_bytes)
        doors = identity_api.Doors(MOSCOW, settings.key_bytes, Hashing())
        hashed = await doors.hashing.hash("right-password")
        ours = {role: own_id(NAMES[role][0]) for role in ("operator", "portal", "program")}

        async def settle() -> Ids:
            await emptied(pool)
            await add_user(store_, "operator", Role.operator, "Петрова")
            for name in ("pfdo", "program"):
                await add_client(store_, name, name, [SCOPES["portal"]])
            await door.consume([a_record(one) for one in told_by_sgo()])
            await door.consume([
                *(a_record(sgo.a_link("former parent", child, version=2, linked=False))
                  for child in (TEEN, KID)),
                a_record(sgo.a_user(NO_MORE, login=NO_MORE, role="staff", born=None, version=2)),
                gone("erased parent", topics.SGO_USERS),
            ])  # fmt: skip
            theirs = [one.user_id for role, one in people.items() if role != "erased parent"]
            async with store_.transaction() as tx:
                await sign_ins.save_passwords(tx, dict.fromkeys(theirs, hashed), clock.now())
            return await things(pool, http, people)

        people = those(user_id, **ours)
        async with a_client(store_, settings, identity_api.router, doors) as http:
            yield Town("identity", http, pool, people, settle, BODIES)


BODIES: Mapping[str, Mapping[str, Any]] = {
    "POST /token": {"data": {"username": "parent", "password": "right-password"}},
    "POST /me/password": {
        "json": {"old_password": "right-password", "new_password": "another-password"}
    },
    "POST /users": {
        "json": {"roles": ["parent"], "name": {"last_name": "Новая", "first_name": "Анна"}}
    },
    "PATCH /users/{user_id}": {"json": {"municipality": "m2"}},
    "POST /users/{user_id}/erasure": WHY,
    "POST /users/{user_id}/merge": {"json": {"into": str(user_id("other parent"))}},
    "POST /imports/users": CSV | {"content": "ИД СГО;Фамилия;Имя;Роль\n7;Новая;Анна;родитель\n"},
    "POST /imports/child-links": CSV | {"content": "ИД родителя;ИД ребёнка\nparent;teen\n"},
}


def told_by_sgo() -> list[Any]:
    children = [
        sgo.a_user(TEEN, login=TEEN, born=born(15)),
        *(sgo.a_user(name, login=name, born=born(10)) for name in (KID, BOY)),
    ]
    parents = ("parent", "other parent", "former parent", "parent no more", "erased parent")
    return [
        *children,
        *(sgo.a_parent(name, login=name) for name in parents),
        *(sgo.a_user(name, login=name, role="staff", born=None, organization=sgo.EMPLOYER)
          for name in ("teacher", "clerk")),
        *(sgo.a_link(parent, child) for child, parent in PARENT_OF.items()),
        *(sgo.a_link(parent, child) for parent in parents[2:] for child in (TEEN, KID)),
    ]  # fmt: skip


async def things(pool: Pool, http: Any, people: Mapping[str, Somebody]) -> Ids:
    """Ids that stand in addresses: users, an erasure, and an import, which are the operator's."""
    olga = bearer("", "operator", sub=str(people["operator"].user_id))
    sent = await http.post("/imports/users", **_with(BODIES["POST /imports/users"], olga))
    erasure = await pool.fetchval("SELECT erasure_id FROM erasures LIMIT 1")
    common = {
        "erasure_id": erasure,
        "import_id": sent.json()["id"],
        "organization_id": sgo.EMPLOYER.id,
    }
    known = {
        child: {"user_id": user_id(child), "child_id": user_id(child),
                "parent_id": user_id(parent), **common}
        for child, parent in PARENT_OF.items()
    }  # fmt: skip
    nobodys = ("user_id", "child_id", "parent_id", "erasure_id", "import_id")
    return known | {NONE: {name: an_id(f"nobody's {name}") for name in nobodys}}


def _with(body: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    return dict(body) | {"headers": {**headers, **body["headers"]}}
