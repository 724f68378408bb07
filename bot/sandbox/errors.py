"""What can go wrong in the sandbox.

SandboxError                 the sandbox cannot do it; the message is a sentence for a person
├── AppDidNotAnswerError     the app did not ack an interaction
└── RefusedError             Slack's client would not let this person do it
SlackError                   a Web API call is refused, with Slack's own error code
└── RateLimitedError         the same with 429 and Retry-After
"""

from __future__ import annotations

from typing import Any


class SandboxError(Exception):
    """The sandbox cannot do this."""


class AppDidNotAnswerError(SandboxError):
    """The app did not answer in time (`operation_timeout`) or is not there (`dispatch_failed`)."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class RefusedError(SandboxError):
    """Slack's client would not let this person do that."""

    def __init__(self, sentence: str, code: str = "refused", status: int = 400) -> None:
        super().__init__(sentence)
        self.code = code
        self.status = status


class SlackError(Exception):
    """A Web API refusal: `{"ok": false, "error": code, **extra}`, with HTTP status 200 as Slack."""

    def __init__(self, code: str, *, messages: list[str] | None = None, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra
        if messages:
            self.extra["response_metadata"] = {"messages": [f"[ERROR] {text}" for text in messages]}


class RateLimitedError(SlackError):
    """429 with Retry-After, in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after
