"""What can be wrong with an uploaded table: stable codes, and what they say to people."""

from collections.abc import Mapping, Sequence
from typing import Final

MESSAGES: Final[Mapping[str, str]] = {
    "empty": "Файл пуст: нужна строка с названиями столбцов и хотя бы одна строка под ней",
    "not_csv": "Это не таблица CSV: сохраните файл как «CSV UTF-8» или «CSV»",
    "missing_columns": "Не хватает обязательных столбцов",
    "unknown_columns": "Столбцы с такими названиями не предусмотрены",
    "repeated_columns": "Столбец указан дважды",
    "too_many_rows": "В файле слишком много строк: разделите его на части",
    "row_too_long": "Строка слишком длинная",
    "bad_encoding": "Символ не прочитан: сохраните файл в UTF-8 или Windows-1251",
    "bad_character": "В строке есть недопустимый служебный символ",
    "bad_quote": "Лишняя кавычка: кавычки внутри ячейки удваивают",
    "unclosed_quote": "Кавычка не закрыта: кавычки внутри ячейки удваивают",
    "too_many_cells": "В строке больше ячеек, чем столбцов",
    "cell_too_long": "Текст длиннее 1000 знаков",
}


class BadTable(Exception):
    """The file as a whole cannot be read; `code` is in MESSAGES, `columns` which ones."""

    def __init__(self, code: str, columns: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.columns = list(columns)
