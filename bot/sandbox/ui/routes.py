"""The routes of the page (BROWSER_API.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bot.sandbox.ui import static
from bot.sandbox.ui.chat import ChatPages
from bot.sandbox.ui.guard import Handler, guarded
from bot.sandbox.ui.interact import InteractPages
from bot.sandbox.ui.mail import MailPages
from bot.sandbox.ui.state import StatePages
from bot.sandbox.ui.stream import Stream

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

_Routes = list[tuple[str, str, Handler]]


def add_routes(app: web.Application, sandbox: Sandbox) -> None:
    """Puts the page, its files and its API into the server, each behind the guard."""
    routes = [*_page(sandbox), *_chat(sandbox), *_interactions(sandbox), *_mail(sandbox)]
    for method, path, handler in routes:
        app.router.add_route(method, path, guarded(handler))


def _page(sandbox: Sandbox) -> _Routes:
    state = StatePages(sandbox)
    return [
        ("GET", "/", static.index),
        ("GET", "/static/{path:.+}", static.static),
        ("GET", r"/archives/{channel}/p{ts:\d{7,20}}", static.permalink),
        ("GET", "/files/{user}/{file}/{name}", static.file_permalink),
        ("GET", "/ui/state", state.state),
        ("GET", "/ui/users", state.users),
        ("GET", "/ui/channels", state.channels),
        ("GET", "/ui/emoji", state.emoji),
        ("POST", "/ui/read", state.read),
        ("POST", "/ui/typing", state.typing),
        ("GET", "/ui/events", Stream(sandbox).handle),
    ]


def _chat(sandbox: Sandbox) -> _Routes:
    chat = ChatPages(sandbox)
    return [
        ("GET", "/ui/channels/{channel}/messages", chat.messages),
        ("GET", "/ui/channels/{channel}/threads/{ts}", chat.thread),
        ("POST", "/ui/messages", chat.post),
        ("PATCH", "/ui/messages", chat.edit),
        ("DELETE", "/ui/messages", chat.delete),
        ("POST", "/ui/reactions", chat.react),
        ("DELETE", "/ui/ephemerals", chat.dismiss),
        ("GET", "/ui/files/{file}", chat.file),
    ]


def _interactions(sandbox: Sandbox) -> _Routes:
    interact = InteractPages(sandbox)
    return [
        ("POST", "/ui/actions", interact.act),
        ("POST", "/ui/commands", interact.command),
        ("POST", "/ui/shortcuts", interact.shortcut),
        ("GET", "/ui/views", interact.views),
        ("POST", "/ui/views/{view}/submit", interact.submit),
        ("POST", "/ui/views/{view}/close", interact.close),
        ("GET", "/ui/home", interact.home),
        ("POST", "/ui/home/open", interact.open_home),
        ("POST", "/ui/options", interact.options),
    ]


def _mail(sandbox: Sandbox) -> _Routes:
    mail = MailPages(sandbox)
    return [
        ("GET", "/ui/mail", mail.list),
        ("POST", "/ui/mail", mail.write),
        ("POST", "/ui/mail/read", mail.mark_read),
        ("GET", "/ui/mail/{mail}", mail.show),
        ("GET", "/ui/mail/{mail}/html", mail.html),
        ("GET", "/ui/mail/{mail}/source", mail.source),
        ("GET", "/ui/mail/{mail}/source.eml", mail.download),
        ("GET", r"/ui/mail/{mail}/parts/{index:\d{1,5}}", mail.part),
    ]
