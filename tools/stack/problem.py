"""What a user is told instead of a traceback: one sentence, and what to do."""

import errno
import sys
from collections.abc import Callable

EXIT_PROBLEM = 2


class Problem(Exception):
    """Something only the user can change; the message says what and how."""


def disk_full(error: OSError) -> Problem | None:
    """The sentence for a disk without space, if that is what `error` says."""
    if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
        return None
    where = f" while writing {error.filename}" if error.filename else ""
    return Problem(f"The disk is full{where}. Free some space, then run the command again.")


def told(work: Callable[[], int]) -> int:
    """Run `work`; a problem becomes its sentence and exit code 2."""
    try:
        return work()
    except KeyboardInterrupt:
        return 130
    except (Problem, ExceptionGroup) as error:
        sentence = first(error)
        if sentence is None:
            raise
    except OSError as error:
        sentence = disk_full(error)
        if sentence is None:
            raise
    sys.stdout.flush()
    sys.stderr.write(f"\n{sentence}\n")
    return EXIT_PROBLEM


def first(error: BaseException) -> Problem | None:
    """The first problem in `error`, which may be a group."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, OSError):
        return disk_full(error)
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(first, error.exceptions)), None)
    return None
