"""What identity keeps for a while only, and what stays as long as what it is about."""

from datetime import timedelta
from typing import Final

from chassis.retention import YEARS_3, Rule

RULES: Final = (
    Rule("idempotency_keys", "used_at", timedelta(days=7)),
    Rule("sign_in_tries", "last_at", timedelta(days=1)),
    Rule("signing_keys", "published_until", timedelta(days=30), "place = 'retired'"),
    Rule("erasures", "ordered_at", YEARS_3),
    Rule("erasure_confirmations", "erased_at", YEARS_3),
)
STAYS: Final = {
    "users": "until SGO or an operator erases the user; the mark of an erasure stays",
    "passwords": "as the user",
    "clients": "as the user",
    "child_links": "ids only; the mark of a link that ended keeps a late one out",
    "organizations": "no personal data",
}
