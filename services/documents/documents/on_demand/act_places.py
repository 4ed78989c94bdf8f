"""Every place where something of a person is or was: what an erasure does there, and what stays.

A test holds it to the tables of the three databases and to the topics: a new one is named here, or
holds nothing of anybody.
"""

from typing import Final, NamedTuple


class Kept(NamedTuple):
    """What stays in tables of some services: what it is, why, until when."""

    services: tuple[str, ...]
    tables: str
    what: str


EVERYWHERE: Final = ("identity", "certificates", "documents")
TAKE_FILES: Final = ("identity", "certificates")
# In days, of what documents does not keep itself. A topic is kept, and the segment being written.
FIXED_DAYS: Final = {"compacted": 7, "month_topics": 37, "year_topics": 372, "keys": 7, "tries": 1}
FIELDS, ROWS, KEYS = "поля записи стёрты", "записи удалены", "ключ и шифртекст удалены"
_QUARANTINE: Final = ("quarantine", "записи о человеке, которые не удалось применить", ROWS)
# What each service counts, in words; consents are ended, not destroyed.
DESTROYED: Final = {
    ("identity", "person"): (
        "users", "имя, дата рождения, логин, роли, места учёбы и работы", FIELDS,
    ),
    ("identity", "password"): ("passwords", "хэш пароля", ROWS),
    ("identity", "outbox_sent"): (
        "outbox, outbox_sent", "сообщения с прежними сведениями о человеке", ROWS,
    ),
    ("identity", "quarantine"): _QUARANTINE,
    ("certificates", "person"): (
        "people", "имя, дата рождения, муниципалитет, места учёбы и работы", FIELDS,
    ),
    ("certificates", "remarks"): (
        "changes", "что сотрудник записал о документах, и примечания", FIELDS,
    ),
    ("certificates", "quarantine"): _QUARANTINE,
    ("documents", "person"): ("people", "имя, дата рождения, школа, место работы", FIELDS),
    ("documents", "data_keys"): (
        "credentials", "имя, логин и пароль портала в документах", KEYS,
    ),
    ("documents", "quarantine"): _QUARANTINE,
}  # fmt: skip
ENDED: Final = ("certificates", "consents")
# What stays outside of the tables.
ELSEWHERE: Final = (
    "Резервные копии баз и Kafka: прежние сведения, до {backups}; восстановив, удаление повторяют.",
    "Kafka, топик identity.users.v1: прежние сведения, пока топик не сожмут, до {compacted}.",
    "Kafka, топик sgo.users.v1: что сообщала АИС СГО, до {month_topics}.",
    "Kafka, топики sgo.child-links.v1, erasures.v1: идентификаторы, до {month_topics}.",
    "Kafka, топик certificates.requests.v1: кто, за кого и когда просил, до {month_topics}.",
    "Kafka, топик certificates.requests.bulk.v1: то же, до {month_topics}.",
    "Kafka, топики certificates.v1, documents.v1: события без имён, до {year_topics}.",
    "Kafka, топик identity.child-links.v1: пары идентификаторов и есть ли связь, бессрочно.",
)
IN_TABLES: Final = (
    Kept(
        EVERYWHERE,
        "quarantine, parked",
        "записи, в которых человека нельзя узнать по ключу, зашифрованы; отложенные — пока не "
        "применены, остальные — до разбора оператором и ещё 30 дней.",
    ),
    Kept(
        ("certificates", "documents"), "outbox, outbox_sent", "события без имён, до {outbox_sent}."
    ),
    Kept(EVERYWHERE, "inbox", "идентификаторы и хэши принятых событий, до {inbox}."),
    Kept(
        EVERYWHERE,
        "journal",
        "кто, когда и зачем обращался к записям, идентификаторами; до {journal}.",
    ),
    Kept(
        TAKE_FILES,
        "upload_rows, upload_taken",
        "строки загруженного файла и занятые ими логины и номера, пока файл обрабатывается; строка "
        "удаляется, как только обработана, а если загрузка оборвалась — через час.",
    ),
    Kept(
        TAKE_FILES,
        "uploads, upload_errors",
        "кто загрузил файл, идентификатором, и номера строк с ошибками; 30 дней после "
        "окончания загрузки.",
    ),
    Kept(
        ("identity",),
        "users",
        "идентификаторы, здешний и из АИС СГО, и отметка об удалении; бессрочно, чтобы запоздавшее "
        "сообщение не вернуло сведения.",
    ),
    Kept(
        ("certificates", "documents"),
        "people",
        "идентификатор и отметка об удалении; бессрочно, чтобы запоздавшее сообщение не вернуло "
        "сведения.",
    ),
    Kept(
        EVERYWHERE,
        "child_links",
        "пары идентификаторов и есть ли связь; бессрочно, чтобы запоздавшее сообщение не вернуло "
        "прежнюю связь.",
    ),
    Kept(
        ("identity",),
        "erasures, erasure_confirmations",
        "идентификаторы, основание, сколько чего уничтожено: из них составлен акт; до {acts}.",
    ),
    Kept(
        ("identity",),
        "idempotency_keys",
        "идентификаторы оператора и того, кого он добавил, ключ и хэш запроса, чтобы повтор не "
        "добавил второго; до {keys}.",
    ),
    Kept(
        ("identity",),
        "sign_in_tries",
        "счётчики неудачных входов под хэшем с ключом, без логинов и адресов; до {tries}.",
    ),
    Kept(("identity",), "clients", "у внешней программы — идентификатор и доступы; бессрочно."),
    Kept(
        ("certificates",),
        "consents",
        "кто, за кого, на какой текст и когда согласился, идентификаторами; это доказательство "
        "согласия (часть 3 статьи 9 152-ФЗ), 3 года после его окончания. Кончились с удалением: "
        "{consents}. За ребёнка, чьи данные остаются, — не раньше решения о них.",
    ),
    Kept(
        ("certificates",),
        "certificate_requests",
        "кто, за кого, когда просил и что решено, идентификаторами; по ней отвечают, почему выдано "
        "или отказано. Отказы до {refusals}, остальное бессрочно.",
    ),
    Kept(
        ("certificates",),
        "certificates, changes",
        "сертификат без имени (номер, статус, даты, кто и когда менял): бессрочно, номер не выдают "
        "второй раз. Действовавший сертификат ребёнка, чьи сведения удалены, аннулирован. Удалены "
        "сведения родителя — сертификаты его детей остаются.",
    ),
    Kept(
        ("certificates",), "rules", "кто из операторов менял правила, идентификатором; бессрочно."
    ),
    Kept(
        ("documents",),
        "credentials, certificate_ends",
        "документ ребёнка, чьи сведения удалены, без имени и пароля (номер, даты, отпечаток): "
        "бессрочно, чтобы его не построили второй раз. Удалены сведения родителя — документы его "
        "детей остаются.",
    ),
    Kept(
        ("documents",),
        "rotations",
        "кто и когда менял пароль портала, идентификаторами; до {rotations}.",
    ),
)
