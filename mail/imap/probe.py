"""Try the settings of a mailbox, for the form: an answer within 20 seconds, whatever the server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from mail.connections import FetchOptions, ImapSettings
from mail.errors import ServerSilent
from mail.imap.account import ImapAccount
from mail.imap.folders import find_sent_folder
from mail.sentences import say

SECONDS = 19.5


@dataclass(frozen=True, slots=True)
class MailboxReport:
    """What a look into the mailbox showed. `sent_folder` is None when there is none."""

    messages: int
    can_idle: bool
    folders: tuple[str, ...]
    sent_folder: str | None
    encrypted: bool


async def probe_mailbox(
    settings: ImapSettings, options: FetchOptions | None = None, seconds: float = SECONDS
) -> MailboxReport:
    """Connect, log in, open the folder, list the folders; changes nothing.

    Raises one WireError with a sentence, within `seconds`.
    """
    account = ImapAccount(settings, options)
    job = asyncio.ensure_future(asyncio.to_thread(_look, account))
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.shield(job)
    except TimeoutError:
        raise ServerSilent(
            say(
                "{host} took too long to answer. Check host and port, or try again later.",
                host=settings.host,
            )
        ) from None
    finally:
        # The thread may still be looking up a name; it must not outlive us by much, nor be heard.
        account.abort()
        job.add_done_callback(_forget)


def _look(account: ImapAccount) -> MailboxReport:
    with account:
        folders = account.list_folders()
        sent = find_sent_folder(folders)
        return MailboxReport(
            messages=account.messages,
            can_idle=account.can_idle,
            folders=tuple(folder.name for folder in folders),
            sent_folder=sent.name if sent else None,
            encrypted=account.encrypted,
        )


def _forget(job: asyncio.Future[MailboxReport]) -> None:
    if not job.cancelled():
        job.exception()
