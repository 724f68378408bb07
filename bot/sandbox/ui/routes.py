"""The routes of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox


def add_routes(app: web.Application, sandbox: Sandbox) -> None:
    """Puts the page, its files and its API into the server."""
