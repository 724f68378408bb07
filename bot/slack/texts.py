"""Every sentence that a Slack user reads, in one place and through gettext.

Calm, short, exact; a refusal says what to do next. Sentences hold `{names}` for what varies.
Names, addresses and servers' words are untrusted: whoever puts them into mrkdwn escapes them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from mail.sentences import Sentence


class Translations(Protocol):
    def gettext(self, message: str) -> str: ...

    def ngettext(self, singular: str, plural: str, n: int) -> str: ...


class Texts:
    """The words of cards, posts and buttons in one language."""

    def __init__(self, translations: Translations) -> None:
        self.t = translations

    def __call__(self, message: str, **values: object) -> str:
        """A sentence that the catalog holds, with its values filled in."""
        return self.t.gettext(message).format(**values)

    def own(self, sentence: str) -> str:
        """What a layer below has said, in this language; what is unknown stays as it is."""
        if isinstance(sentence, Sentence):
            values = {
                name: self.own(one) if isinstance(one, Sentence) else one
                for name, one in sentence.values.items()
            }
            return Sentence(self.t.gettext(sentence.template), values)
        return self.t.gettext(sentence) if sentence else ""

    def age(self, age: timedelta) -> str:
        """`5 min`, `2 h`, `3 d`: coarse, because it is updated seldom."""
        minutes = int(age.total_seconds() // 60)
        if minutes < 1:
            return self.t.gettext("just now")
        if minutes < 60:
            return self.t.gettext("{n} min").format(n=minutes)
        if minutes < 60 * 24:
            return self.t.gettext("{n} h").format(n=minutes // 60)
        return self.t.gettext("{n} d").format(n=minutes // (60 * 24))

    def size(self, size: int) -> str:
        """`84 kB`, `1.2 MB`."""
        if size < 1000:
            return self.t.gettext("{n} bytes").format(n=size)
        if size < 1_000_000:
            return self.t.gettext("{n} kB").format(n=round(size / 1000))
        return self.t.gettext("{n} MB").format(n=f"{size / 1_000_000:.1f}")

    def status(self, status: str) -> str:
        return {
            "open": self.t.gettext("🔵 Open"),
            "waiting": self.t.gettext("🟡 Waiting for customer"),
            "closed": self.t.gettext("⚪ Closed"),
        }[status]

    def waiting(self, since: datetime, now: datetime) -> str:
        age = now - since
        if age < timedelta(minutes=5):
            return self.t.gettext("waiting < 5 min")
        return self.t.gettext("waiting {age}").format(age=self.age(age))

    def nth_ticket(self, n: int) -> str:
        if n == 1:
            return self.t.gettext("first ticket")
        return self.t.ngettext("{n} earlier ticket", "{n} earlier tickets", n - 1).format(n=n - 1)

    def tickets_stay(self, n: int) -> tuple[str, ...]:
        """What becomes of the tickets of a removed channel; nothing where there are none."""
        if n == 0:
            return ()
        sentence = self.t.ngettext(
            "Its {n} ticket stays in Slack.", "Its {n} tickets stay in Slack.", n
        )
        return (sentence.format(n=n),)

    def channels(self, n: int) -> str:
        return self.t.ngettext("{n} email channel", "{n} email channels", n).format(n=n)

    def folded(self, lines: int) -> str:
        return self.t.ngettext(
            "Rest of the mail folded ({n} line quoted)",
            "Rest of the mail folded ({n} lines quoted)",
            lines,
        ).format(n=lines)

    def reason(self, reason: str) -> str:
        """Why a mail did not get through, as a part of a sentence."""
        return {
            "no_such_user": self.t.gettext("the mailbox does not exist"),
            "host_unknown": self.t.gettext("the domain does not exist or takes no mail"),
            "bad_address": self.t.gettext("the address is not valid"),
            "mailbox_full": self.t.gettext("the mailbox is full"),
            "mailbox_disabled": self.t.gettext("the mailbox is switched off"),
            "disabled": self.t.gettext("the mailbox is switched off"),
            "too_large": self.t.gettext("the mail is too large"),
            "too_many_recipients": self.t.gettext("it has too many recipients"),
            "sender_refused": self.t.gettext("our address is not allowed to send there"),
            "blocked": self.t.gettext("the server blocks mail from us"),
            "policy": self.t.gettext("the server's rules forbid it"),
            "content": self.t.gettext("the server refused its content"),
            "auth": self.t.gettext("the server wants another login"),
            "relay_denied": self.t.gettext("the server does not relay for us"),
            "greylisted": self.t.gettext("the server asks to come back later"),
            "busy": self.t.gettext("the server is busy"),
            "loop": self.t.gettext("it went round in a loop"),
            "expired": self.t.gettext("it could not be delivered for too long"),
            "needs_smtputf8": self.t.gettext("the server does not know addresses like this"),
        }.get(reason, self.t.gettext("the server refused it"))

    def task(self, kind: str) -> str:
        """What had to be done, as a part of a sentence."""
        return {
            "mail": self.t.gettext("filing a mail"),
            "post_card": self.t.gettext("posting a ticket"),
            "post_mail": self.t.gettext("posting a mail"),
            "update_card": self.t.gettext("updating a ticket's card"),
            "upload_files": self.t.gettext("uploading the files of a mail"),
            "send_email": self.t.gettext("sending a reply"),
            "react": self.t.gettext("marking a message"),
            "notice": self.t.gettext("posting a notice"),
            "digest": self.t.gettext("updating a digest"),
            "replace_post": self.t.gettext("replacing a post"),
            "save_sent": self.t.gettext("saving a reply among the sent mail"),
            "catch_up": self.t.gettext("reading a thread"),
        }.get(kind, kind)

    def file_problem(self, code: str) -> str:
        """Why Slack does not have a file of a mail."""
        return {
            "missing_scope": self.t.gettext("Canal may not upload files here"),
            "unknown_method": self.t.gettext("this Slack has no file upload"),
            "file_uploads_disabled": self.t.gettext("file uploads are switched off in Slack"),
            "storage_limit_reached": self.t.gettext("Slack's storage is full"),
            "empty": self.t.gettext("the file is empty"),
        }.get(code, self.t.gettext("Slack refused it ({code})").format(code=code))
