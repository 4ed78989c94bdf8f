"""What the family and the desk read: a Russian sentence for each code, and what to do about it."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from contracts.values import RefusalCode
from pydantic import BaseModel

PERSON_ERASED: Final = "person_erased"  # why a certificate is over whose child is erased
GIVER_ERASED: Final = "удалены данные того, кто дал согласие"  # in the journal: the family reads it
REASONS: Final[dict[RefusalCode, tuple[str, str]]] = {
    RefusalCode.module_disabled: (
        "Сертификаты дополнительного образования в вашем муниципалитете сейчас не выдаются.",
        "Вы всё сделали верно. Узнайте в школе, когда их будут выдавать.",
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
        "Ребёнок не зачислен в школу, детский сад или организацию дополнительного образования.",
        "Обратитесь в организацию, где учится ребёнок: там проверят зачисление.",
    ),
    RefusalCode.age_out_of_range: (
        "Сертификат выдают с возраста, который установил муниципалитет, и до 18 лет.",
        "Подождите, пока ребёнок подрастёт, или попросите школу проверить дату рождения.",
    ),
    RefusalCode.request_in_progress: (
        "Запрос на сертификат этого ребёнка уже обрабатывается.",
        "Подождите немного и обновите страницу. Нажимать ещё раз не нужно.",
    ),
    RefusalCode.consent_withdrawn: (
        "Согласие на обработку персональных данных кончилось раньше, чем выдан сертификат.",
        "Если сертификат нужен, дайте согласие и получите сертификат снова.",
    ),
}

# The same in a history, for whoever reads it: it may have been somebody else who asked.
_REFUSED: Final[dict[str, str]] = {
    RefusalCode.module_disabled: "в муниципалитете ребёнка сертификаты не выдавались",
    RefusalCode.already_has_certificate: "у ребёнка уже был сертификат",
    RefusalCode.student_under_14: "учащемуся не было 14 лет",
    RefusalCode.no_linked_child: "к учётной записи того, кто просил, не был прикреплён ребёнок",
    RefusalCode.own_account_required: "просили под учётной записью ребёнка младше 14 лет",
    RefusalCode.child_not_linked: "ребёнок не был прикреплён к учётной записи того, кто просил",
    RefusalCode.not_enrolled: "ребёнок нигде не был зачислен",
    RefusalCode.age_out_of_range: "возраст ребёнка не подходил",
    RefusalCode.request_in_progress: "другой запрос для ребёнка ещё обрабатывался",
    RefusalCode.consent_withdrawn: "согласие кончилось раньше, чем был выдан сертификат",
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
    "not_active": (
        "Приостановить можно только активный сертификат",
        "Проверьте статус сертификата.",
    ),
    "not_suspended": (
        "Возобновить можно только приостановленный сертификат",
        "Проверьте статус сертификата.",
    ),
    "over": (
        "Сертификат уже не действует",
        "Срок истёк, или он аннулирован. Ребёнку можно получить новый сертификат.",
    ),
    "only_pending_by_family": (
        "Активированный сертификат аннулирует только уполномоченная организация",
        "Обратитесь в уполномоченную организацию с документами.",
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


class WhyChanged(StrEnum):
    """Why the desk, or the family, changes a certificate: public, so never somebody's own words."""

    asked_by_parent = "asked_by_parent"
    moved_away = "moved_away"
    not_needed = "not_needed"
    left = "left"
    returned = "returned"
    papers_wrong = "papers_wrong"
    papers_corrected = "papers_corrected"
    duplicate = "duplicate"
    mistake = "mistake"
    other = "other"


_ONLY_TO_RESUME: Final = {WhyChanged.returned, WhyChanged.papers_corrected}
TO_ANNUL: Final = tuple(code for code in WhyChanged if code not in _ONLY_TO_RESUME)
TO_SUSPEND: Final = tuple(code for code in TO_ANNUL if code is not WhyChanged.not_needed)
TO_RESUME: Final = (
    WhyChanged.asked_by_parent, WhyChanged.returned, WhyChanged.papers_corrected,
    WhyChanged.mistake, WhyChanged.other,
)  # fmt: skip
TO_ANNUL_BY_FAMILY: Final = (
    WhyChanged.not_needed, WhyChanged.moved_away, WhyChanged.mistake, WhyChanged.other,
)  # fmt: skip
_CHANGED: Final[dict[str, str]] = {
    WhyChanged.asked_by_parent: "по просьбе семьи",
    WhyChanged.moved_away: "семья переехала",
    WhyChanged.not_needed: "сертификат больше не нужен",
    WhyChanged.left: "ребёнок больше не занимается",
    WhyChanged.returned: "ребёнок снова занимается",
    WhyChanged.papers_wrong: "в документах ошибка, или они недействительны",
    WhyChanged.papers_corrected: "документы исправлены",
    WhyChanged.duplicate: "у ребёнка есть другой сертификат",
    WhyChanged.mistake: "сделано по ошибке",
    WhyChanged.other: "другая причина",
    PERSON_ERASED: "данные ребёнка удалены",
}


def in_words(code: str) -> str:
    """Why a certificate was changed; a code of another system, or of before, stays as it is."""
    return _CHANGED.get(code, code)


def why_refused(codes: str) -> str:
    """What the codes that the journal has say; a code of another release stays."""
    return ", ".join(_REFUSED.get(code, code) for code in codes.split(", "))


def listed(codes: Sequence[WhyChanged]) -> str:
    return ", ".join(f"{code.value} ({in_words(code)})" for code in codes)


class Reason(BaseModel):
    """One rule that failed: a stable code, a sentence, what to do."""

    code: RefusalCode
    message: str
    how_to_fix: str


def explain(codes: Iterable[RefusalCode]) -> list[Reason]:
    return [
        Reason(code=code, message=REASONS[code][0], how_to_fix=REASONS[code][1]) for code in codes
    ]
