"""Our own mail coming back under another Message-ID, by a relay that rewrites them."""

from __future__ import annotations

from handlers.tokens import Tokens
from mail.document import Document
from mail.model import ParsedMail
from storage.engine import Session
from storage.queries import messages

_LOOK_BACK = 30


async def is_own_echo(tx: Session, mail: ParsedMail, tokens: Tokens) -> bool:
    """Whether a mail from one of our addresses only repeats what left its ticket.

    A colleague who answers from their own mail client has our marker in the quote as well, but
    begins with words of their own.
    """
    ticket_id = tokens.ticket_of_marker(mail.marker) if mail.marker else None
    if ticket_id is None:
        return False
    text = _plain(mail.text)
    for message in await messages.list_of_ticket(
        tx, ticket_id, newest_first=True, limit=_LOOK_BACK
    ):
        if message.slack_user_id is None or message.direction != "outbound":
            continue
        words = _plain(Document.from_json(message.body).to_text())
        if words and text.startswith(words):
            return True
    return False


def _plain(text: str) -> str:
    """Letters and digits only: what a relay, a client or our own rendering may change is gone."""
    return "".join(char for char in text.casefold() if char.isalnum())
