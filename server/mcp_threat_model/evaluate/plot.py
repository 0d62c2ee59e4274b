"""The reliability curve as an SVG of our own making: no drawing library, the same bytes for the same numbers."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_threat_model.evaluate.metrics import Bin

SIDE = 360
EDGE = 48


def _x(share: float) -> str:
    return f"{EDGE + share * SIDE:.1f}"


def _y(share: float) -> str:
    return f"{EDGE / 2 + (1 - share) * SIDE:.1f}"


def reliability_svg(curves: Sequence[tuple[str, str, Sequence[Bin]]]) -> str:
    """Curves as (name, colour, bins): claimed to the right, seen upwards, dots as large as their bins."""
    width, height = EDGE + SIDE + 24, EDGE // 2 + SIDE + EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for tenth in range(0, 11, 2):
        share = tenth / 10
        parts += [
            f'<line x1="{_x(0)}" y1="{_y(share)}" x2="{_x(1)}" y2="{_y(share)}" stroke="#e5e5e5"/>',
            f'<line x1="{_x(share)}" y1="{_y(0)}" x2="{_x(share)}" y2="{_y(1)}" stroke="#e5e5e5"/>',
            f'<text x="{EDGE - 8}" y="{float(_y(share)) + 4:.1f}" text-anchor="end">{share:.1f}</text>',
            f'<text x="{_x(share)}" y="{float(_y(0)) + 18:.1f}" text-anchor="middle">{share:.1f}</text>',
        ]
    parts.append(f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#999999" stroke-dasharray="4 4"/>')
    for index, (name, colour, bins) in enumerate(curves):
        points = " ".join(f"{_x(one.claimed)},{_y(one.seen)}" for one in bins)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for one in bins:
            radius = min(12.0, 2.0 + one.count**0.5 / 2)
            parts.append(f'<circle cx="{_x(one.claimed)}" cy="{_y(one.seen)}" r="{radius:.1f}" fill="{colour}" '
                         f'fill-opacity="0.6"><title>{name}: {one.count} tools</title></circle>')  # fmt: skip
        y = EDGE / 2 + 18 + 18 * index
        parts += [
            f'<rect x="{EDGE + 12}" y="{y - 9:.0f}" width="12" height="12" fill="{colour}"/>',
            f'<text x="{EDGE + 30}" y="{y + 1:.0f}">{name}</text>',
        ]
    parts += [
        f'<text x="{EDGE + SIDE / 2:.0f}" y="{height - 8}" text-anchor="middle">claimed probability of writing</text>',
        f'<text x="14" y="{EDGE / 2 + SIDE / 2:.0f}" text-anchor="middle" '
        f'transform="rotate(-90 14 {EDGE / 2 + SIDE / 2:.0f})">share that does write</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
