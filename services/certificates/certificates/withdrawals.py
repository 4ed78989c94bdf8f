"""What is to be done about consents that were withdrawn (152-ФЗ, article 21, part 5).

So ends, too, what a parent has agreed to whose own data were erased.

python -m certificates.withdrawals list
python -m certificates.withdrawals keep CONSENT --ground "why the law lets the data be kept"

The data are destroyed within 30 days, unless there is another ground to keep them. `list` tells
what waits, the oldest first, and by which day. It waits no more when the child is erased
(`POST /users/{id}/erasure` of identity), when the same person agrees again, or with `keep`, whose
ground goes to the journal and is shown to the family: write no names.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chassis import clock, journal, settings
from chassis.command_line import Refused, answer, described
from chassis.database import Tx, open_pool
from chassis.queries import load

from certificates.settings import Settings

SQL = load("certificates")
DECIDE_WITHIN: Final = timedelta(days=30)


async def listed(tx: Tx, configured: Settings, at: datetime) -> list[str]:
    """One line a consent: id, child, by whom, when, by which day; whether another one stands."""
    zone = configured.region().zone
    lines = []
    for row in await tx.fetch(SQL["consents_to_decide"]):
        withdrawn = clock.day_in(zone, row["withdrawn_at"])
        until = withdrawn + DECIDE_WITHIN
        late = "  OVERDUE" if clock.day_in(zone, at) > until else ""
        erased = ", who is erased" if row["giver_erased"] else ""
        other = "  another consent for this child stands" if row["another_stands"] else ""
        lines.append(
            f"{row['consent_id']}  child {row['child_id']}  given by {row['given_by']}{erased}"
            f"  withdrawn {withdrawn}  decide by {until}{late}{other}"
        )
    return lines or ["None."]


async def keep(tx: Tx, consent_id: UUID, ground: str) -> list[str]:
    """The data stay, and the journal says on what ground. Raises Refused."""
    child_id = await tx.fetchval(SQL["keep_in_spite_of_withdrawal"], consent_id)
    if child_id is None:
        raise Refused(f"No withdrawn consent {consent_id} waits for a decision. List them: list")
    await journal.by_command(tx, "consent_kept", child_id, f"consent {consent_id}; {ground}")
    return ["Kept; the ground is in the journal."]


async def run(arguments: argparse.Namespace, configured: Settings) -> list[str]:
    """Do what the command line says, in one transaction. Raises Refused."""
    pool = await open_pool(configured)
    try:
        async with pool.acquire() as tx, tx.transaction():
            if arguments.command == "list":
                return await listed(tx, configured, clock.now())
            return await keep(tx, arguments.consent, arguments.ground)
    finally:
        await pool.close()


def arguments_of(words: Sequence[str]) -> argparse.Namespace:
    parser = described("certificates.withdrawals", __doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="what waits, and by which day it must be decided")
    kept = commands.add_parser("keep", help="the data stay, on a ground")
    kept.add_argument("consent", type=UUID)
    kept.add_argument("--ground", required=True, type=_ground)
    return parser.parse_args(words)


def _ground(text: str) -> str:
    line = " ".join(text.split())
    if not 3 <= len(line) <= 300:  # noqa: PLR2004  as the reason of an erasure
        raise argparse.ArgumentTypeError("3 to 300 letters")
    return line


def main() -> None:
    answer(run(arguments_of(sys.argv[1:]), settings.load(Settings)))


if __name__ == "__main__":
    main()
