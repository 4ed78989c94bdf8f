"""`python -m documents.credentials_page.compile_templates`: the compiled page of `CURRENT`.

Needed once for each template version: while a version is being designed, never after a document of
it was issued (a test compares the digests). The fonts are made anew only where there are none;
fontTools is a tool of development only.
"""

import json
import re
import sys
import zlib
from pathlib import Path
from typing import Any

import fontpkg
from fontTools import subset
from fontTools.ttLib import TTFont
from reportlab.pdfbase import pdfmetrics

from documents.credentials_page import layout
from documents.credentials_page.draw import drawn
from documents.credentials_page.layout import FIELDS
from documents.credentials_page.lines import Lines
from documents.credentials_page.render import CURRENT
from documents.drawing import pdf_file, templates
from documents.drawing.canvas import blank_page
from documents.drawing.templates import BOLD, MONO, SANS

ASCII = "".join(map(chr, range(32, 127)))
RUSSIAN = "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя"
NEIGHBOURS = (  # Tatar, Bashkir, Chuvash, Kazakh, Ukrainian, Belarusian
    "ӘәӨөҮүҖҗҢңҺһҒғҘҙҠҡҪҫӐӑӖӗӲӳҚқҰұІіЇїЄєҐґЎў"
)
PUNCTUATION = "«»„“”‘’ʼ–—№…·"
REPERTOIRE = {
    SANS: "0123456789.спо включительно",
    BOLD: ASCII + RUSSIAN + NEIGHBOURS + PUNCTUATION,
    MONO: ASCII,
}
SOURCES = {SANS: ("PT Sans", 400), BOLD: ("PT Sans", 700), MONO: ("IBM Plex Mono", 500)}
PROBES = Lines("Проба имени", "000000000000", "с 1", "2", "probe:3", "probe4", "probe5")


def main() -> None:
    for name, (family, weight) in SOURCES.items():
        target = templates.path(templates.FONTS, f"{name}.ttf")
        if not target.exists():
            _write_font(Path(fontpkg.path(family, weight)), target, name)
    page = templates.path(CURRENT, "page.bin")
    page.parent.mkdir(exist_ok=True)
    page.write_bytes(compiled_page(CURRENT))
    sys.stdout.write(f"{page.stat().st_size:8} {page}\n")


def _write_font(source: Path, target: Path, name: str) -> None:
    """Keep the letters, drop hinting and features; renamed, as the licence asks of a changed font.

    The bold face prints names and keeps all it has.
    """
    options = subset.Options(hinting=False, layout_features=[], notdef_outline=True)
    options.drop_tables += ["GDEF", "GPOS", "GSUB", "kern", "DSIG", "meta"]
    font = TTFont(source, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    kept = set(map(ord, ASCII + RUSSIAN + PUNCTUATION))
    cutter.populate(unicodes=[c for c in font.getBestCmap() if name == BOLD or c in kept])
    cutter.subset(font)
    renamed = "Certificate" + "".join(part.title() for part in name.split("-"))
    for record in font["name"].names:
        if record.nameID in {1, 3, 4, 6, 16}:
            record.string = renamed
    font.save(target, reorderTables=True)


def compiled_page(version: str) -> bytes:
    """The page drawn once with probes, cut where they stand: a line of JSON, then bytes."""
    canvas, out = blank_page(compressed=True)
    for font, letters in REPERTOIRE.items():
        pdfmetrics.getFont(font).splitString(letters, canvas._doc)  # noqa: SLF001  codes, in order
    codes = {font: _codes(canvas, font) for font in REPERTOIRE}
    file = drawn(version, PROBES, canvas, out)
    stored = file.objects[pdf_file.reference(pdf_file.page(file), b"Contents")]
    pieces = _cut(zlib.decompress(pdf_file.stream(stored)), canvas, codes)
    around = pdf_file.around(file, layout.TITLE)
    parts = [around.head, *pieces, around.tail]
    facts = {
        "fonts": {font: _font_facts(font, codes[font]) for font in REPERTOIRE},
        "slots": {
            field: {
                "font": place.font,
                "sizes": place.sizes,
                "width": layout.width(field),
            }
            for field, place in FIELDS.items()
        },
        "parts": [len(part) for part in parts],
    }
    return b"".join((json.dumps(facts, ensure_ascii=True).encode(), b"\n", *parts))


def _codes(canvas: Any, font: str) -> dict[str, int]:
    assignments = pdfmetrics.getFont(font).state[canvas._doc].assignments  # noqa: SLF001
    codes = {letter: assignments[ord(letter)] for letter in REPERTOIRE[font]}
    assert max(assignments.values()) < 256, f"{font}: one subset has 256 codes"  # noqa: PLR2004
    return codes


def _cut(content: bytes, canvas: Any, codes: dict[str, dict[str, int]]) -> list[bytes]:
    """The content around the slots; a slot is a size, its operator and a string."""
    pieces = []
    for field, probe in PROBES._asdict().items():
        shown = bytes(codes[FIELDS[field].font][letter] for letter in probe)
        escaped = canvas._escape(shown).encode("latin-1")  # noqa: SLF001  as the page has it
        slot = rb"(?<=\+0 )[\d.]+ Tf [\d.]+ TL \(" + re.escape(escaped) + rb"\)"
        before, *after = re.split(slot, content)
        assert len(after) == 1, f"{field} stands once on the page"
        pieces.append(before)
        content = after[0]
    return [*pieces, content]


def _font_facts(font: str, codes: dict[str, int]) -> dict[str, Any]:
    face = pdfmetrics.getFont(font).face
    letter_at = {code: letter for letter, code in codes.items()}
    return {
        "codes": "".join(letter_at.get(code, "\ufffe") for code in range(256)),
        "widths": [round(face.getCharWidth(ord(letter_at.get(n, " ")))) for n in range(256)],
        "letters": "".join(map(chr, sorted(c for c in face.charToGlyph if chr(c).isprintable()))),
    }


if __name__ == "__main__":
    main()
