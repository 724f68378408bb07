"""What Microsoft Graph answers when it does not send, as errors that say what to do."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import aiohttp

from mail.errors import (
    Ambiguous,
    ConnectFailed,
    Deferred,
    LoginFailed,
    MailError,
    Refused,
    TooLarge,
)
from mail.sentences import Sentence, say

_BY_CODE: dict[str, Sentence] = {
    "ErrorSendAsDenied": say(
        "{user} may not send under this From address. Give it “Send as” rights in"
        " Exchange, or change the From address of the channel."
    ),
    "ErrorInvalidRecipients": say("Microsoft 365 does not accept a recipient's address."),
    "ErrorInvalidUser": say("Microsoft 365 has no mailbox {user}."),
    "MailboxNotEnabledForRESTAPI": say("{user} has no mailbox in Exchange Online."),
    "MailboxNotSupportedForRESTAPI": say("{user} has no mailbox in Exchange Online."),
    "ErrorMessageSubmissionBlocked": say(
        "Microsoft 365 has stopped {user} from sending mail. Look at"
        " “Restricted entities” in the Microsoft 365 Defender portal."
    ),
    "ErrorExceededMessageLimit": say(
        "{user} has sent as many mails as Microsoft 365 allows in a day."
    ),
    "ErrorAccountSuspend": say(
        "Microsoft 365 has suspended {user} from sending. Sign in to it once."
    ),
}
_TOO_LARGE = frozenset(
    {"ErrorMessageSizeExceeded", "ErrorAttachmentSizeLimitExceeded", "RequestEntityTooLarge"}
)
_BUSY = frozenset(
    {
        "ErrorServerBusy",
        "ErrorTooManyRequests",
        "ApplicationThrottled",
        "ErrorMailboxMoveInProgress",
    }
    | {"TooManyRequests", "ErrorMailboxStoreUnavailable", "MailboxConcurrency"}
)
MAX_WAIT = 3600.0


def graph_error(
    status: int, answer: Mapping[str, object], wait: float | None, user: str
) -> MailError:
    """The error for an answer that is no success."""
    code, said = _error_of(answer)
    user = say("The account") if user == "me" else user
    if status in {502, 504}:
        return Ambiguous(
            say("Microsoft 365 gave up in the middle of the request: the mail may have left.")
        )
    if status == 429 or status >= 500 or code in _BUSY:
        return Deferred(
            say("Microsoft 365 asks to send this later. Canal does so by itself."), wait
        )
    if status == 413 or code in _TOO_LARGE:
        return TooLarge(
            say("The mail is larger than Microsoft 365 takes. Send a link to the file.")
        )
    if code in _BY_CODE:
        return Refused(say(_BY_CODE[code].template, user=user))
    if status == 401:
        return LoginFailed(
            say("Microsoft 365 refused the access token. Connect the mailbox again.")
        )
    if status == 403:
        return LoginFailed(
            say(
                "The app may not send mail as {user}. It needs the Graph permission Mail.Send, "
                "with an administrator's consent where it is app-only.",
                user=user,
            )
        )
    if status == 404:
        return Refused(
            say("Microsoft 365 has no mailbox for {user}. Check the address.", user=user)
        )
    return Refused(say("Microsoft 365 refused the mail: “{said}”.", said=said or code or status))


def lost_error(error: BaseException, *, handover: bool) -> MailError:
    """The error for a request without an answer. `handover`: it would have sent the mail."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return ConnectFailed(
            say("Microsoft Graph could not be reached. Canal tries again by itself.")
        )
    if handover:
        return Ambiguous(
            say(
                "The connection to Microsoft 365 was lost while the mail was handed over: it may "
                "have left."
            )
        )
    return Deferred(say("The connection to Microsoft 365 was lost. Canal tries again by itself."))


def retry_after_of(value: str | None) -> float | None:
    """Seconds of a Retry-After header (RFC 9110 10.2.3: seconds or a date), at most an hour."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), MAX_WAIT)


def _error_of(answer: Mapping[str, object]) -> tuple[str, str]:
    error = answer.get("error")
    if not isinstance(error, dict):
        return "", ""
    said = "".join(char for char in str(error.get("message", "")) if char.isprintable())
    return str(error.get("code", "")), said[:200].rstrip(". ")
