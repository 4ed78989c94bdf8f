"""What an operator's commands have in common: their help, what they say, how they end."""

import argparse
import asyncio
import sys
from collections.abc import Coroutine, Sequence
from typing import Any


class Refused(Exception):
    """The message is for the operator."""


def described(module: str, description: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the module's description, as it is written."""
    return argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def answer(work: Coroutine[Any, Any, Sequence[str] | None]) -> None:
    """Do it and write its lines; None: it has told all by itself.

    What is refused goes to standard error, with exit code 1.
    """
    try:
        lines = asyncio.run(work)
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None
    sys.stdout.write("".join(f"{line}\n" for line in lines or ()))
