"""Secrets of the local stack: made once at random, one file each, readable by the owner only."""

import base64
import os
import secrets
from pathlib import Path

from tools.stack.settings import SERVICES

KEY_BYTES = 32


def ensure(local: Path) -> Path:
    """Make what is missing under `local/secrets`; returns that folder."""
    folder = local / "secrets"
    for service in SERVICES:
        _once(folder / service / "database_password", secrets.token_urlsafe(24))
        key = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()
        _once(folder / service / "encryption_key", key)
    _once(folder / "postgres" / "password", secrets.token_urlsafe(24))
    return folder


def _once(path: Path, value: str) -> None:
    """Write `value` unless the file holds one already; a half-written file never shows."""
    if path.exists() and path.stat().st_size:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(path, value)


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step by a file that only its owner can read."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
