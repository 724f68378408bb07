"""What an IMAP server said, turned into an error with a sentence that says what to do.

Response codes of RFC 5530 decide first, words only where a provider has no code. The words of the
server are quoted, shortened, and never with the password in them.
"""

from __future__ import annotations

import imaplib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from mail.connections import ImapSettings
from mail.discovery.providers import Provider, find_provider, find_provider_by_host
from mail.errors import (
    ConnectionCut,
    Deferred,
    FolderMissing,
    LoginFailed,
    MailError,
    ProtocolBroken,
    Refused,
    WireError,
)
from mail.sentences import say, together

_CODE = re.compile(r"\[([A-Z][A-Z0-9-]{1,30})[\] ]")
_BUSY = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CORRUPTION", "EXPUNGEISSUED"})
_BUSY_WORDS = re.compile(
    r"too many|try again|temporar|rate limit|exceeded.{0,20}(connection|command|bandwidth)"
    r"|simultaneous|account is not ready|server busy",
    re.IGNORECASE,
)
_IMAP_OFF_WORDS = re.compile(
    r"imap.{0,40}(disabled|not enabled|switched off|turned off|off in|not allowed|is off)"
    r"|(enable|turn on|activate).{0,20}imap",
    re.IGNORECASE,
)
_APP_PASSWORD_WORDS = re.compile(
    r"app(lication)?[- ]?(specific)?[- ]?password|neobhodim parol|authori[sz]ation code",
    re.IGNORECASE,
)


@contextmanager
def translated(settings: ImapSettings) -> Iterator[None]:
    """Every exception of imaplib, imapclient and the socket leaves as a WireError."""
    try:
        yield
    except MailError:
        raise
    except imaplib.IMAP4.abort as error:
        raise _abort_error(settings, error) from None
    except imaplib.IMAP4.readonly:
        raise Refused(
            say(
                "The folder {folder} can only be read: switch off “mark as read”.",
                folder=settings.folder,
            )
        ) from None
    except imaplib.IMAP4.error as error:
        raise _command_error(settings, error) from None
    except OSError as error:
        raise ConnectionCut(
            say(
                "The connection to {host} broke: {what}.",
                host=settings.host,
                what=error.strerror or type(error).__name__,
            )
        ) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # imaplib and imapclient stumble over answers that break the grammar.
        raise ProtocolBroken(
            say(
                "{host} sent an answer that is not IMAP ({kind}).",
                host=settings.host,
                kind=type(error).__name__,
            )
        ) from error


def login_error(settings: ImapSettings, error: Exception) -> WireError:
    """Why the server did not let us in."""
    said = server_words(settings, error)
    code = response_code(said)
    if code in _BUSY or (code is None and _BUSY_WORDS.search(said)):
        return Deferred(
            say("{host} does not let us in just now{said}", host=settings.host, said=_quote(said))
        )
    provider = provider_of(settings)
    sentences: list[str] = [
        say(
            "{host} refused the login of {user}{said}",
            host=settings.host,
            user=settings.user,
            said=_quote(said),
        )
    ]
    if settings.token is not None:
        sentences.append(say("Connect the mailbox again, and check that it is the right account."))
    elif provider and provider.imap_switch and _IMAP_OFF_WORDS.search(said):
        sentences.append(str(provider.imap_switch))
    elif provider and provider.app_password:
        sentences.append(str(provider.app_password))
    elif _APP_PASSWORD_WORDS.search(said):
        sentences.append(say("This server wants an app password: create one at your provider."))
    elif code == "EXPIRED":
        sentences.append(say("The password has expired: set a new one at your provider."))
    else:
        sentences.append(say("Check user name and password."))
    if provider and provider.imap_switch and not _IMAP_OFF_WORDS.search(said):
        sentences.append(str(provider.imap_switch))
    return LoginFailed(together(sentences))


