"""What the family and the desk read: a Russian sentence for each code, and what to do about it."""

from collections.abc import Iterable
from typing import Final

from contracts.values import RefusalCode
from pydantic import BaseModel

REASONS: Final[dict[RefusalCode, tuple[str, str]]] = {
    RefusalCode.module_disabled: (
        "В вашем муниципалитете сертификаты дополнительного образования пока не выдаются.",
        "Вы всё сделали верно. Узнайте в школе, когда выдача начнётся.",
    ),
    RefusalCode.already_has_certificate: (
        "У ребёнка уже есть сертификат дополнительного образования.",
        "Новый не нужен: номер и статус сертификата показаны на этой странице.",
    ),
    RefusalCode.student_under_14: (
        "Получить сертификат самостоятельно можно с 14 лет.",
        "Попросите родителя получить сертификат в своём личном кабинете.",
    ),
    RefusalCode.no_linked_child: (
        "К вашей учётной записи не прикреплён ребёнок.",
        "Обратитесь в школу или детский сад: там прикрепят ребёнка к вашей учётной записи.",
    ),
    RefusalCode.own_account_required: (
        "Похоже, вход выполнен под учётной записью ребёнка младше 14 лет.",
        "Если вы родитель, войдите под своим логином и паролем. Их выдаёт школа.",
    ),
    RefusalCode.child_not_linked: (
        "Этот ребёнок не прикреплён к вашей учётной записи.",
        "Обратитесь в школу или детский сад: там прикрепят ребёнка к вашей учётной записи.",
    ),
    RefusalCode.not_enrolled: (
        "Ребёнок не зачислен ни в школу, ни в детский сад, ни в организацию доп. образования.",
        "Обратитесь в организацию, где учится ребёнок: там проверят зачисление.",
    ),
    RefusalCode.age_out_of_range: (
        "Сертификат выдают с возраста, установленного муниципалитетом, и до 18 лет.",
        "Если дата рождения указана неверно, попросите школу или детский сад исправить её.",
    ),
    RefusalCode.request_in_progress: (
        "Запрос на сертификат этого ребёнка уже обрабатывается.",
        "Подождите немного и обновите страницу. Нажимать ещё раз не нужно.",
    ),
}

FORBIDDEN: Final[dict[str, tuple[str, str]]] = {
    "already_active": ("Сертификат уже активен", "Ничего делать не нужно."),
    "not_pending": (
        "Активировать можно только сертификат со статусом «Неактивирован»",
        "Проверьте статус сертификата.",
    ),
    "outside_validity": (
        "Сегодня сертификат не действует",
        "Проверьте даты начала и окончания действия.",
    ),
    "papers_not_checked": (
        "Не указано, какие документы проверены",
        "Перечислите проверенные документы.",
    ),
    "consent_missing": (
        "Нет согласия на обработку персональных данных",
        "Получите согласие родителя или учащегося и отметьте его.",
    ),
}


class Reason(BaseModel):
    """One rule that failed: a stable code, a sentence, what to do."""

    code: RefusalCode
    message: str
    how_to_fix: str


def explain(codes: Iterable[RefusalCode]) -> list[Reason]:
    return [
        Reason(code=code, message=REASONS[code][0], how_to_fix=REASONS[code][1]) for code in codes
    ]
