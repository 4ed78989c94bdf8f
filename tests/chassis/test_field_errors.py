"""What is wrong with a field is told in words, and never what was sent."""

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from chassis import field_errors
from chassis.doors import Why
from chassis.web import make_app
from contracts.values import Code, WrittenDay
from fastapi import Body, FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError


class Colour(StrEnum):
    red = "red"
    blue = "blue"
    green = "green"


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=3, max_length=5)]


@pytest.mark.parametrize(
    ("asked", "sent", "told"),
    [
        (Thing, {}, "Не хватает обязательного значения: укажите его."),
        (Thing, {"name": "abc", "x": 1}, "Такого поля здесь нет: проверьте его название"),
        (Thing, {"name": "ab"}, "Слишком коротко: число знаков не меньше 3."),
        (Thing, {"name": "abcdef"}, "Слишком длинно: число знаков не больше 5."),
        (Thing, {"name": 7}, "Нужен текст: напишите его в кавычках."),
        (Thing, {"name": "\ud800"}, "Текст не читается"),
        (Thing, [], "Нужен объект JSON"),
        (Code, "a\x00b", "служебный знак: наберите значение заново."),
        (Annotated[list[int], Field(min_length=2)], [1], "нужно не меньше 2."),
        (Annotated[list[int], Field(max_length=2)], [1, 2, 3], "можно не больше 2."),
        (list[int], "x", "Нужен список"),
        (tuple[int, ...], "x", "Нужен список"),
        (Colour, "black", "Выберите одно из: red, blue, green."),
        (Literal["deeds", "looks"], "x", "Выберите одно из: deeds, looks."),
        (bool, "perhaps", "Нужно true или false."),
        (bool, [], "Нужно true или false."),
        (int, "many", "Нужно целое число"),
        (int, [], "Нужно целое число"),
        (int, 1.5, "Нужно целое число"),
        (int, "9" * 5000, "Нужно целое число"),
        (int, float("inf"), "Нужно целое число"),
        (Annotated[int, Field(ge=1)], 0, "Слишком мало: нужно не меньше 1."),
        (Annotated[int, Field(le=50)], 51, "Слишком много: можно не больше 50."),
        (WrittenDay, "01.05.2016", "напишите её так, как 2016-05-01 (год, месяц, день)."),
        (WrittenDay, 1462060800, "Это не дата"),
        (WrittenDay, "2016-13-45", "напишите её так, как 2016-05-01 (год, месяц, день)."),
        (UUID, "17", "Это не идентификатор (UUID)"),
        (UUID, 17, "Это не идентификатор (UUID)"),
    ],
    ids=str,
)
def test_an_error_says_what_is_wrong_and_what_to_do(asked: Any, sent: Any, told: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        TypeAdapter(asked).validate_python(sent)
    (error,) = wrong.value.errors()
    assert told in field_errors.in_words(error["type"], error.get("ctx", {}))


def test_what_is_not_listed_is_told_in_a_general_sentence() -> None:
    assert field_errors.in_words("value_error", {"error": "sent"}) == field_errors.GENERAL


@pytest.fixture
def app() -> FastAPI:
    app = make_app("test", None)

    @app.post("/things/{thing}")
    async def make(thing: UUID, name: Annotated[Thing, Body()], reason: Why = None) -> None: ...

    return app


SECRET = "Тайна"
REASON = "Слишком коротко: напишите причину словами, не меньше десяти букв."


@pytest.mark.parametrize(
    ("path", "body", "place", "told"),
    [
        (f"/{SECRET}", '{"name": "abc"}', "path.thing", "UUID"),
        (f"/{UUID(int=1)}", f'{{"name": "{SECRET}{SECRET}"}}', "body.name", "не больше 5"),
        (f"/{UUID(int=1)}", f'{{"name": "{SECRET}', "body", "Это не JSON, начиная со знака 9"),
        (f"/{UUID(int=1)}", "", "body", "Не хватает"),
        (f"/{UUID(int=1)}?reason={SECRET}", '{"name": "abc"}', "query.reason", REASON),
        (f"/{UUID(int=1)}", '{"name": "abc", "\\ud800": 1}', "body", "Текст не читается"),
    ],
)  # fmt: skip
async def test_the_answer_names_each_place_in_words_and_repeats_nothing(
    app: FastAPI, path: str, body: str, place: str, told: str
) -> None:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        answer = await client.post(
            f"/things{path}", content=body, headers={"Content-Type": "application/json"}
        )
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["place"] == place
    assert told in error["message"]
    assert SECRET not in answer.text
