"""A badge: two words side by side in an SVG of a few lines, which loads nothing."""

from html import escape

INKS = {"good": "#1f6b34", "declared": "#7a5200", "bad": "#a1283b"}
LEFT, HEIGHT, PAD, SIZE = "#3a444d", 20, 7, 11
NARROW, WIDE, USUAL = 3.6, 9.4, 6.7
"""Widths of letters at this size in Verdana and its kin; `textLength` makes the text fit them."""


def draw(name: str, told: str, ink: str, title: str) -> str:
    """The badge of a name and of what is told about it; `title` is for those who do not see it."""
    left, right = _width(name), _width(told)
    whole, described = left + right, escape(f"{name}: {title}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{HEIGHT}" '
        f'viewBox="0 0 {whole} {HEIGHT}" role="img" aria-label="{described}">'
        f"<title>{described}</title>"
        f'<rect width="{whole}" height="{HEIGHT}" rx="3" fill="{LEFT}"/>'
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v{HEIGHT - 6}a3 3 0 0 1 -3 3h-{right - 3}z" '
        f'fill="{INKS[ink]}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="{SIZE}">'
        f"{_text(name, 0, left)}{_text(told, left, right)}</g></svg>\n"
    )


def _text(text: str, start: int, width: int) -> str:
    inner = width - 2 * PAD
    return f'<text x="{start + PAD}" y="14" textLength="{inner}">{escape(text)}</text>'


def _width(text: str) -> int:
    widths = (NARROW if c in "ijl.,:;|!'() " else WIDE if c in "mwMW@" else USUAL for c in text)
    return round(sum(widths)) + 2 * PAD
