"""A small Slack workspace in one process, with a mail catcher: for the demo and for the tests.

`from bot.sandbox import Sandbox, MailCatcher`; loaded when asked for, since it brings aiohttp's
server and aiosmtpd.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.sandbox.catcher import MailCatcher
    from bot.sandbox.errors import AppDidNotAnswerError, RefusedError, SandboxError
    from bot.sandbox.sandbox import Sandbox

__all__ = ["AppDidNotAnswerError", "MailCatcher", "RefusedError", "Sandbox", "SandboxError"]


def __getattr__(name: str) -> Any:
    if name == "Sandbox":
        from bot.sandbox.sandbox import Sandbox

        return Sandbox
    if name == "MailCatcher":
        from bot.sandbox.catcher import MailCatcher

        return MailCatcher
    if name in __all__:
        from bot.sandbox import errors

        return getattr(errors, name)
    raise AttributeError(name)
