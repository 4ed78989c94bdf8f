"""What certificates keeps for a while only, and what stays as long as what it is about."""

from typing import Final

from chassis.retention import YEARS_3, Rule

RULES: Final = (
    # Longer than `certificates.v1`, which tells of refusals for a year.
    Rule("certificate_requests", "requested_at", YEARS_3, "status <> 'issued'"),
    Rule(
        "consents", "withdrawn_at", YEARS_3, "state <> 'withdrawn'"
    ),  # that one waits for a decision
)
STAYS: Final = {
    "certificates": "a number is never given twice; no name",
    "changes": "as the certificate; what the desk wrote goes with the child's erasure",
    "consent_texts": "no personal data: what was agreed to stays readable",
    "people": "until the person is erased",
    "child_links": "ids only",
    "rules": "no personal data",
    "number_key": "the series of numbers",
}
