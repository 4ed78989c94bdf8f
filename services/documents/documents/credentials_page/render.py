"""A document is a pure function of its template version and its values.

The same values give the same bytes, today and in years: only values, version and digest are stored.
"""

import hashlib
from typing import Final

from documents.credentials_page import compiled, proof
from documents.credentials_page.lines import Lines, lines_of
from documents.credentials_page.values import BadDocument, CredentialsValues
from documents.drawing.letters import Unprintable, printable
from documents.drawing.templates import VERSIONS, UnknownTemplate

__all__ = [
    "CURRENT",
    "BadDocument",
    "CredentialsValues",
    "UnknownTemplate",
    "Unprintable",
    "check",
    "digest",
    "render",
    "render_compiled",
]

CURRENT: Final = VERSIONS[-1]


def render(template_version: str, values: CredentialsValues) -> bytes:
    """The PDF, always the same bytes for the same values.

    Raises Unprintable for a text that the fonts cannot print or the page has no room for,
    UnknownTemplate for a version that is not here.
    """
    pdf = render_compiled(template_version, values)
    if pdf is not None:
        return pdf
    # reportlab takes 0.3 s; most processes never draw
    from documents.credentials_page import general  # noqa: PLC0415

    lines = _printable(compiled.template(template_version), lines_of(values))
    return general.render(template_version, lines)


def render_compiled(template_version: str, values: CredentialsValues) -> bytes | None:
    """The same in about 0.02 ms, or None for a page that must be drawn: that is for a process pool.

    Raises as `render` does, except for a page without room.
    """
    template = compiled.template(template_version)
    lines = lines_of(values)
    content = template.fill(lines) or template.fill(_printable(template, lines))
    return None if content is None else template.around.wrap(content)


def digest(template_version: str, pdf: bytes) -> bytes:
    """SHA-256, stored at issue and compared at each download."""
    template = compiled.template(template_version)
    if pdf.startswith(template.around.head):
        return template.digest(pdf)
    return hashlib.sha256(pdf).digest()


def check(template_version: str, pdf: bytes, values: CredentialsValues) -> None:
    """Raise BadDocument unless the page shows exactly these values, each beside its label.

    Its `reason` names a field, never its text. About 0.02 ms for a compiled page.
    """
    template = compiled.template(template_version)
    expected = lines_of(values)
    shown = proof.shown(template_version, pdf)
    if shown != expected:
        expected = _printable(template, expected)
    proof.compare(shown, expected)


def _printable(template: compiled.Template, lines: Lines) -> Lines:
    return Lines(*map(printable, lines, template.letters))
