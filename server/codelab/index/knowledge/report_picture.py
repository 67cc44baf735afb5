"""The report as a picture: an SVG of its own that is readable on light and on dark pages."""

from collections import Counter
from html import escape

from codelab.index.knowledge.report import Report, language_shares

_WIDTH = 720
_BARS = 10
_ROW = 26
_TILES, _TILE_WIDTH, _TILE_HEIGHT, _TILES_TOP = 4, 172, 64, 88
_STYLE = """
  text { font: 14px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 20px; font-weight: 600 } .soft { fill: #59636e; font-size: 12px }
  .page { fill: #ffffff } .bar { fill: #0969da } .track { fill: #eaeef2 }
  .big { font-size: 24px; font-weight: 600 }
  .bad { fill: #cf222e }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .soft { fill: #9198a1 } .page { fill: #0d1117 } .bar { fill: #4493f8 }
    .track { fill: #21262d } .bad { fill: #f85149 }
  }
"""


def picture(report: Report) -> str:
    """Return the picture as the text of an SVG file."""
    counts = Counter({one.language or "text": one.lines for one in report.languages})
    bars = language_shares(counts, _BARS)
    tiles = [
        (f"{report.status.files:,}", "files", False),
        (f"{report.lines:,}", "lines", False),
        (f"{report.status.symbols:,}", "symbols", False),
        (f"{report.search_p95_ms:.0f} ms", "search, 95 of 100", False),
        (f"{len(report.broken_imports):,}", "broken imports", bool(report.broken_imports)),
        (f"{len(report.syntax_errors):,}", "files with syntax errors", bool(report.syntax_errors)),
        (f"{len(report.duplicates):,}", "groups of equal files", False),
        (f"{len(report.near_duplicates):,}", "nearly equal definitions", False),
    ]
    below = _TILES_TOP + _TILE_HEIGHT * -(-len(tiles) // _TILES)
    height = below + 44 + _ROW * max(1, len(bars))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        f"<title>{escape(_headline(report))}</title><style>{_STYLE}</style>",
        f'<rect class="page" width="{_WIDTH}" height="{height}" rx="8"/>',
        f'<text class="title" x="24" y="40">{escape(_headline(report))}</text>',
    ]
    for n, (figure, label, bad) in enumerate(tiles):
        x, y = 24 + n % _TILES * _TILE_WIDTH, _TILES_TOP + n // _TILES * _TILE_HEIGHT
        parts.append(f'<text class="big{" bad" if bad else ""}" x="{x}" y="{y}">{escape(figure)}</text>')
        parts.append(f'<text class="soft" x="{x}" y="{y + 20}">{escape(label)}</text>')
    parts.append(f'<text x="24" y="{below}">Lines by language</text>')
    most = max((count for _, count in bars), default=1) or 1
    for n, (language, count) in enumerate(bars):
        y = below + 14 + n * _ROW
        parts.append(f'<text x="24" y="{y + 14}">{escape(language)}</text>')
        parts.append(f'<rect class="track" x="140" y="{y}" width="440" height="18" rx="3"/>')
        parts.append(
            f'<rect class="bar" x="140" y="{y}" width="{max(2, 440 * count // most)}" height="18" rx="3"/>'
        )
        parts.append(f'<text class="soft" x="592" y="{y + 14}">{count:,}</text>')
    return "\n".join((*parts, "</svg>", ""))


def _headline(report: Report) -> str:
    name = report.root.replace("\\", "/").rpartition("/")[2]
    return f"Index of {name}" + (f" ({report.branch})" if report.branch else "")
