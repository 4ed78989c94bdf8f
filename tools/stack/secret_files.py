"""The secrets of services and databases: made once, one file each, readable by their owner only.

`python -m tools.stack.secret_files FOLDER` makes them for compose.
"""

import base64
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tools.stack.settings import SERVICES

SERVER: Final = "postgres"  # its superuser's password lies beside the services' secrets
OWNERS: Final[Mapping[str, str]] = {name: f"{name}_owner" for name in SERVICES}  # of databases
PASSWORD: Final = "database_password"  # noqa: S105  the name of its file
KINDS: Final[Mapping[str, Callable[[], str]]] = {
    PASSWORD: lambda: secrets.token_urlsafe(24),
    "encryption_key": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
}


def ensure(
    folder: Path, roles: Sequence[str] = (*SERVICES, *OWNERS.values(), SERVER)
) -> dict[str, Path]:
    """The folder of each one's secrets; what is there stays. Only services have a key."""
    folders = {role: folder / role for role in roles}
    for role, place in folders.items():
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, make in KINDS.items():
            file = place / name
            wanted = name == PASSWORD or role in SERVICES
            if wanted and not (file.exists() and file.stat().st_size):
                write_private(file, make())
    return folders


def password_of(folder: Path, role: str) -> str:
    """With which a role of PostgreSQL signs in."""
    return (folder / role / PASSWORD).read_text()


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step by a file that only its owner can read."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def main() -> None:
    """Make them for compose."""
    folder = Path(sys.argv[1])
    ensure(folder)
    print(f"Secrets are in {folder}/.")


if __name__ == "__main__":
    main()
