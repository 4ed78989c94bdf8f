"""What an act of erasure says is what the services confirmed, and until when the rest lies."""

from datetime import timedelta

from documents.on_demand.act import Operator
from documents.on_demand.act_text import Confirmation, Erasure, KeptDays, act_of

from tests.builders import MOSCOW, NOW, an_id

OPERATOR = Operator(name="Комитет по образованию", address="г. Пример, ул. Школьная, 1")
DAYS = KeptDays(
    inbox=45, outbox_sent=8, refusals=1096, journal=1096, acts=1096, rotations=30, backups=30
)


def an_erasure(**changes: object) -> Erasure:
    counts = {
        "identity": {"person": 1, "password": 0, "outbox_sent": 2, "quarantine": 0},
        "certificates": {"person": 1, "remarks": 1, "quarantine": 0, "consents": 2},
        "documents": {"person": 0, "data_keys": 0, "quarantine": 0},
    }
    known = {
        "id": an_id("act"),
        "user_id": an_id("child"),
        "reason": "Отзыв согласия",
        "ordered_by": an_id("olga"),
        "state": "done",
        "confirmations": [
            Confirmation(service=name, counts=many, erased_at=NOW + timedelta(seconds=place))
            for place, (name, many) in enumerate(counts.items())
        ],
    }
    return Erasure.model_validate(known | changes)


def test_each_service_is_named_with_what_it_destroyed_and_how_much():
    rows = [
        (row.where, row.count) for row in act_of(an_erasure(), DAYS, OPERATOR, MOSCOW).destroyed
    ]
    assert rows == [
        ("identity, таблица users", 1),
        ("identity, таблицы outbox, outbox_sent", 2),
        ("certificates, таблица people", 1),
        ("certificates, таблица changes", 1),
        ("documents, таблица people", 0),
    ]


def test_it_is_made_when_the_last_service_has_confirmed():
    assert act_of(an_erasure(), DAYS, OPERATOR, MOSCOW).made_at == NOW + timedelta(seconds=2)


def test_every_place_where_something_still_lies_is_named_with_its_last_day():
    kept = act_of(an_erasure(), DAYS, OPERATOR, MOSCOW).kept
    for place, until in (
        ("Резервные копии", "24.12.2026"),
        ("identity.users.v1", "01.12.2026"),
        ("sgo.users.v1", "31.12.2026"),
        ("outbox_sent", "02.12.2026"),
        ("inbox", "08.01.2027"),
        ("таблица journal", "24.11.2029"),
        ("quarantine", "30 дней"),
        ("consents", "3 года после его окончания"),
        ("certificate_requests", "24.11.2029"),
        ("child_links", "бессрочно"),
        ("rotations", "24.12.2026"),
        ("upload_rows", "пока файл обрабатывается"),
        ("sgo.child-links.v1", "31.12.2026"),
        ("documents.v1", "01.12.2027"),
        ("erasure_confirmations", "24.11.2029"),
        ("idempotency_keys", "01.12.2026"),
        ("sign_in_tries", "25.11.2026"),
        ("upload_errors", "30 дней"),
        ("сертификат без имени", "бессрочно"),
        ("certificate_ends", "бессрочно"),
    ):
        (line,) = [one for one in kept if place in one]
        assert until in line


def test_of_what_stays_without_a_name_it_is_said_why():
    kept = act_of(an_erasure(), DAYS, OPERATOR, MOSCOW).kept
    for place, why in (
        ("consents", "доказательство согласия"),
        ("certificate_requests", "почему выдано или отказано"),
        ("child_links", "не вернуло"),
        ("сертификат без имени", "не выдают второй раз"),
    ):
        (line,) = [one for one in kept if place in one]
        assert why in line


def test_how_many_consents_ended_is_told_though_their_record_stays():
    act = act_of(an_erasure(), DAYS, OPERATOR, MOSCOW)
    (line,) = [one for one in act.kept if "consents" in one]
    assert "Кончились с удалением: 2." in line
    assert not [row for row in act.destroyed if "consents" in row.where]


def test_a_kind_that_is_not_known_here_is_told_all_the_same():
    new = Confirmation(service="cabinet", counts={"drafts": 3}, erased_at=NOW)
    (row,) = act_of(an_erasure(confirmations=[new]), DAYS, OPERATOR, MOSCOW).destroyed
    assert (row.where, row.count) == ("cabinet, таблица drafts", 3)
