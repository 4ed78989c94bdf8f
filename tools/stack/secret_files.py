"""The services' secrets: made once, one file each, readable by their owner only."""

import base64
import secrets
from pathlib import Path

KINDS = {
    "database_password": lambda: secrets.token_urlsafe(24),
    "encryption_key": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
}


def ensure(folder: Path, services: tuple[str, ...]) -> dict[str, Path]:
    """The folder of each service's secrets; what is there stays."""
    folders = {}
    for service in services:
        folders[service] = folder / service
        folders[service].mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, make in KINDS.items():
            file = folders[service] / name
            if not file.exists():
                file.touch(mode=0o600)
                file.write_text(make())
    return folders


def main() -> None:
    """`python -m tools.stack.secret_files FOLDER`: for compose."""
    import sys  # noqa: PLC0415

    from tools.stack.config import SERVICES  # noqa: PLC0415

    folder = Path(sys.argv[1])
    ensure(folder, SERVICES)
    ensure(folder, ("postgres",))
    print(f"Secrets are in {folder}/.")


if __name__ == "__main__":
    main()
