"""Errors that end a start: one plain sentence on stderr, exit status 2, never a traceback.

StartupError            Canal cannot start; the message says why and what to do
└── ConfigProblems      (bot.settings) all wrong settings at once, a sentence each

The composition root raises them where it knows what failed; `explain` turns what libraries raise
on the way up (an occupied port, a folder that is not ours) into the same kind of sentence.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from handlers.errors import UserError
from mail.errors import ListenFailed
from storage.errors import StorageError

EXIT_OK = 0
EXIT_CONFIG = 2
EXIT_INTERRUPTED = 130


class StartupError(Exception):
    """Canal cannot start."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = sentences or ((self.__doc__ or "").strip().partition("\n")[0],)
        super().__init__("\n".join(self.sentences))


def run_or_explain(main: Callable[[], int | None]) -> int:
    """Runs `main` and gives the exit status; a start that cannot succeed is told in sentences.

    Whatever is not a matter of set-up keeps its traceback: that is a bug, and hiding it helps
    nobody.
    """
    try:
        return main() or EXIT_OK
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BaseException as error:
        told = explain(error)
        if told is None:
            raise
        for sentence in told.sentences:
            print(f"canal: {sentence}", file=sys.stderr)  # noqa: T201 - the answer to a person
        return EXIT_CONFIG


def explain(error: BaseException) -> StartupError | None:
    """The sentences for an error of the set-up; None for any other error (a bug)."""
    if isinstance(error, StartupError):
        return error
    if isinstance(error, BaseExceptionGroup):
        return _explain_group(error)
    if isinstance(error, StorageError | UserError | ListenFailed):
        return StartupError(str(error))
    if isinstance(error, OSError):
        return _explain_os_error(error)
    return _explain_slack(error)


def port_in_use(variable: str, address: object) -> StartupError:
    """The sentence for a port that another program has."""
    return StartupError(
        f"Another program listens on {address} already: stop it, or choose another address "
        f"in {variable}."
    )


def folder_not_writable(path: Path, error: OSError) -> StartupError:
    """The sentence for a data folder in which nothing can be kept."""
    reason = (error.strerror or str(error)).lower()
    return StartupError(
        f"The data folder {path} cannot be written to ({reason}): give the user that runs Canal "
        f"access to it, or choose another one in CANAL_DATA_DIR."
    )


def _explain_group(group: BaseExceptionGroup[BaseException]) -> StartupError | None:
    """All sentences of a task group, or None as soon as one of its errors is a bug."""
    told = [explain(each) for each in group.exceptions]
    if any(each is None for each in told):
        return None
    return StartupError(*dict.fromkeys(line for each in told if each for line in each.sentences))


def _explain_os_error(error: OSError) -> StartupError | None:
    """Errors of files and sockets that the operator can mend."""
    where = error.filename if isinstance(error.filename, str) else None
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    match error.errno:
        case errno.EADDRINUSE:
            return StartupError(
                f"An address is in use already ({error.strerror or reason}): stop the other "
                f"program, or choose other ones in CANAL_SMTP_LISTEN and CANAL_HTTP_LISTEN."
            )
        case errno.EADDRNOTAVAIL:
            return StartupError(
                "This machine does not have the address that Canal was told to listen on: look "
                "at CANAL_SMTP_LISTEN and CANAL_HTTP_LISTEN."
            )
        case errno.EACCES | errno.EPERM | errno.EROFS | errno.ENOSPC if where:
            return StartupError(f"{where} cannot be used: {reason}.")
        case errno.EACCES | errno.EPERM:
            return StartupError(
                "This user may not listen on a port below 1024: choose a higher one in "
                "CANAL_SMTP_LISTEN, or give Canal the capability CAP_NET_BIND_SERVICE."
            )
        case errno.ENOSPC | errno.EDQUOT:
            return StartupError("The disk is full: Canal cannot keep mail safely, so it stops.")
    return None


SLACK_SENTENCES = {
    "invalid_auth": "Slack does not accept SLACK_BOT_TOKEN: copy the bot token (xoxb-…) again "
    "from OAuth & Permissions on the app's page.",
    "not_authed": "Slack got no token: set SLACK_BOT_TOKEN.",
    "account_inactive": "The Slack app was removed from its workspace: install it again and copy "
    "the new bot token into SLACK_BOT_TOKEN.",
    "token_revoked": "SLACK_BOT_TOKEN was revoked: install the app again and copy its new token.",
    "token_expired": "SLACK_BOT_TOKEN has expired: switch token rotation off on the app's page, "
    "or install the app again.",
    "missing_scope": "The Slack app lacks scopes: compare it with manifest.yml, then install it "
    "again.",
    "not_allowed_token_type": "One of the Slack tokens is of the wrong kind: SLACK_BOT_TOKEN "
    "begins with xoxb-, SLACK_APP_TOKEN with xapp-.",
    "org_login_required": "The workspace was moved into an Enterprise organisation: install the "
    "app again.",
}


def slack_sentence(code: str, needed: str = "") -> str:
    """Slack's error code as a sentence; `needed` are the scopes that a missing_scope names."""
    sentence = SLACK_SENTENCES.get(code, f"Slack refused the start with the error “{code}”.")
    return f"{sentence} Missing: {needed}." if needed else sentence


def _explain_slack(error: BaseException) -> StartupError | None:
    """Slack's refusals at the start; recognised by shape, so that slack_sdk needs no import."""
    response = getattr(error, "response", None)
    if type(error).__name__ != "SlackApiError" or response is None:
        return None
    code = str(response.get("error", "unknown"))
    return StartupError(slack_sentence(code, str(response.get("needed") or "")))
