"""Whether a mail's sender is who it says: one mark and a few words. Pure."""

from __future__ import annotations

from bot.slack.texts import Texts
from handlers.posts import SenderMark


def staff_words(mark: SenderMark | None, texts: Texts) -> str:
    """How a mail from one of our own addresses came; anybody can write such a From."""
    if mark is not None and mark.verdict == "pass":
        return texts("from their own mail client")
    return texts("from their own mail client; ⚠ sender not verified")


def sender_words(mark: SenderMark | None, texts: Texts) -> str:
    """`✔ acme.example`, `⚠ sender not verified: no DKIM, SPF softfail`, or "" where unknown."""
    if mark is None or mark.verdict == "unknown":
        return ""
    if mark.verdict == "pass":
        return f"✔ {mark.domain}"
    dkim = texts("no DKIM") if mark.dkim == "none" else texts("DKIM {result}", result=mark.dkim)
    parts = [dkim]
    if mark.spf != "none":
        parts.append(texts("SPF {result}", result=mark.spf))
    if mark.verdict == "fail":
        parts.append(texts("{domain} says that this is not its mail", domain=mark.domain))
    return texts("⚠ sender not verified: {why}", why=", ".join(parts))
