"""`make bench`: what we claim about speed, each claim one command: python -m bench [NAME …]."""

import sys

from bench import closing, imports, machine, pipeline, render
from tools.stack.problem import told

CLAIMS = {
    "closing": closing.main,
    "imports": imports.main,
    "pipeline": pipeline.main,
    "render": render.main,
}


def main() -> int:
    wanted = sys.argv[1:] or list(CLAIMS)
    if unknown := sorted(set(wanted) - set(CLAIMS)):
        sys.stderr.write(f"No such claim: {', '.join(unknown)}. There are: {', '.join(CLAIMS)}.\n")
        return 2
    print(machine.describe())
    for name in wanted:
        print(f"\n== {name}")
        CLAIMS[name]()
    return 0


if __name__ == "__main__":
    raise SystemExit(told(main))
