"""One IMAP connection to one folder: connect, look for new mail, IDLE, and file sent mail.

Blocking; one thread at a time may use an account, any thread may `abort` it. What is fetched is
fetched with PEEK from a folder that is opened read-only unless mails are to be marked as read, so
that Canal leaves no trace in a mailbox that it was not asked to leave.

    connect ──> next_batch ──> (store, commit) ──> mark_seen ──> next_batch … None
                    ^                                                  │
                    └────────── idle_done <── (quiet) <── idle_start <─┘
"""

from __future__ import annotations

import imaplib
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from mail.connections import FetchedBatch, FetchOptions, ImapCursor, ImapSettings, Token
from mail.discovery.providers import Security
from mail.errors import ConnectionCut, LoginFailed, MailError
from mail.imap.breakers import Breakers
from mail.imap.errors import folder_error, login_error, translated
from mail.imap.fetch import Fetcher
from mail.imap.folders import Folder, append_mail, list_folders
from mail.imap.wire import WireClient
from mail.sentences import say

JOB_LIMIT = 300.0
"""Seconds that one batch may take: eight megabytes over a slow line."""


class ImapAccount:
    """A connection that `connect` opens and `close` ends. Every method raises only WireErrors."""

    def __init__(
        self,
        settings: ImapSettings,
        options: FetchOptions | None = None,
        breakers: Breakers | None = None,
    ) -> None:
        self.settings = settings
        self.options = options or FetchOptions()
        self._breakers = breakers or Breakers()
        self._client: WireClient | None = None
        self._fetcher: Fetcher | None = None
        self._idle_tag: bytes | None = None
        self._idle_works = True
        self._aborted = False

    def __enter__(self) -> ImapAccount:
        self.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def client(self) -> WireClient:
        assert self._client is not None, "connect() comes first"
        return self._client

    @property
    def can_idle(self) -> bool:
        return self._idle_works and bool(self.client.has_capability("IDLE"))

    @property
    def uidvalidity(self) -> int:
        assert self._fetcher is not None, "connect() comes first"
        return self._fetcher.uidvalidity

    @property
    def messages(self) -> int:
        """How many mails the folder had when it was opened."""
        assert self._fetcher is not None, "connect() comes first"
        return self._fetcher.exists

    @property
    def encrypted(self) -> bool:
        return isinstance(self.client.wire.sock, ssl.SSLSocket)

    @property
    def idling(self) -> bool:
        return self._idle_tag is not None

    def fileno(self) -> int:
        return self.client.fileno()

    def connect(self) -> None:
        """Connect, log in and open the folder, all within `settings.login_limit` seconds."""
        self.login()
        try:
            self._select()
        except MailError:
            self.close()
            raise

    def login(self) -> None:
        """Connect and log in without opening a folder."""
        deadline = time.monotonic() + self.settings.login_limit
        self._check_aborted()
        with translated(self.settings):
            self._client = WireClient(self.settings, deadline)
        try:
            self._check_aborted()
            with translated(self.settings):
                self._authenticate(self.client)
        except MailError:
            self.close()
            raise

    def close(self) -> None:
        """End the connection without ado. May be called twice."""
        client, self._client, self._fetcher, self._idle_tag = self._client, None, None, None
        if client is not None:
            with suppress(OSError):
                client.wire.shutdown()

    def abort(self) -> None:
        """Make whatever another thread does on this connection fail soon."""
        self._aborted = True
        client = self._client
        if client is not None:
            client.wire.abort_io()

    def next_batch(self, cursor: ImapCursor | None) -> FetchedBatch | None:
        """The next mails after `cursor`, None when there are none. Leaves IDLE first.

        Store the mails and the batch's cursor in one transaction, then call this with that cursor.
        A `cursor` of None is the first look ever: old mail is not taken (but see `import_days`).
        """
        with self._job(JOB_LIMIT):
            self._leave_idle()
            assert self._fetcher is not None, "connect() comes first"
            return self._fetcher.next_batch(cursor)

    def fetch_new(self, cursor: ImapCursor | None) -> Iterator[FetchedBatch]:
        """All batches after `cursor`. Taking the next one says that the last one is stored:
        only then are its mails marked as read (where the options say so)."""
        while (batch := self.next_batch(cursor)) is not None:
            yield batch
            cursor = batch.cursor
            if self.options.mark_read:
                self.mark_seen([one.uid for one in batch])

    def mark_seen(self, uids: Sequence[int]) -> None:
        """Set `\\Seen` on mails that are stored."""
        if not uids:
            return
        with self._job(JOB_LIMIT):
            self._leave_idle()
            self.client.add_flags(list(uids), [rb"\Seen"], silent=True)

    def idle_start(self) -> bool:
        """Enter IDLE (RFC 2177). True when the server has already said something worth a look.

        A server that refuses what it promised leaves `can_idle` False and is polled from then on.
        """
        with self._job(self.settings.timeout * 2):
            imap = self.client.wire
            imap.untagged_responses.clear()
            self._idle_tag = imap._command("IDLE")
            # Untagged lines may come before the "+": imapclient's own idle() fails on them.
            while imap._get_response() is not None:
                if imap.tagged_commands.get(self._idle_tag):
                    self._idle_tag, self._idle_works = None, False
                    return True
            return "EXISTS" in imap.untagged_responses or imap.has_input()

    def idle_done(self) -> None:
        """Leave IDLE; nothing happens when not in it."""
        with self._job(self.settings.timeout * 2):
            self._leave_idle()

    def noop(self) -> None:
        """Let a server without IDLE say what is new."""
        with self._job(self.settings.timeout * 2):
            self.client.noop()

    def list_folders(self) -> list[Folder]:
        """The folders that can be opened, with their special use (RFC 6154)."""
        with self._job(JOB_LIMIT):
            return list_folders(self.client)

    def append_to_sent(self, data: bytes, message_id: str | None = None) -> str | None:
        """File a mail in the Sent folder, as read; the folder's name, None when it was there.

        With `message_id` (in angle brackets) the folder is looked through first, so that a provider
        that files sent mail itself, or a second attempt, makes no double.
        """
        with self._job(JOB_LIMIT):
            self._leave_idle()
            name = append_mail(self.client, data, message_id)
        if self._fetcher is not None:
            self._select()
        return name

    def _check_aborted(self) -> None:
        if self._aborted:
            raise ConnectionCut(say("The connection was given up."))

    @contextmanager
    def _job(self, limit: float) -> Iterator[None]:
        with translated(self.settings):
            self.client.wire.deadline = time.monotonic() + limit
            yield

    def _leave_idle(self) -> None:
        if self._idle_tag is None:
            return
        tag, self._idle_tag = self._idle_tag, None
        imap = self.client.wire
        imap.send(b"DONE\r\n")
        imap._command_complete("IDLE", tag)
        imap.untagged_responses.clear()

    def _authenticate(self, client: WireClient) -> None:
        if self.settings.security is Security.STARTTLS:
            client.wire.upgrade()
        if client.wire.state == "AUTH":  # PREAUTH
            return
        client.wire.untagged_responses.clear()
        try:
            if self.settings.token is not None:
                _login_with_token(client, self.settings.user, self.settings.token)
            else:
                _login_with_password(client, self.settings.user, self.settings.password or "")
        except imaplib.IMAP4.abort as error:
            # Some servers hang up on a wrong password instead of answering NO.
            if "AUTHENTICATIONFAILED" in str(error):
                raise login_error(self.settings, error) from None
            raise
        except imaplib.IMAP4.error as error:
            raise login_error(self.settings, error) from None
        # What a server can do before and after the login are two things.
        client._cached_capabilities = None
        if client.has_capability("ID"):
            # NetEase lets nobody in who did not say who they are (RFC 2971).
            with suppress(imaplib.IMAP4.error):
                client.id_({"name": "Canal"})

    def _select(self) -> None:
        client, settings = self.client, self.settings
        with translated(settings):
            client.wire.deadline = time.monotonic() + settings.login_limit
            try:
                state = client.select_folder(settings.folder, readonly=not self.options.mark_read)
            except (imaplib.IMAP4.abort, imaplib.IMAP4.readonly):
                raise
            except imaplib.IMAP4.error as error:
                names = [folder.name for folder in list_folders(client)]
                raise folder_error(settings, error, names) from None
            self._fetcher = Fetcher(client, settings, self.options, state, self._breakers)


