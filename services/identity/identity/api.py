"""HTTP IN: one function per route."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis import clock
from chassis.auth import SignedIn
from chassis.outbox import Store
from chassis.web import Problem, not_found
from contracts.values import OrganizationKind, Role
from fastapi import APIRouter, Depends, Form, Request, Response
from pydantic import BaseModel

from identity import decide, store
from identity.hashing import Hashing
from identity.keys import KeyRing

router = APIRouter(tags=["identity"])
TOKEN_S = 600


@dataclass(slots=True)
class Doors:
    """What the routes need besides the database. The key ring is made when the pool is open."""

    zone: ZoneInfo
    master_key: bytes
    hashing: Hashing
    ring: KeyRing | None = None

    def key_ring(self, store_: Store) -> KeyRing:
        if self.ring is None:
            self.ring = KeyRing(store_.pool, self.master_key)
        return self.ring


class Token(BaseModel):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  the OAuth2 word
    expires_in: int = TOKEN_S


class Child(BaseModel):
    id: UUID
    full_name: str
    birth_date: date | None
    age: int | None


class Employer(BaseModel):
    id: str
    kind: OrganizationKind
    name: str
    authorized: bool


class Me(BaseModel):
    user_id: UUID
    login: str | None
    roles: list[Role]
    full_name: str
    birth_date: date | None
    age: int | None
    organization: Employer | None
    children: list[Child]


def _store(request: Request) -> Store:
    found: Store = request.app.state.store
    return found


def _doors(request: Request) -> Doors:
    found: Doors = request.app.state.service
    return found


TheStore = Annotated[Store, Depends(_store)]
TheDoors = Annotated[Doors, Depends(_doors)]


@router.post("/token")
async def sign_in(
    username: Annotated[str, Form(min_length=1, max_length=200)],
    password: Annotated[str, Form(min_length=1, max_length=200)],
    store_: TheStore,
    doors: TheDoors,
    response: Response,
    grant_type: Annotated[Literal["password"], Form()] = "password",  # noqa: ARG001  OAuth2's form
) -> Token:
    """OAuth2 password form. A wrong login and a wrong password are told alike."""
    async with store_.pool.acquire() as tx:
        row = await store.credentials(tx, username) if "\x00" not in username else None
    if not await doors.hashing.matches(row["hash"] if row else None, password) or row is None:
        raise Problem(
            401,
            "wrong_login_or_password",
            "Логин или пароль не подошли",
            "Проверьте раскладку клавиатуры и попробуйте ещё раз. Если забыли, обратитесь в школу.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    keys = await doors.key_ring(store_).keys()
    claims: dict[str, Any] = {"sub": str(row["user_id"]), "roles": row["roles"]}
    if row["organization"] and Role.staff in row["roles"]:
        claims["organization"] = row["organization"]
    response.headers["Cache-Control"] = "no-store"
    return Token(access_token=keys.sign(claims, clock.now()))


@router.get("/.well-known/jwks.json")
async def show_keys(store_: TheStore, doors: TheDoors, response: Response) -> dict[str, Any]:
    """The public keys: current, next, and retired ones whose tokens may still live."""
    keys = await doors.key_ring(store_).keys()
    response.headers["Cache-Control"] = "public, max-age=60"
    return {"keys": keys.published}


@router.get("/me")
async def show_me(who: SignedIn, store_: TheStore, doors: TheDoors) -> Me:
    """The signed-in user, and the children who are linked at this moment."""
    today = clock.day_in(doors.zone, clock.now())
    async with store_.pool.acquire() as tx:
        user = await store.user(tx, who.user_id)
        if user is None:
            raise not_found()
        children = await store.children(tx, who.user_id)
        employer = await store.organization(tx, user["organization"])
    return Me(
        user_id=user["user_id"],
        login=user["login"],
        roles=user["roles"],
        full_name=user["full_name"],
        birth_date=user["birth_date"],
        age=decide.age_on(today, user["birth_date"]),
        organization=Employer(**dict(employer)) if employer else None,
        children=[
            Child(
                id=child["user_id"],
                full_name=child["full_name"],
                birth_date=child["birth_date"],
                age=decide.age_on(today, child["birth_date"]),
            )
            for child in children
        ],
    )
