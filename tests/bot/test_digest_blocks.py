"""A digest as Slack gets it: what mails say in it is text and nothing else."""

from __future__ import annotations

import json

from bot.slack.digests import build_digest
from bot.slack.i18n import Catalogs
from bot.slack.texts import Texts
from handlers.posts import DigestLine, DigestPost, Mark, Place
from mail.model import Address

_SUBJECT = "*Urgent* _now_ ~old~ `code` <!channel> @here <https://evil.example|bank>"


def test_a_subject_is_neither_formatted_nor_a_mention_nor_a_link() -> None:
    line = DigestLine(1, 12, _SUBJECT, Address("jo@cust.example", "*Jo*"))
    post = DigestPost(Place("C1"), Mark(0, -1), 1, total=1, unopened=1, offset=0, lines=(line,))
    shown = json.dumps(build_digest(post, Texts(Catalogs().translator(None))), ensure_ascii=False)
    assert "&lt;!channel&gt;" in shown
    for markup in (" *Urgent", " _now", " ~old", " `code", "@here", "<https", " *Jo"):
        assert markup not in shown
    for word in ("Urgent", "now", "old", "code", "Jo"):
        assert word in shown