def folder_error(settings: ImapSettings, error: Exception, folders: Iterable[str]) -> WireError:
    """Why the folder could not be opened. `folders` are the names that there are."""
    said = server_words(settings, error)
    names = list(folders)
    code = response_code(said)
    if code in _BUSY:
        return Deferred(
            say(
                "{host} cannot open {folder} just now{said}",
                host=settings.host,
                folder=settings.folder,
                said=_quote(said),
            )
        )
    if "authenticated but not connected" in said.lower():
        return LoginFailed(
            say(
                "{user} signed in, but {host} opens no mailbox for it. Check that the account "
                "has a mailbox with a licence, that IMAP is allowed for it, and the rights where "
                "it is a shared one.",
                user=settings.user,
                host=settings.host,
            )
        )
    if settings.folder in names:
        return Refused(
            say(
                "The folder {folder} cannot be opened{said}",
                folder=settings.folder,
                said=_quote(said),
            )
        )
    return FolderMissing(_missing_sentence(settings.folder, names))


def _missing_sentence(folder: str, names: list[str]) -> str:
    near = nearest_folders(folder, names)
    sentence = say("There is no folder “{folder}” in this mailbox.", folder=folder)
    if near:
        names_near = ", ".join(f"“{name}”" for name in near)
        return together([sentence, say("Did you mean {names}?", names=names_near)])
    if names:
        shown = ", ".join(f"“{name}”" for name in names[:8])
        more = "…" if len(names) > 8 else "."
        return together([sentence, say("There are {names}{more}", names=shown, more=more)])
    return sentence


def nearest_folders(folder: str, names: list[str]) -> list[str]:
    """Up to three of `names` that may have been meant by `folder`, best first."""
    wanted = folder.casefold()
    same_end = [name for name in names if re.split(r"[/.\\]", name.casefold())[-1] == wanted]
    plain = {name.casefold(): name for name in names}
    close = [plain[key] for key in get_close_matches(wanted, list(plain), n=3, cutoff=0.6)]
    return list(dict.fromkeys([*same_end, *close]))[:3]


def _abort_error(settings: ImapSettings, error: Exception) -> WireError:
    said = server_words(settings, error)
    if "unexpected response" in str(error) or "unexpected tagged" in str(error):
        return ProtocolBroken(
            say(
                "What answers at {host}, port {port}, is no IMAP server. Check host and port.",
                host=settings.host,
                port=settings.port,
            )
        )
    code = response_code(said)
    if code in _BUSY or _BUSY_WORDS.search(said):
        return Deferred(
            say("{host} closed the connection{said}", host=settings.host, said=_quote(said))
        )
    return ConnectionCut(
        say("{host} closed the connection{said}", host=settings.host, said=_quote(said))
    )


def _command_error(settings: ImapSettings, error: Exception) -> WireError:
    said = server_words(settings, error)
    code = response_code(said)
    if code in {"OVERQUOTA", "TOOBIG"} or "quota" in said.lower():
        return Refused(
            say("The mailbox {user} is full{said}", user=settings.user, said=_quote(said))
        )
    if code in _BUSY or _BUSY_WORDS.search(said):
        return Deferred(
            say("{host} cannot do this just now{said}", host=settings.host, said=_quote(said))
        )
    if "not IMAP4 compliant" in said:
        return ProtocolBroken(
            say(
                "What answers at {host}, port {port}, is no IMAP server.",
                host=settings.host,
                port=settings.port,
            )
        )
    return Refused(say("{host} refused{said}", host=settings.host, said=_quote(said)))


def server_words(settings: ImapSettings, error: Exception) -> str:
    """What the server said in `error`: one line, at most 300 characters, without the secrets."""
    first = error.args[0] if error.args else ""
    text = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    # str(b"…") is what imapclient makes of the server's bytes.
    match = re.search(r"""b(['"])(.*)\1""", text, re.DOTALL)
    text = match.group(2) if match else re.sub(r"^command: [A-Z]+ => ", "", text)
    for secret in (settings.password, settings.token):
        if isinstance(secret, str) and secret:
            text = text.replace(secret, "•••")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def response_code(said: str) -> str | None:
    """The response code of RFC 3501 7.1 and 5530 in a server's words: AUTHENTICATIONFAILED, …"""
    found = [code for code in _CODE.findall(said) if code not in {"ALERT", "WEBALERT", "CLOSED"}]
    return found[0] if found else None


def provider_of(settings: ImapSettings) -> Provider | None:
    """The provider behind the settings, for its hints: by its server, else by the address."""
    return find_provider_by_host(settings.host) or (
        find_provider(settings.user) if "@" in settings.user else None
    )


def _quote(said: str) -> str:
    return f": “{said.rstrip('.')}”." if said else "."
