"""Drawing: lines and bars as SVG, without a library, legible on light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _HEIGHT = 720, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 34, 30
_COLOURS = ("#2266bb", "#cc6622", "#228844", "#994499", "#888833")
_STYLE = (
    "<style>text{font:12px sans-serif;fill:#333}.grid{stroke:#999;stroke-opacity:.3}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>"
)
Point = tuple[float, float]


def lines(title: str, series: Mapping[str, Sequence[Point]], *, across: str) -> str:
    """One chart: each series a line, all on one axis from 0.

    Args:
        title: What is shown, with its unit.
        series: Points by name.
        across: What the horizontal axis counts.
    """
    points = [point for row in series.values() for point in row]
    most_x = max((x for x, _ in points), default=1.0) or 1.0
    most_y = max((y for _, y in points), default=1.0) * 1.1 or 1.0
    drawn = [_frame(title, across, most_x, most_y)]
    for place, (name, row) in enumerate(series.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        path = " ".join(f"{_x(x, most_x):.1f},{_y(y, most_y):.1f}" for x, y in row)
        drawn.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{path}"/>')
        drawn.append(_legend(place, name, colour))
    return _whole(drawn, _HEIGHT)


def bars(title: str, values: Mapping[str, float], *, unit: str) -> str:
    """One chart: a bar for each value, with its figure."""
    most = max(values.values(), default=1.0) or 1.0
    height = _TOP + 24 * len(values) + 8
    drawn = [f'<text x="8" y="20" font-weight="bold">{escape(title)}</text>']
    for place, (name, value) in enumerate(values.items()):
        y = _TOP + 24 * place
        width = value / most * (_WIDTH - 330)
        drawn.append(f'<text x="8" y="{y + 13}">{escape(name)}</text>')
        drawn.append(f'<rect x="200" y="{y}" width="{width:.1f}" height="17" fill="{_COLOURS[0]}"/>')
        drawn.append(f'<text x="{208 + width:.1f}" y="{y + 13}">{value:,.4g} {escape(unit)}</text>')
    return _whole(drawn, height)


def under_each_other(charts: Sequence[str]) -> str:
    """Several charts as one picture."""
    moved, y = [], 0
    for chart in charts:
        height = int(chart.partition('height="')[2].partition('"')[0])
        moved.append(chart.replace("<svg ", f'<svg y="{y}" ', 1))
        y += height + 8
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y}">{"".join(moved)}</svg>\n'


def _frame(title: str, across: str, most_x: float, most_y: float) -> str:
    drawn = [f'<text x="8" y="20" font-weight="bold">{escape(title)}</text>']
    for step in range(5):
        y = _y(most_y * step / 4, most_y)
        drawn.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        drawn.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{most_y * step / 4:,.3g}</text>')
        x = _x(most_x * step / 4, most_x)
        drawn.append(f'<text x="{x:.1f}" y="{_HEIGHT - 12}" text-anchor="middle">{most_x * step / 4:,.3g}</text>')
    drawn.append(f'<text x="{_WIDTH - _RIGHT}" y="20" text-anchor="end">{escape(across)}</text>')
    return "".join(drawn)


def _legend(place: int, name: str, colour: str) -> str:
    x = 220 + 110 * place
    return (
        f'<rect x="{x}" y="11" width="10" height="10" fill="{colour}"/><text x="{x + 14}" y="20">{escape(name)}</text>'
    )


def _x(value: float, most: float) -> float:
    return _LEFT + value / most * (_WIDTH - _LEFT - _RIGHT)


def _y(value: float, most: float) -> float:
    return _HEIGHT - _BOTTOM - value / most * (_HEIGHT - _TOP - _BOTTOM)


def _whole(drawn: Sequence[str], height: int) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}">'
    )
    return f"{head}{_STYLE}{''.join(drawn)}</svg>"
