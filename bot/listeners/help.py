"""What Canal can do, one line each: for /canal and for a mention of the bot. Pure."""

from __future__ import annotations

from bot.slack.texts import Texts


def help_lines(texts: Texts) -> list[str]:
    """mrkdwn of our own words only."""
    return [
        texts("`/canal list` – the email channels, and whether mail gets through"),
        texts("`/canal signature` – your own signature below your replies"),
        texts("`/canal add` – connect an address that customers write to (admins)"),
        texts("`/canal edit NAME` – change a channel (admins)"),
        texts("`/canal pause NAME`, `/canal resume NAME` – keep mail waiting for a while (admins)"),
        texts("`/canal remove NAME` – disconnect a channel; its tickets stay (admins)"),
        texts("`/canal test NAME` – try a channel's connections (admins)"),
        texts("In a ticket's thread, what you write is mailed to the customer; "
              "`note:`, `private:`, `//` or a leading @mention keeps it in Slack."),
    ]  # fmt: skip
