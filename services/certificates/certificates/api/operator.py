"""HTTP IN for the regional operator: the region's and the municipalities' rules."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from chassis import clock, journal
from chassis.doors import TheStore
from chassis.problems import Problem
from chassis.tokens import Principal
from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from certificates import decide, desk_store
from certificates.api.common import AnOperator, TheMoment, TheRegion

router = APIRouter(tags=["operator"])
REGION = ""
Municipality = Annotated[str, Path(max_length=64, pattern=r"^[^\x00-\x1f\x7f/]+$")]


class Rules(BaseModel):
    """What is null follows the level above: municipality, region, the service's settings."""

    model_config = ConfigDict(extra="forbid")

    module_enabled: bool | None = None
    minimum_age: Annotated[int | None, Field(ge=0, le=17)] = None
    validity: Annotated[str | None, Field(max_length=20)] = None


class KnownRules(Rules):
    """`children`: how many students live there; of a mistyped municipality there are none."""

    municipality: str | None
    children: int
    changed_by: UUID
    changed_at: datetime


class AllRules(BaseModel):
    """Only what was changed; `municipality` null is the whole region."""

    items: list[KnownRules]


@router.get("/rules")
async def show_rules(_who: AnOperator, store_: TheStore) -> AllRules:
    """What differs from the service's settings."""
    async with store_.pool.acquire() as tx:
        rows = await desk_store.rules(tx)
    known = [dict(row) | {"municipality": row["municipality"] or None} for row in rows]
    return AllRules(items=[KnownRules(**one) for one in known])


@router.put("/rules/region")
async def change_region(
    rules: Rules, who: AnOperator, store_: TheStore, at: TheMoment, region: TheRegion
) -> AllRules:
    """From the next request on, in every replica. A date of `validity` must not be past."""
    _expect_validity(rules.validity, clock.day_in(region.zone, at))
    await _save(store_, who, REGION, rules, at)
    return await show_rules(who, store_)


@router.put("/rules/municipalities/{municipality}")
async def change_municipality(
    municipality: Municipality,
    rules: Rules,
    who: AnOperator,
    store_: TheStore,
    at: TheMoment,
    region: TheRegion,
) -> AllRules:
    """The same for one municipality: any code, also one that nobody lives in yet."""
    _expect_validity(rules.validity, clock.day_in(region.zone, at))
    await _save(store_, who, municipality, rules, at)
    return await show_rules(who, store_)


async def _save(store_: Any, who: Principal, municipality: str, rules: Rules, at: datetime) -> None:
    async with store_.transaction() as tx:
        await desk_store.save_rule(tx, municipality, **rules.model_dump(), by=who.user_id, at=at)
        told = f"{municipality} {rules.model_dump_json()}".strip()
        entry = journal.Entry(
            at, who.user_id, "operator", "rules_changed", who.user_id, details=told
        )
        await journal.append(tx, [entry])


def _expect_validity(text: str | None, today: date) -> None:
    if text is None:
        return
    try:
        validity = decide.parse_validity(text)
    except ValueError:
        raise Problem(
            422, "invalid_validity", "Срок действия не понят",
            "Напишите until_18, days:90 или дату вида 2027-08-31.",
        ) from None  # fmt: skip
    if decide.is_past(validity, today):
        raise Problem(
            422, "validity_is_past", "Этот день уже прошёл",
            "Сертификат закончился бы раньше, чем начался: укажите сегодняшнюю дату или позже.",
        )  # fmt: skip
