"""`make down`: stop a running stack, and what a killed one left behind."""

import sys
from contextlib import suppress

import psutil

from tools.stack import running, settings
from tools.stack.problem import told
from tools.stack.program import say

STOP_S_MAX = 120  # the supervisor's own bounds, added up


def main() -> int:
    """Stop by the supervisor's pid; a pid that is not ours any more is left alone."""
    local = settings.load().local
    supervisor = running.supervisor(local)
    if supervisor:
        with suppress(psutil.NoSuchProcess):
            supervisor.terminate()
            if not running.gone(supervisor, STOP_S_MAX):
                say(f"The stack (pid {supervisor.pid}) did not stop in {STOP_S_MAX} s: killed.")
                supervisor.kill()
    elif not running.alive(local):
        say("Nothing is running here.")
        return 0
    running.stop_leftovers(local)
    say("Stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(told(main))
