"""What keeps the stack from running, said in one sentence with what to do."""

import errno
import shutil
import socket
from pathlib import Path

FREE_BYTES_MIN = 1 << 30


class CannotStart(Exception):
    """The message is for the person at the terminal: what is wrong and what to do."""


def expect_free_port(port: int, who: str, variable: str) -> None:
    """Raises CannotStart if something listens on loopback's `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CannotStart(
                f"Port {port}, which {who} needs, is in use."
                f" End what uses it or choose another: {variable}=<port> make up"
            ) from None


def expect_space(folder: Path) -> None:
    """Raises CannotStart below 1 GiB of free space."""
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES_MIN:
        raise CannotStart(
            f"Only {free >> 20} MiB are free on the disk of {folder.name}/, 1024 are needed."
            " Free some space and start again."
        )


def explain(error: OSError) -> CannotStart:
    """The sentence for an operating system's refusal."""
    if error.errno == errno.ENOSPC:
        return CannotStart("The disk is full. Free some space and start again.")
    name = f" ({error.filename})" if error.filename else ""
    return CannotStart(f"The system refused: {error.strerror}{name}.")


def free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
