"""A stand-in for the sandbox's backend, so that the page can be tested alone.

It serves the page's own files and answers `bot/sandbox/BROWSER_API.md` from plain dictionaries that
a test fills. Everything the page sends is kept in `asked`; `wait_for_asked` waits for it.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from aiohttp import web

PAGE = Path(__file__).parents[2] / "bot" / "sandbox" / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c63f8cfc0f01f00050101ff8ad1b3a10000000049454e44ae426082"
)
CHANNEL = "C0SUPPORT"
Json = dict[str, Any]


class PageFake:
    """One workspace: two people, one app, whatever messages, views and mails a test puts in."""

    def __init__(self) -> None:
        self.state: Json = default_state()
        self.messages: dict[str, list[Json]] = {CHANNEL: [], "C0SALES": []}
        self.threads: dict[str, list[Json]] = {}
        self.views: list[Json] = []
        self.home: Json | None = None
        self.mails: list[Json] = []
        self.html: dict[str, str] = {}
        self.source = "Subject: hello\r\n\r\nhello\r\n"
        self.answers: dict[str, tuple[int, Json]] = {}
        """Path prefix → (status, body) that a POST gets instead of success."""
        self.on_post: dict[str, Any] = {}
        """Path prefix → function(body) that changes this workspace when the page posts."""
        self.asked: list[tuple[str, str, Json]] = []
        self.streams: set[asyncio.Queue[str]] = set()
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application(client_max_size=2**26)
        app.add_routes(
            [
                web.get("/", self._page),
                web.static("/static", PAGE),
                web.get("/ui/state", self._answer(lambda r: self.state)),
                web.get("/ui/emoji", self._answer(lambda r: {})),
                web.get("/ui/channels/{c}/messages", self._answer(self._messages)),
                web.get("/ui/channels/{c}/threads/{ts}", self._answer(self._thread)),
                web.get("/ui/views", self._answer(lambda r: {"views": self.views})),
                web.get("/ui/home", self._answer(lambda r: {"view": self.home})),
                web.get("/ui/mail", self._answer(lambda r: {"mails": self.mails})),
                web.get("/ui/mail/{id}", self._answer(self._mail)),
                web.get("/ui/mail/{id}/html", self._mail_html),
                web.get("/ui/mail/{id}/source", self._mail_source),
                web.get("/ui/files/{id}", self._file),
                web.get("/ui/events", self._events),
                web.route("*", "/ui/{rest:.*}", self._take),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def stop(self) -> None:
        for stream in self.streams:
            stream.put_nowait("")
        if self._runner:
            await self._runner.cleanup()

    def push(self, **event: Any) -> None:
        """Sends one live event to every open page."""
        for stream in self.streams:
            stream.put_nowait(json.dumps(event))

    async def wait_for_asked(self, method: str, path: str, timeout: float = 10) -> Json:
        """The body of the newest such request, waited for."""

        def newest() -> Json | None:
            found = (b for m, p, b in reversed(self.asked) if m == method and p.startswith(path))
            return next(found, None)

        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: newest() is not None)
        body = newest()
        assert body is not None
        return body

    def _answer(self, make: Any) -> Any:
        async def handler(request: web.Request) -> web.Response:
            body = make(request)
            if body is None:
                return web.json_response({"error": "There is no such thing."}, status=404)
            return web.json_response(body)

        return handler

    def _messages(self, request: web.Request) -> Json:
        return {"messages": self.messages[request.match_info["c"]], "has_more": False}

    def _thread(self, request: web.Request) -> Json:
        ts = request.match_info["ts"]
        every = [m for messages in self.messages.values() for m in messages]
        root = [m for m in every if m["ts"] == ts]
        return {"messages": root + self.threads.get(ts, [])}

    def _mail(self, request: web.Request) -> Json | None:
        return next((m for m in self.mails if m["id"] == request.match_info["id"]), None)

    async def _mail_html(self, request: web.Request) -> web.Response:
        html = self.html.get(request.match_info["id"], "")
        headers = {"Content-Security-Policy": MAIL_POLICY}
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def _mail_source(self, request: web.Request) -> web.Response:
        return web.Response(text=self.source)

    async def _page(self, request: web.Request) -> web.Response:
        html = (PAGE / "index.html").read_text("utf-8")
        headers = {"Content-Security-Policy": POLICY}
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def _file(self, request: web.Request) -> web.Response:
        return web.Response(body=PIXEL, content_type="image/png")

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else {}
        for prefix, change in self.on_post.items():
            if request.path.startswith(prefix):
                change(body)
        status, answer = next(
            (a for prefix, a in self.answers.items() if request.path.startswith(prefix)), (200, {})
        )
        async with self._changed:
            self.asked.append((request.method, request.path, body))
            self._changed.notify_all()
        return web.json_response(answer, status=status)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        stream: asyncio.Queue[str] = asyncio.Queue()
        self.streams.add(stream)
        try:
            while data := await stream.get():
                await response.write(f"data: {data}\n\n".encode())
        except ConnectionError:
            pass  # the page was closed
        finally:
            self.streams.discard(stream)
        return response


def default_state() -> Json:
    """What `/ui/state` answers before a test changes it."""

    def user(uid: str, name: str, real: str, **more: Any) -> Json:
        return {"id": uid, "name": name, "real_name": real, "is_bot": False, "is_app": False} | more

    def channel(cid: str, name: str, topic: str) -> Json:
        flags = {"is_private": False, "is_im": False, "is_archived": False, "bot_is_member": True}
        return {"id": cid, "name": name, "topic": topic, "unread": 0, "mentions": 0} | flags

    return {
        "user": "U0ANA",
        "team": {"id": "T0TEAM", "name": "Acme"},
        "users": [
            user("U0ANA", "ana", "Ana Silva", title="Agent", is_admin=False),
            user("U0RUI", "rui", "Rui Costa", title="Admin", is_admin=True),
            user("U0CANAL", "canal", "Canal", is_bot=True, is_app=True),
        ],
        "channels": [
            channel(CHANNEL, "support", "Mail to support@us.example"),
            channel("C0SALES", "sales", ""),
        ],
        "usergroups": [{"id": "S0AGENTS", "handle": "agents", "name": "Agents", "users": []}],
        "app": {
            "bot_user_id": "U0CANAL",
            "bot_id": "B0CANAL",
            "name": "Canal",
            "connected": True,
            "commands": [
                {
                    "command": "/canal",
                    "description": "Set up email channels",
                    "usage_hint": "[help | add | list | edit | pause]",
                }
            ],
            "shortcuts": [
                {"name": "Reply by email", "type": "message", "callback_id": "reply"},
                {"name": "New ticket", "type": "global", "callback_id": "new_ticket"},
            ],
        },
        "mail": {
            "smtp": "127.0.0.1:2525",
            "unread": 0,
            "addresses": [
                {"name": "Support", "address": "support@us.example"},
                {"name": "Sales", "address": "sales@us.example"},
            ],
        },
        "limits": True,
    }


def message(ts: float, text: str = "", **more: Any) -> Json:
    """A message of the app, or of `user` where one is given."""
    who = {} if "user" in more else {"user": "U0CANAL", "bot_id": "B0CANAL"}
    return {"type": "message", "ts": f"{ts:.6f}", "text": text} | who | more
