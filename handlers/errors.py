"""Errors of the service layer.

HandlerError
├── UserError               the person can mend it; `code` for programs, a sentence for people
│   ├── NotAllowed          the person may not do this
│   ├── NotFound            what was named does not exist
│   └── InvalidFields       fields whose values are not usable (handlers/channels/fields.py)
└── ChatError               talking to Slack failed
    ├── ChatRateLimited     come back after `retry_after` seconds
    ├── ChatUnavailable     nothing was done: try again later
    ├── ChatUncertain       it may have been done: look before trying again
    ├── ChatRefused         Slack refuses this content for good (`code`)
    └── ChatClosed          Slack refuses the place or the token (`code`): an admin has to act

The axis is what the caller should do. The docstring of a class is its default message.
"""

from __future__ import annotations


class HandlerError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().partition("\n")[0])


class UserError(HandlerError):
    """This cannot be done."""

    code = "cannot"

    def __init__(self, message: str | None = None, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class NotAllowed(UserError):  # noqa: N818 - it names the case
    """Only admins of Canal can do this. Ask one of them."""

    code = "not_allowed"


class NotFound(UserError):  # noqa: N818
    """This does not exist any more."""

    code = "not_found"


class ChatError(HandlerError):
    """Slack could not be reached."""

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(message or code)
        self.code = code


class ChatRateLimited(ChatError):  # noqa: N818
    """Slack asks to slow down."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class ChatUnavailable(ChatError):  # noqa: N818
    """Slack did not do it; try again later."""


class ChatUncertain(ChatError):  # noqa: N818
    """The connection to Slack was lost before its answer."""


class ChatRefused(ChatError):  # noqa: N818
    """Slack refuses this content."""


class ChatClosed(ChatError):  # noqa: N818
    """Slack does not let Canal into this channel."""
