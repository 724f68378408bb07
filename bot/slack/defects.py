"""What was wrong with a mail, as far as it matters to whoever reads it. Pure.

`canal parse` lists every defect. On a card only those stand that may have cost or changed some of
what the mail says; a missing Message-ID is nothing that an agent could do something about.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack.texts import Texts

_HARMLESS = (
    "A byte order mark ",
    "A line among the headers ",
    "A multipart is not terminated",
    "An mbox From_ line ",
    "Blank lines stand ",
    "Lines end in a bare CR",
    "Parts follow the end ",
    "Plain text follows the base64 ",
    "The Date ",
    "The Message-ID ",
    "The boundary of the multipart ",
    "The file is UTF-16",
    "The line between headers and text ",
    "There are several Message-IDs",
)
"""How the sentences begin that say nothing about the words of the mail."""


def defects_for_readers(defects: Sequence[str], texts: Texts) -> str:
    """One line, "" where there is nothing to say."""
    return " ".join(texts.own(one) for one in defects if not one.startswith(_HARMLESS))
