"""Named SQL: `-- name: lock_by_child` in queries.sql becomes SQL["lock_by_child"]."""

import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def load(package: str, name: str = "queries.sql") -> Mapping[str, str]:
    """Every statement of the package's file by name. Raises ValueError for a name used twice."""
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    named = dict(zip(parts[::2], (sql.strip() for sql in parts[1::2]), strict=True))
    if len(named) != len(parts) // 2:
        raise ValueError(f"{package}/{name}: a query name is used twice")
    return MappingProxyType(named)
