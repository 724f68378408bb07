"""Tables: the ones that hold data, and the many that only arrange a page."""

from __future__ import annotations

from mail.html.tree import Element
from mail.quotes.fold import html_boundary

MAX_CELLS = 3_000
MAX_COLUMNS = 20
_LONG_CELL = 300
_PAGE_TAGS = frozenset({"table", "ul", "ol", "blockquote", "h1", "h2", "pre", "hr", "form"})


def find_data_rows(table: Element) -> list[list[Element]] | None:
    """The cells by row when the table holds data; None when it only arranges the page.

    Looks no further than the first table inside, so that nested tables cost their own bytes only.
    """
    if (table.attrs.get("role") or "").lower() in ("presentation", "none"):
        return None
    rows = _rows(table)
    if rows is None or len(rows) < 2 or max(map(len, rows)) < 2:
        return None
    cells = [cell for row in rows for cell in row]
    if max(map(len, rows)) > MAX_COLUMNS or len(cells) > MAX_CELLS:
        return None
    headed = any(cell.tag == "th" for cell in cells)
    return rows if headed or _looks_like_data(rows, cells) else None


def _rows(table: Element) -> list[list[Element]] | None:
    rows: list[list[Element]] = []
    waiting: list[Element | str] = list(reversed(table.children))
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            continue
        if node.tag == "tr":
            rows.append([])
        elif node.tag in ("td", "th"):
            if not rows:
                rows.append([])
            rows[-1].append(node)
        elif node.tag in _PAGE_TAGS or _is_boundary(node):
            return None
        waiting.extend(reversed(node.children))
    return [row for row in rows if row]


def _is_boundary(node: Element) -> bool:
    return bool(node.attrs) and html_boundary(node.tag, node.attrs) is not None


def _looks_like_data(rows: list[list[Element]], cells: list[Element]) -> bool:
    """Without header cells: an even grid of short cells, most of them filled, no pictures."""
    if len({len(row) for row in rows}) > 2:
        return False
    texts = [cell_text(cell) for cell in cells]
    if any(text is None or len(text) > _LONG_CELL for text in texts):
        return False
    filled = sum(1 for text in texts if text)
    return filled * 10 >= len(texts) * 7


def cell_text(cell: Element) -> str | None:
    """The words of a cell; None when it holds a picture."""
    words: list[str] = []
    waiting: list[Element | str] = list(reversed(cell.children))
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            words.append(node)
        elif node.tag == "img":
            return None
        else:
            waiting.extend(reversed(node.children))
    return " ".join("".join(words).split())