def _login_with_password(client: WireClient, user: str, password: str) -> None:
    if any(char in "\r\n\0" for char in user + password):
        raise LoginFailed(say("User name and password must not contain line breaks."))
    capable = {one.upper() for one in client.wire.capabilities}
    plain = user.isascii() and password.isascii() and "LOGINDISABLED" not in capable
    if plain:
        # imaplib quotes the password but not the user name (DOMAIN\user, names with spaces), and
        # imapclient's login makes a cut connection look like a wrong password.
        client.wire.login(client.wire._quote(user), password)
    elif "AUTH=PLAIN" in capable:
        client.wire.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
    elif "LOGINDISABLED" in capable:
        raise LoginFailed(
            say(
                "{host} takes no password over this connection: choose TLS or STARTTLS (or OAuth "
                "where passwords are switched off).",
                host=client.host,
            )
        )
    else:
        raise LoginFailed(
            say("This server takes only ASCII characters in user names and passwords.")
        )


def _login_with_token(client: WireClient, user: str, token: Token) -> None:
    value = token if isinstance(token, str) else token()
    capable = {one.upper() for one in client.wire.capabilities}
    if "AUTH=XOAUTH2" in capable or "AUTH=OAUTHBEARER" not in capable:
        if "AUTH=XOAUTH2" not in capable:
            raise LoginFailed(
                say("{host} offers no login with OAuth2: use a password.", host=client.host)
            )
        client.wire.authenticate("XOAUTH2", _once(f"user={user}\1auth=Bearer {value}\1\1"))
    else:
        name = user.replace("=", "=3D").replace(",", "=2C")
        first = f"n,a={name},\1host={client.host}\1port={client.port}\1auth=Bearer {value}\1\1"
        client.wire.authenticate("OAUTHBEARER", _once(first, last=b"\1"))


def _once(first: str, last: bytes = b"") -> Callable[[bytes], bytes]:
    """Answer the first challenge with `first`; a second one is the server's error, which wants an
    empty answer (XOAUTH2) or ^A (RFC 7628 3.2.3) before it says NO."""
    answers = [first.encode()]
    return lambda _: answers.pop() if answers else last
