"""What is stored of a connection, and what it means: settings as JSON, secrets beside them. Pure.

    in, imap       {host, port, security, user, folder, ca_file, poll_minutes, unread_only,
                    mark_read, import_days, oauth}
    out, smtp      {host, port, security, user, ca_file, save_sent, oauth}
    out, office365 {via: graph|smtp, user, save_sent, oauth; host… where via is smtp}
    out, every kind {reply_from_alias, plus_reply}
    secrets        {password} or {oauth: {tokens, client_secret, service_account, …}}

`oauth` in the settings says how to sign in (`OAuthChoice`); its secrets lie with the direction that
it names as `held_by`, so that one grant can serve both directions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mail.connections import FetchOptions, ImapCursor, ImapSettings
from mail.discovery.providers import Security, find_provider_by_host
from mail.sending.account import SmtpAccount, TokenSource

Json = Mapping[str, Any]
POLL_MINUTES = 5
IMAP_PORTS = {Security.TLS: 993, Security.STARTTLS: 143, Security.NONE: 143}
SMTP_PORTS = {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25}
GRAPH = "graph"
BATCH_MAILS = 200
"""Fetched and committed together where many have come: each commit costs a flush to the disk."""


@dataclass(frozen=True, slots=True)
class OAuthChoice:
    """How a connection signs in without a password.

    `mode`: "user" (a person signed in), "app" (client credentials) or "service" (Google's service
    account). `use`: what the token is for: "mail" (IMAP and SMTP) or "graph". `granted_at` marks
    the sign-in: a later one is another grant.
    """

    provider: str
    mode: str = "user"
    use: str = "mail"
    client_id: str = ""
    tenant: str = ""
    account: str = ""
    granted_at: str = ""
    held_by: str = "in"
    secret_expires: str = ""
    """Day on which the client secret expires, as ISO date; empty where nobody said."""

    def to_json(self) -> dict[str, str]:
        return {key: value for key, value in asdict(self).items() if value}


def oauth_of(settings: Json) -> OAuthChoice | None:
    """How this connection signs in; None where it has a password."""
    found = settings.get("oauth")
    return OAuthChoice(**found) if found else None


def read_imap(settings: Json, secret: Json) -> ImapSettings:
    """For the wire. A token, where one is needed, is put in by whoever has it."""
    security = Security(settings.get("security") or "tls")
    return ImapSettings(
        host=str(settings.get("host") or ""),
        user=str(settings.get("user") or ""),
        port=int(settings.get("port") or IMAP_PORTS[security]),
        security=security,
        password=secret.get("password"),
        folder=str(settings.get("folder") or "INBOX"),
        ca_file=settings.get("ca_file"),
    )


def read_fetch_options(settings: Json) -> FetchOptions:
    return FetchOptions(
        unread_only=bool(settings.get("unread_only")),
        mark_read=bool(settings.get("mark_read")),
        import_days=int(settings.get("import_days") or 0),
        batch_mails=BATCH_MAILS,
    )


def poll_seconds(settings: Json) -> float:
    return 60.0 * int(settings.get("poll_minutes") or POLL_MINUTES)


def read_smtp(settings: Json, secret: Json, token: TokenSource | None) -> SmtpAccount:
    """For the wire; `token` where the connection signs in with OAuth2."""
    security = Security(settings.get("security") or "starttls")
    return SmtpAccount(
        host=str(settings.get("host") or ""),
        port=int(settings.get("port") or SMTP_PORTS[security]),
        security=security,
        user=settings.get("user") or None,
        password=None if token else secret.get("password"),
        token=token,
        ca_file=settings.get("ca_file"),
    )


def is_graph(kind: str, settings: Json) -> bool:
    return kind == "office365" and settings.get("via", GRAPH) == GRAPH


def saves_sent(kind: str, settings: Json) -> bool:
    """Whether Canal files sent mail in the mailbox; what the provider files itself it does not."""
    if is_graph(kind, settings) or not settings.get("save_sent", True):
        return False
    provider = find_provider_by_host(str(settings.get("host") or ""))
    return not (provider and provider.saves_sent_itself)


# How far a mailbox was read


def mailbox_id(settings: Json) -> str:
    """Names the folder that a cursor counts in: another user or folder begins anew."""
    user = str(settings.get("user") or "").casefold()
    return f"{user}|{settings.get('folder') or 'INBOX'}"


def read_cursor(stored: Json, settings: Json) -> ImapCursor | None:
    """The cursor that `write_cursor` made; None for a mailbox that was never looked into."""
    if not stored.get("text") or stored.get("of") != mailbox_id(settings):
        return None
    try:
        return ImapCursor.from_text(stored["text"])
    except (ValueError, TypeError):
        return None


def write_cursor(cursor: ImapCursor, settings: Json, since: str) -> dict[str, Any]:
    """`since`: when Canal first looked into this folder; what is older was never ours to take."""
    return {"text": cursor.to_text(), "of": mailbox_id(settings), "since": since}
