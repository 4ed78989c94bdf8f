"""What a person sees who scans a certificate's QR code with a phone: one small page. Pure.

No script, no outside origin, nothing personal; of the address nothing is repeated.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Final

from contracts.values import CertificateStatus

STATUSES: Final = {
    CertificateStatus.pending_activation: "Неактивирован",
    CertificateStatus.active: "Активный",
    CertificateStatus.suspended: "Приостановлен",
    CertificateStatus.expired: "Срок истёк",
    CertificateStatus.annulled: "Аннулирован",
}
_STYLE: Final = """
body { margin: 0; background: #f3f5f7; color: #1d2733; font: 18px/1.5 system-ui, sans-serif }
main { max-width: 26rem; margin: 1.5rem auto; padding: 1.25rem 1.5rem; background: #fff;
    border-radius: .75rem; border-top: .5rem solid #8a2b1d }
main.valid { border-color: #1c6b3a }
p { margin: 0; color: #55606c; font-size: 1rem }
h1 { margin: .25rem 0 1rem; font-size: 1.6rem; line-height: 1.25 }
dl { margin: 0 0 1rem } dt { color: #55606c; font-size: 1rem } dd { margin: 0 0 .5rem }
"""
_PAGE: Final = """\
<!doctype html>
<html lang="ru">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Проверка сертификата</title>
<style>{style}</style>
</head>
<body>
<main class="{kind}">
<p>Сертификат дополнительного образования</p>
<h1>{title}</h1>
{facts}
<p>{note}</p>
</main>
</body>
</html>
"""
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Vary": "Accept",
}


def is_preferred(accept: str) -> bool:
    """Whether an `Accept` header names HTML, and rather than JSON: browsers do, programs do not."""
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        kind, *parameters = (word.strip() for word in part.split(";"))
        weights[kind] = min((_weight(one) for one in parameters), default=1.0)
    return weights.get("text/html", 0.0) > weights.get("application/json", 0.0)


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def of_certificate(
    status: CertificateStatus, begins: date, ends: date, today: date, *, number_end: str,
    valid: bool,
) -> str:  # fmt: skip
    """The page of a certificate: valid today or not, and why that is seen.

    The end of its number, so that a QR code that was put on another certificate is seen.
    """
    facts = {
        "Номер": f"заканчивается на {number_end}",
        "Статус": STATUSES[status],
        "Срок действия": f"с {begins:%d.%m.%Y} по {ends:%d.%m.%Y} включительно",
        "Проверено": f"{today:%d.%m.%Y}",
    }
    title = "Действителен" if valid else "Не действителен"
    note = (
        "Сверьте последние цифры с номером на сертификате, а имя на нём — с документом ребёнка:"
        " здесь имён нет."
    )
    return _page(title, note, facts, kind="valid" if valid else "")


def of_problem(title: str, note: str) -> str:
    """The page where no certificate can be shown."""
    return _page(title, note, {})


def _page(title: str, note: str, facts: Mapping[str, str], kind: str = "") -> str:
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items()
    )
    return _PAGE.format(
        style=_STYLE, kind=kind, title=escape(title), note=escape(note),
        facts=f"<dl>{rows}</dl>" if rows else "",
    )  # fmt: skip
