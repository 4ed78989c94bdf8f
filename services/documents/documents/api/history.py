"""HTTP IN: who was given which document of a child and when, for the family and for staff."""

from uuid import UUID

from chassis import clock, history, journal
from chassis.auth import SignedIn
from chassis.doors import TheStore, Why
from chassis.history import History, ThePage
from chassis.problems import not_found
from fastapi import APIRouter

from documents import door_store
from documents.api.doors import as_whom, employer, expect_why

router = APIRouter(tags=["documents"])


@router.get("/children/{child_id}/documents/history")
async def show_history(
    child_id: UUID, who: SignedIn, store_: TheStore, asked: ThePage, reason: Why = None
) -> History:
    """Who was given which document, and who made a new password, paged; `only` deeds or looks.

    For a linked parent, the student, and staff of an authorized organization, who give a `reason`
    for a child of others. Before there is a certificate, too.
    """
    async with store_.transaction() as tx:
        row = await door_store.application_facts(tx, child_id, who.user_id)
        if row is None:
            raise not_found()
        why, actor = expect_why(row, reason), as_whom(row)
        entry = journal.Entry(
            clock.now(), who.user_id, actor, "saw_history", child_id, employer(row), why
        )
        await journal.looks(tx, [entry])
        rows, following = await history.page(tx, child_id, asked)
        names = await door_store.names_of_organizations(tx, history.organizations(rows))
    return History(items=[history.deed(one, names=names) for one in rows], next=following)
