"""Consent to the processing of personal data: the text in force, and what it is for. Pure.

Its contents are those of article 9 of 152-ФЗ. Who answers for the data is a setting, so the version
is made of the text itself: another text can never pass under the version of an earlier one.
"""

import hashlib
from typing import Final, NamedTuple

PURPOSE: Final = "certificate"
WORDING: Final = "2026-11.2"
_TEXT: Final = """\
Свободно, своей волей и в своём интересе (в интересах ребёнка, законным представителем которого \
я являюсь) даю согласие на обработку персональных данных.
Кому: {name}; адрес: {address}.{processor}
Зачем: получение, учёт и использование сертификата дополнительного образования, в том числе вход \
в АИС ПФДО.
Какие данные. Мои: фамилия, имя, отчество, логин, связь с ребёнком. Ребёнка: фамилия, имя, \
отчество, дата рождения, муниципалитет, сведения о зачислении; номер, срок и статус сертификата; \
логин и пароль АИС ПФДО.
Что с ними можно делать: собирать, записывать, систематизировать, накапливать, хранить, уточнять, \
использовать, передавать оператору АИС ПФДО (номер, срок и статус сертификата, логин и хэш \
пароля), блокировать, удалять, уничтожать — с помощью информационной системы.
Срок: согласие действует до его отзыва.
Как отозвать: здесь же, в разделе «Сертификат дополнительного образования», или письмом по адресу \
оператора. После отзыва обработку прекращают, а данные уничтожают не позднее 30 дней, кроме тех, \
которые закон велит хранить дольше."""


class Text(NamedTuple):
    """What is agreed to; another text has another version."""

    version: str
    text: str


def text_of(name: str, address: str, processor: str | None) -> Text:
    """Of this operator of personal data, and of who works with them on the operator's behalf."""
    who = f" По поручению оператора данные обрабатывает: {processor}." if processor else ""
    text = _TEXT.format(name=name, address=address, processor=who)
    return Text(f"{WORDING}-{hashlib.sha256(text.encode()).hexdigest()[:8]}", text)
