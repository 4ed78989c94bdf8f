"""Ports: said early and clearly when one is taken."""

import socket
from collections.abc import Mapping

from tools.stack.problem import Problem
from tools.stack.settings import variable

HOST = "127.0.0.1"
IN_WORDS = {
    "postgres": "PostgreSQL",
    "kafka": "Apache Kafka",
    "kafka_controller": "Apache Kafka's controller",
}


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.bind((HOST, 0))
        port: int = sock.getsockname()[1]
        return port


def require_free(wanted: Mapping[str, int]) -> None:
    """Raises Problem naming the port, who needs it, and the variable that changes it."""
    seen: dict[int, str] = {}
    for name, port in wanted.items():
        who = IN_WORDS.get(name, name)
        if port in seen:
            raise Problem(
                f"Port {port} is given to both {seen[port]} and {who}:"
                f" set {variable(name)} to another port."
            )
        seen[port] = who
        if not is_free(port):
            raise Problem(
                f"Port {port} is in use, and {who} needs it:"
                f" end what uses it, or set {variable(name)} to another port."
            )
