"""What is wrong with a field and what to do, in words, by the type of pydantic's error. Pure.

Of what was sent nothing is repeated: only our own bounds and values are named.
"""

from collections.abc import Mapping
from typing import Any, Final

_LETTER: Final = "A-Za-zА-Яа-яЁё"
TEN_LETTERS: Final = rf"^([^\x00{_LETTER}]*[{_LETTER}]){{10}}[^\x00]*$"
GENERAL: Final = "Значение не подходит: сверьте его с описанием этого адреса в /openapi.json."
_DAY: Final = "Это не дата: напишите её так, как 2016-05-01 (год, месяц, день)."
_UUID: Final = "Это не идентификатор (UUID): пришлите его целиком, со всеми цифрами и дефисами."
_INTEGER: Final = "Нужно целое число: напишите его цифрами, без дробной части."
_YES_OR_NO: Final = "Нужно true или false."
_LIST: Final = "Нужен список: значения через запятую в квадратных скобках."
_OBJECT: Final = (
    "Нужен объект JSON: поля и их значения в фигурных скобках, с заголовком"
    " Content-Type: application/json."
)
_ONE_OF: Final = "Такого значения нет в списке. Выберите одно из: {expected}."
_SENTENCES: Final[Mapping[str, str]] = {
    "missing": "Не хватает обязательного значения: укажите его.",
    "extra_forbidden": "Такого поля здесь нет: проверьте его название или уберите его.",
    "json_invalid": "Это не JSON, начиная со знака {at}: проверьте кавычки, запятые и скобки.",
    "model_attributes_type": _OBJECT,
    "model_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "too_short": "Значений слишком мало: нужно не меньше {min_length}.",
    "too_long": "Значений слишком много: можно не больше {max_length}.",
    "string_type": "Нужен текст: напишите его в кавычках.",
    "string_unicode": "Текст не читается: пришлите его в UTF-8.",
    "string_too_short": "Слишком коротко: число знаков не меньше {min_length}.",
    "string_too_long": "Слишком длинно: число знаков не больше {max_length}.",
    "string_pattern_mismatch": "Пусто, или есть служебный знак: наберите значение заново.",
    "enum": _ONE_OF,
    "literal_error": _ONE_OF,
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "int_type": _INTEGER,
    "int_parsing": _INTEGER,
    "int_parsing_size": _INTEGER,
    "int_from_float": _INTEGER,
    "finite_number": _INTEGER,
    "greater_than_equal": "Слишком мало: нужно не меньше {ge}.",
    "less_than_equal": "Слишком много: можно не больше {le}.",
    "date_type": _DAY,
    "date_from_datetime_parsing": _DAY,
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
}
_PATTERNS: Final = {
    TEN_LETTERS: "Слишком коротко: напишите причину словами, не меньше десяти букв."
}


def in_words(kind: str, bounds: Mapping[str, Any]) -> str:
    """The sentence for an error of pydantic; `bounds` is its `ctx`."""
    if bounds.get("pattern") in _PATTERNS:
        return _PATTERNS[bounds["pattern"]]
    known = {**bounds, "expected": _listed(str(bounds.get("expected", "")))}
    return _SENTENCES.get(kind, GENERAL).format(**known)


def _listed(expected: str) -> str:
    """'a', 'b' or 'c', as pydantic says it, without its English."""
    return expected.replace("' or '", "', '").replace("'", "")
