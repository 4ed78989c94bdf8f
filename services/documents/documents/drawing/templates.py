"""The files of template versions: the compiled pages, and the fonts that all share.

They are part of the release, so that no upgrade of a font or of reportlab changes a document.
"""

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "templates"
VERSIONS = ("credentials-1", "credentials-2")
SANS, BOLD, MONO = "sans", "sans-bold", "mono"
FONTS = "credentials-1"  # they came with the first version, and stay as they are


class UnknownTemplate(LookupError):
    """A document names a template version that this release does not carry."""


def path(version: str, name: str) -> Path:
    """A file of a template version. Raises UnknownTemplate for a version that is not here."""
    if version not in VERSIONS:
        raise UnknownTemplate(version)
    return _FOLDER / version / name


@cache
def content(version: str, name: str) -> bytes:
    """Read once, then kept."""
    return path(version, name).read_bytes()


def font(name: str) -> bytes:
    """A TrueType file, by its short name."""
    return content(FONTS, f"{name}.ttf")
