"""What the signed-in person sees of themselves."""

from datetime import date
from uuid import UUID

from chassis import clock, history
from chassis.auth import SignedIn
from chassis.doors import TheStore
from chassis.history import History, ThePage
from chassis.problems import not_found
from contracts.values import OrganizationKind, Role
from fastapi import APIRouter
from pydantic import BaseModel

from identity import acts, decide, store
from identity.api.doors import TheDoors

router = APIRouter(tags=["identity"])


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


@router.get("/me")
async def show_me(who: SignedIn, store_: TheStore, doors: TheDoors) -> Me:
    """The signed-in user, and the children who are linked at this moment."""
    at = clock.now()
    today = clock.day_in(doors.zone, at)
    async with store_.pool.acquire() as tx, tx.transaction():
        user = await store.user(tx, who.user_id)
        if user is None:
            raise not_found()
        children = await store.children(tx, who.user_id)
        employer = await store.organization(tx, user["organization"])
        await acts.saw_children(
            tx, at=at, parent_id=who.user_id, children=[one["user_id"] for one in children]
        )
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


@router.get("/me/history")
async def show_my_history(
    who: SignedIn, store_: TheStore, asked: ThePage, child_id: UUID | None = None
) -> History:
    """Who changed or looked at the signed-in user, or at a child who is linked now; paged."""
    async with store_.pool.acquire() as tx:
        if await store.user(tx, who.user_id) is None:
            raise not_found()
        children = await store.children(tx, who.user_id) if child_id else []
        if child_id and child_id not in {child["user_id"] for child in children}:
            raise not_found()
        rows, following = await history.page(tx, child_id or who.user_id, asked)
    return History(items=[history.deed(one) for one in rows], next=following)
