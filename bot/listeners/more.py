"""What the More menus of cards and posts open, by the word before the colon of an option."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.listeners.modals.assign import open_assign
from bot.listeners.modals.forward import open_forward_mail
from bot.listeners.modals.merge import open_merge
from bot.listeners.modals.recipients import open_recipients
from bot.listeners.moving import split_off
from bot.listeners.services import Services

Json = dict[str, Any]
Opener = Callable[[Services, Json, int], Awaitable[None]]


def openers() -> dict[str, Opener]:
    """Each is handed the services, the payload and the number after the colon."""
    return {
        "assign": open_assign,
        "recipients": open_recipients,
        "forward_mail": open_forward_mail,
        "merge": open_merge,
        "not_this": split_off,
    }
