"""`make bench`: what we claim about speed, each claim one command: python -m bench [NAME …]."""

import argparse
import sys

from bench import closing, doors, imports, lanes, machine, pipeline, render
from tools.stack.problem import told

CLAIMS = {
    "pipeline": pipeline,
    "doors": doors,
    "lanes": lanes,
    "closing": closing,
    "imports": imports,
    "render": render,
}


def main() -> int:
    wanted = _asked(sys.argv[1:])
    print(machine.describe())
    for name in wanted:
        print(f"\n== {name}")
        CLAIMS[name].main()
    return 0


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
