"""HTTP IN: the application for a certificate, blank for everybody, filled in for who may know."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from chassis.auth import SignedIn
from chassis.database import Tx
from chassis.doors import TheStore, Why
from chassis.openapi import answers
from chassis.problems import Problem, not_found
from chassis.throttle import expect_seldom
from contracts.ids import derived
from fastapi import APIRouter, Query, Response

from documents import door_store
from documents.api.doors import TheDoors, attachment, expect_why, is_14, journal_drawn
from documents.on_demand import application
from documents.on_demand.application import ApplicationValues

router = APIRouter(tags=["applications"])
PDF = "application/pdf"
Applicant = Literal["parent", "student"]


@router.get(
    "/application-template.pdf",
    response_class=Response,
    responses={200: {"content": {PDF: {}}}},
)
async def download_blank(
    applicant: Annotated[Applicant, Query(alias="for")], doors: TheDoors
) -> Response:
    """The blank to print and fill in by hand, for a parent or a student of 14 or older. Public."""
    blank = doors.blanks.get(applicant)
    if blank is None:
        values = ApplicationValues(applicant=applicant)
        blank = await doors.workshop.drawn(application.render, values)
        doors.blanks[applicant] = blank
    return Response(
        blank,
        media_type=PDF,
        headers={
            "Content-Disposition": f'inline; filename="application-{applicant}.pdf"',
            "Cache-Control": "public, max-age=3600",
        },
    )


@router.get(
    "/children/{child_id}/application.pdf",
    response_class=Response,
    responses={200: {"content": {PDF: {}}}, **answers(409, 429)},
)
async def download_application(
    child_id: UUID,
    who: SignedIn,
    store_: TheStore,
    doors: TheDoors,
    applicant: Annotated[Applicant, Query(alias="for")] = "parent",
    reason: Why = None,
) -> Response:
    """The blank, filled in with what is known here; the rest is filled in by hand.

    For a linked parent, the student of 14 or older, and staff of an authorized organization, who
    say by `for` whose application they print, and give a `reason` for a child of others.
    Images and applications together are drawn 20 times a minute for one person.
    """
    expect_seldom(doors.drawings, str(who.user_id), doors.now())

    async def expect(tx: Tx) -> tuple[Any, str]:
        row = await door_store.application_facts(tx, child_id, who.user_id)
        if row is None:
            raise not_found()
        return row, expect_why(row, reason)

    async with store_.pool.acquire() as tx:
        row, _ = await expect(tx)
    values = _values(row, applicant, doors.today())
    pdf = await doors.workshop.drawn(application.render, values)
    document_id = derived(child_id, application.VERSION)
    await journal_drawn(store_, expect, "application", who, document_id)
    return attachment(pdf, PDF, "application.pdf")


def _values(row: Any, applicant: Applicant, today: date) -> ApplicationValues:
    """A parent signs as a parent, a student as a student, staff print what was asked for."""
    if row["is_own"]:
        if not is_14(row["birth_date"], today):
            raise not_found()
        applicant = "student"
    elif row["is_parent"]:
        applicant = "parent"
    elif applicant == "student" and not is_14(row["birth_date"], today):
        raise Problem(
            409,
            "student_under_14",
            "Ребёнку ещё нет 14 лет",
            "Заявление подписывает родитель: распечатайте заявление для родителя.",
        )
    return ApplicationValues(
        applicant=applicant,
        organization=row["staff_of"],
        parent_name=row["parent_name"],
        child_name=row["full_name"],
        birth_date=row["birth_date"],
        school=row["school"],
        number=row["number"],
    )
