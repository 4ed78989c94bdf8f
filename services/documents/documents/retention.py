"""What documents keeps for a while only, and what stays as long as what it is about."""

from datetime import timedelta
from typing import Final

from chassis.retention import Rule

ROTATIONS: Final = Rule("rotations", "rotated_at", timedelta(days=30))
RULES: Final = (ROTATIONS,)
STAYS: Final = {
    "credentials": "as the certificate; values and data keys until the child is erased",
    "certificate_ends": "as the certificate",
    "people": "until the person is erased",
    "child_links": "ids only",
}
