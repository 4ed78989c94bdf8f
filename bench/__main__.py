"""`make bench`: what we claim about speed, each claim one command: python -m bench [NAME …].

Each is written into docs/performance.md as it ends.
"""

import argparse
import io
import sys
from contextlib import redirect_stdout
from typing import TextIO

from bench import (
    budget,
    closing,
    doors,
    imports,
    lanes,
    machine,
    naive,
    pipeline,
    render,
    report,
    size,
)
from tools.stack.problem import told

CLAIMS = {
    "pipeline": pipeline,
    "doors": doors,
    "lanes": lanes,
    "closing": closing,
    "naive": naive,
    "imports": imports,
    "render": render,
    "budget": budget,
    "size": size,
}


def main() -> int:
    asked = _asked(sys.argv[1:])
    for name in asked.names or CLAIMS:
        print(f"\n== {name}\n{(described := machine.describe())}")
        with redirect_stdout(_Both(sys.stdout)) as both:
            results = size.main(asked.rows) if name == "size" else CLAIMS[name].main()
        report.write(list(CLAIMS), name, described, results, both.getvalue())
    print(f"\nWritten to {report.DOCS / 'performance.md'}.")
    return 0


class _Both(io.StringIO):
    """What is printed, and a copy of it."""

    def __init__(self, shown: TextIO) -> None:
        super().__init__()
        self._shown = shown

    def write(self, text: str) -> int:
        self._shown.write(text)
        self._shown.flush()
        return super().write(text)


def _asked(words: list[str]) -> argparse.Namespace:
    """What to look at, and how. Leaves with 0 after the help, with 2 for a claim that is none."""
    every = [f"  {name:9} {(one.__doc__ or '').splitlines()[0]}" for name, one in CLAIMS.items()]
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures what we claim about speed, on this machine.",
        epilog="claims:\n" + "\n".join(every),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a claim; none: all")
    parser.add_argument(
        "--rows", type=int, default=size.ROWS, metavar="N", help="certificates of size: ten million"
    )
    asked = parser.parse_args(words)
    if unknown := sorted(set(asked.names) - set(CLAIMS)):
        parser.error(f"no such claim: {', '.join(unknown)}; there are {', '.join(CLAIMS)}")
    return asked


if __name__ == "__main__":
    raise SystemExit(told(main))
