"""What an integrator needs to install for `contracts`: pydantic."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import contracts


def test_contracts_imports_pydantic_and_nothing_else() -> None:
    assert contracts.__file__
    files = Path(contracts.__file__).parent.rglob("*.py")
    packages = {name.partition(".")[0] for file in files for name in imported(file)}
    assert packages - sys.stdlib_module_names == {"contracts", "pydantic"}


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
