"""What identity's errors say to people: a stable code, one sentence, what to do."""

from typing import Any, Final

from chassis.problems import Problem, not_found

from identity.edits import Refused

_TEXTS: Final = {
    "erased": (
        409,
        "Этот человек удалён",
        "Вернуть его может только СГО: записью, сделанной после удаления.",
    ),
    "user_exists": (
        409,
        "Такой человек уже есть",
        "Измените существующую запись (PATCH) или проверьте идентификатор СГО.",
    ),
    "bad_login": (
        422,
        "Такой логин не подойдёт",
        "В логине не может быть пробелов и невидимых знаков: наберите его заново.",
    ),
    "invisible": (
        422,
        "Есть невидимый знак",
        "Наберите названное в field заново, не копируя: знак не виден, но меняет написанное.",
    ),
    "login_taken": (409, "Этот логин занят", "Выберите другой логин."),
    "missing": (422, "Не хватает обязательного поля", "Укажите имя (name) и роли (roles)."),
    "impossible_date": (
        422,
        "Такой даты рождения не может быть",
        "Дата рождения не раньше 1900 года и не позже сегодняшнего дня.",
    ),
    "not_staff": (
        422,
        "Место работы есть только у сотрудника",
        "Добавьте роль staff или уберите organization.",
    ),
    "other_facts": (
        409,
        "Об этой организации известно другое",
        "Сведения об организации общие для всех её сотрудников: PUT /organizations/{id}.",
    ),
    "not_a_parent": (
        422,
        "Первый из двоих — не родитель",
        "Сначала в адресе родитель (роль parent), потом ребёнок. Роль меняет PATCH /users/{id}.",
    ),
    "not_a_student": (
        422,
        "Второй из двоих — не учащийся",
        "Сначала в адресе родитель, потом ребёнок (роль student). Роль меняет PATCH /users/{id}.",
    ),
    "same_person": (
        422,
        "Это один и тот же человек",
        "Укажите двух разных людей.",
    ),
    "wrong_password": (
        403,
        "Старый пароль не подошёл",
        "Проверьте раскладку клавиатуры и попробуйте ещё раз.",
    ),
    "weak_password": (
        422,
        "Такой пароль легко угадать",
        "Нужно не меньше 8 знаков, не одни цифры, без логина и не такой, как прежний.",
    ),
    "changed_meanwhile": (
        409,
        "Пароль только что сменили",
        "Войдите снова.",
    ),
    "no_login": (
        409,
        "У этого человека нет логина",
        "Сначала дайте логин: PATCH /users/{id}.",
    ),
}


def problem(code: str, **extra: Any) -> Problem:
    """The answer for a code; `not_found` is everybody's."""
    if code == "not_found":
        return not_found()
    status, title, detail = _TEXTS[code]
    return Problem(status, code, title, detail, **extra)


def refused(error: Refused) -> Problem:
    return problem(error.code, field=error.field) if error.code != "not_found" else not_found()
