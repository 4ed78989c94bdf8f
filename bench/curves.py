"""Curves over minutes as SVG: small panels, two beside each other, each with its own scale."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final, NamedTuple

WIDE: Final = 440
HIGH: Final = 170
LEFT: Final = 62
TOP: Final = 26
FOOT: Final = 26
COLOURS: Final = ("#4a7ebb", "#c0504d", "#7f9f3f", "#8064a2", "#e69138")
POINTS_MAX: Final = 240


class Panel(NamedTuple):
    """`curves` by name: points (minutes, value)."""

    title: str
    curves: Mapping[str, Sequence[tuple[float, float]]]


def panels(wanted: Sequence[Panel]) -> str:
    """The whole picture."""
    rows = -(-len(wanted) // 2)
    drawn = (_panel(one, n % 2 * WIDE, n // 2 * HIGH) for n, one in enumerate(wanted))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * WIDE}" height="{rows * HIGH}"'
        ' font-family="sans-serif" font-size="11">\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def _panel(panel: Panel, x: int, y: int) -> str:
    points = [point for curve in panel.curves.values() for point in curve]
    until = max((at for at, _ in points), default=0.0) or 1.0
    highest = max((value for _, value in points), default=0.0) or 1.0
    wide, high = WIDE - LEFT - 12, HIGH - TOP - FOOT
    bottom = y + TOP + high
    parts = [
        f'<text x="{x + LEFT}" y="{y + 14}" font-weight="bold">{escape(panel.title)}</text>',
        f'<path d="M{x + LEFT},{y + TOP}v{high}h{wide}v-{high}z" fill="none" stroke="#bbb"/>',
        f'<text x="{x + LEFT - 4}" y="{y + TOP + 8}" text-anchor="end">{highest:,.4g}</text>',
        f'<text x="{x + LEFT - 4}" y="{bottom}" text-anchor="end">0</text>',
        f'<text x="{x + LEFT + wide}" y="{bottom + 13}" text-anchor="end">{until:.0f} min</text>',
    ]
    for n, (name, curve) in enumerate(panel.curves.items()):
        colour = COLOURS[n % len(COLOURS)]
        path = " ".join(
            f"{x + LEFT + at / until * wide:.1f},{bottom - value / highest * high:.1f}"
            for at, value in thinned(curve)
        )
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}"/>')
        parts.append(
            f'<text x="{x + LEFT + 70 * n}" y="{bottom + 13}" fill="{colour}">{escape(name)}</text>'
        )
    return "\n".join(parts)


def thinned(curve: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """Few enough to draw: of each stretch its highest point, so that no peak is lost."""
    if len(curve) <= POINTS_MAX:
        return curve
    step = -(-len(curve) // POINTS_MAX)
    return [
        max(curve[n : n + step], key=lambda point: point[1]) for n in range(0, len(curve), step)
    ]
