"""`make bench`: what we claim about speed, each claim one command: python -m bench [NAME …]."""

import argparse
import io
import sys
from contextlib import redirect_stdout
from typing import TextIO

from bench import closing, doors, imports, lanes, machine, naive, pipeline, render, report
from bench.results import Result
from tools.stack.problem import told

CLAIMS = {
    "pipeline": pipeline,
    "doors": doors,
    "lanes": lanes,
    "closing": closing,
    "naive": naive,
    "imports": imports,
    "render": render,
}


def main() -> int:
    wanted = _asked(sys.argv[1:])
    print(described := machine.describe())
    results: list[Result] = []
    said: dict[str, str] = {}
    for name in wanted:
        print(f"\n== {name}")
        with redirect_stdout(_Both(sys.stdout)) as both:
            results += CLAIMS[name].main()
        said[name] = both.getvalue()
    if set(wanted) == set(CLAIMS):
        report.write(described, results, said)
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


def _asked(words: list[str]) -> list[str]:
    """The claims to look at. Leaves with 0 after the help, with 2 for a claim that is none."""
    every = [f"  {name:9} {(one.__doc__ or '').splitlines()[0]}" for name, one in CLAIMS.items()]
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures what we claim about speed, on this machine.",
        epilog="claims:\n" + "\n".join(every),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a claim; none: all")
    named: list[str] = parser.parse_args(words).names
    if unknown := sorted(set(named) - set(CLAIMS)):
        parser.error(f"no such claim: {', '.join(unknown)}; there are {', '.join(CLAIMS)}")
    return named or list(CLAIMS)


if __name__ == "__main__":
    raise SystemExit(told(main))
