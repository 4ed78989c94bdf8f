"""Where everything stands on the credentials page, and its words: of all versions the same so far.

The bytes of an issued document must never change: a place or a word that changes is a new version
(docs/adr/0004). The golden digests in the tests hold this.
"""

from typing import NamedTuple

from documents.drawing.templates import BOLD, MONO, SANS

LEFT, RIGHT = 71.0, 546.0  # 25 mm for the binder, 17 mm on the right
VALUE = 206.0  # where the values stand
INSET = 10.0


class Field(NamedTuple):
    label: str
    font: str
    y: float  # the baseline of the label and of the text
    sizes: tuple[int, ...]  # the first one at which the text fits in one row


FIELDS = {  # in the order of Lines
    "full_name": Field("Ребёнок", BOLD, 700, (18, 16, 14, 13, 12)),
    "number": Field("Номер сертификата", MONO, 628, (27,)),
    "validity": Field("Срок действия", SANS, 598, (12,)),
    "issued": Field("Лист подготовлен", SANS, 576, (12,)),
    "portal_url": Field("Адрес портала", MONO, 530, (14, 12, 10, 8, 6)),
    "login": Field("Логин", MONO, 494, (20, 17, 14, 11, 8, 6)),
    "password": Field("Пароль", MONO, 456, (20, 17, 14, 11, 8, 6)),
}
WRAPPED_NAME = ((14, 2), (12, 3), (10, 3), (8, 4), (6, 5))  # size, lines that have room
BOXED = ("login", "password")
NUMBER_SPACING = 2.5

TITLE = "Учётные данные для входа в АИС ПФДО"
HEADING = "Сертификат дополнительного образования"
AFTER_FIELDS = "Что делать дальше"
STEPS = (  # "~" is a space at which no row ends
    (
        "Если статус сертификата «Неактивирован», родитель или ученик от~14~лет должен лично "
        "посетить уполномоченную организацию с~подтверждающими документами."
    ),
    (
        "Сотрудник уполномоченной организации проверит документы и~изменит статус "
        "на~«Активный». Если статус уже «Активный», посещать организацию не~нужно."
    ),
    "Откройте портал АИС~ПФДО по~адресу выше и~войдите с~этим логином и~паролем.",
    (
        "Если пароль потерян или его увидел посторонний, получите новый в~личном кабинете "
        "АИС~СГО одним нажатием. Прежний пароль и~этот лист перестанут действовать."
    ),
)
KEEP_SAFE = (
    "Храните этот лист так же бережно, как документы ребёнка.",
    (
        "Пароль у~вас никто не~спросит: ни~школа, ни~уполномоченная организация, ни~служба "
        "поддержки. Никому не~сообщайте его и~не~пересылайте."
    ),
)
FOOT = "Лист подготовлен автоматически"


def width(field: str) -> float:
    """How wide the text of a field may be, in points."""
    return RIGHT - VALUE - (2 * INSET if field in BOXED else 0)
