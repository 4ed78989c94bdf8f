"""HTTP IN: who did what and who looked, for the desk and for the family."""

from typing import Any

from chassis import history, journal
from chassis.auth import SignedIn
from chassis.doors import TheStore, Why
from chassis.history import History, ThePage
from chassis.openapi import answers
from chassis.problems import not_found, reason_needed
from contracts.values import RequesterRole
from fastapi import APIRouter

from certificates import desk_store, store
from certificates.api.common import TheMoment, TheNumber, entry_of, expect_digits
from certificates.desk_store import Papers
from certificates.reasons import in_words, why_refused

router = APIRouter(tags=["desk"])


@router.get("/certificates/{number}/history", responses=answers(422))
async def show_history(
    number: TheNumber, who: SignedIn, store_: TheStore, at: TheMoment, asked: ThePage,
    reason: Why = None,
) -> History:  # fmt: skip
    """Who did what, and who looked, when, paged; `only` deeds, or only looks.

    The desk says why it looks at a child of others: its `reason` is journalled.
    """
    async with store_.transaction() as tx:
        organization = await store.employer(tx, who.user_id)
        row = await desk_store.find_by_number(tx, expect_digits(number))
        (role,) = await store.as_whom(tx, [(who.user_id, row["child_id"])]) if row else [None]
        if row is None or not (role or organization):
            raise not_found()
        if role is None and reason is None:
            raise reason_needed("Напишите, зачем нужна история: не меньше десяти букв.")
        child_id, why = row["child_id"], "" if role else reason or ""
        actor = role or RequesterRole.staff
        await journal.looks(tx, [await entry_of(tx, at, who, actor, "saw_history", child_id, why)])
        rows, following = await history.page(tx, child_id, asked)
        papers = await desk_store.checked_papers(tx, child_id)
        names = await desk_store.names_of_organizations(tx, history.organizations(rows))
    deeds = [history.deed(one, _details(one, papers), names) for one in rows]
    return History(items=deeds, next=following)


def _details(row: Any, papers: Papers) -> str | None:
    """Why, in words; of an activation the papers that were checked: the journal has only codes."""
    if row["action"] in ("suspended", "resumed", "annulled"):
        return in_words(row["details"])
    if row["action"] == "refused":
        return why_refused(row["details"])
    if row["action"] != "activated":
        return None
    return ", ".join(papers.get((row["happened_at"], row["actor_id"]), []))
