"""The page itself: index.html and its files, all from this folder's `page/`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web

from bot.sandbox.ui.guard import PAGE_CSP, sentence

PAGE = Path(__file__).parent.parent / "page"
_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".json": "application/json",
}


async def index(request: web.Request) -> web.StreamResponse:
    return _file(PAGE / "index.html")


async def static(request: web.Request) -> web.StreamResponse:
    """A file of the page; nothing outside the folder, nothing of another kind."""
    path = (PAGE / request.match_info["path"]).resolve()
    if not path.is_relative_to(PAGE) or path.suffix not in _TYPES or not path.is_file():
        return sentence("There is no such file.", "not_found", 404)
    return _file(path)


async def permalink(request: web.Request) -> web.StreamResponse:
    """/archives/C…/p1700000000000100: what chat.getPermalink gives, opened in the page."""
    digits = request.match_info["ts"]
    query = {"channel": request.match_info["channel"], "ts": f"{digits[:-6]}.{digits[-6:]}"}
    if "thread_ts" in request.query:
        query["thread_ts"] = request.query["thread_ts"]
    raise web.HTTPFound(f"/?{urlencode(query)}")


async def file_permalink(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(f"/ui/files/{request.match_info['file']}")


def _file(path: Path) -> web.StreamResponse:
    try:
        body = path.read_bytes()
    except OSError:
        return sentence("The page is not installed.", "not_found", 404)
    kind = _TYPES[path.suffix]
    charset = "utf-8" if kind.startswith("text/") or "json" in kind else None
    headers = {"Content-Security-Policy": PAGE_CSP, "Cache-Control": "no-cache"}
    return web.Response(body=body, content_type=kind, charset=charset, headers=headers)
