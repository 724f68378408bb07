"""Lets only the page itself reach the page's API, and turns errors into sentences.

The sandbox has no log-in: whoever can send it requests can act as anybody. So a request must name
a loopback host with our port (a web site that points its own name at 127.0.0.1 cannot), must come
from our own origin when it says where it comes from, and must be JSON when it changes something (a
form on a web site cannot send that).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from bot.sandbox.errors import AppDidNotAnswerError, RefusedError, SandboxError, SlackError
from bot.sandbox.model import Json

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGE_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'none'"
)
DATA_CSP = "default-src 'none'; sandbox; frame-ancestors 'none'"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def guarded(handler: Handler) -> Handler:
    """The handler behind the checks; errors become {error, code}."""

    @wraps(handler)
    async def handle(request: web.Request) -> web.StreamResponse:
        problem = find_intruder(request)
        if problem is not None:
            return sentence(problem, "forbidden", 403)
        try:
            response = await handler(request)
        except AppDidNotAnswerError as error:
            return sentence(str(error), error.code, 504 if "timeout" in error.code else 503)
        except RefusedError as error:
            return sentence(str(error), error.code, error.status)
        except SandboxError as error:
            return sentence(str(error), "bad_request", 400)
        except SlackError as error:
            return sentence(f"The app's answer was refused: {error.code}.", error.code, 502)
        if not response.prepared:
            _set_headers(response)
        return response

    return handle


def find_intruder(request: web.Request) -> str | None:
    """Why this request may not come in, None when it may."""
    host = _host_of(f"//{request.headers.get(hdrs.HOST, '')}")
    if host is None or host[0] not in _LOOPBACK:
        return "This address is not the sandbox's own."
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is not None and _host_of(origin) != host:
        return "Another web site may not use the sandbox."
    if not _is_navigation(request) and _is_cross_site(request):
        return "Another web site may not use the sandbox."
    if request.method not in ("GET", "HEAD") and request.content_type != "application/json":
        return "Send JSON with its content type."
    return None


def sentence(text: str, code: str, status: int) -> web.Response:
    return web.json_response({"error": text, "code": code}, status=status)


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON body with checked access. Raises RefusedError."""

    values: Json

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            raise RefusedError(f"The field {name} is missing.", "missing_field")
        return value

    def find_text(self, name: str) -> str | None:
        value = self.values.get(name)
        return value if isinstance(value, str) and value else None

    def find_object(self, name: str) -> Json | None:
        value = self.values.get(name)
        return value if isinstance(value, dict) else None

    def flag(self, name: str) -> bool:
        return self.values.get(name) is True

    def files(self) -> list[tuple[str, bytes]]:
        """[{name, data(base64)}] as (name, bytes)."""
        import base64
        import binascii

        found: list[tuple[str, bytes]] = []
        for one in self.values.get("files") or []:
            try:
                found.append((str(one["name"]), base64.b64decode(one["data"], validate=True)))
            except (KeyError, TypeError, ValueError, binascii.Error):
                raise RefusedError("A file did not arrive whole.", "bad_file") from None
        return found


async def read_body(request: web.Request) -> Body:
    """Raises RefusedError when it is no JSON object."""
    try:
        values = json.loads(await request.text())
    except (ValueError, RecursionError):
        raise RefusedError("This is not JSON.", "bad_json") from None
    if not isinstance(values, dict):
        raise RefusedError("This is not a JSON object.", "bad_json")
    return Body(values)


def answer(value: Any = None) -> web.Response:
    return web.json_response({} if value is None else value)


def _is_cross_site(request: web.Request) -> bool:
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


def _is_navigation(request: web.Request) -> bool:
    """Somebody followed a link to us: harmless, since no GET changes anything."""
    return (
        request.method == "GET"
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest") == "document"
    )


def _host_of(url: str) -> tuple[str, int | None] | None:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "", parts.port)
    except ValueError:
        return None


def _set_headers(response: web.StreamResponse) -> None:
    response.headers.setdefault("Content-Security-Policy", DATA_CSP)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-store")
