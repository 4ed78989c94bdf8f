"""What a user is told instead of a traceback: one sentence, and what to do."""

import errno
import sys
import tempfile
import traceback
from collections.abc import Callable

EXIT_PROBLEM = 2
EXIT_INTERRUPTED = 130


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
        return EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001  a user is told, a maintainer finds the rest
        sentence = first(error) or _unexpected(error)
    sys.stdout.flush()
    sys.stderr.write(f"\n{sentence}\n")
    return EXIT_PROBLEM


def _unexpected(error: Exception) -> str:
    """For what nobody thought of: the whole traceback in a file of the user's own."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="stack-traceback-", suffix=".txt", delete=False
    ) as file:
        traceback.print_exception(error, file=file)
    inner: BaseException = error
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    return f"Unexpected {type(inner).__name__}: {inner}. The traceback is in {file.name}."


def first(error: BaseException) -> Problem | None:
    """The first problem in `error`, which may be a group."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, OSError):
        return disk_full(error)
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(first, error.exceptions)), None)
    return None
