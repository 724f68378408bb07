"""A small IMAP server for what Dovecot won't do on command: cuts, hangs, lies, a thousand clients.

It speaks the part of IMAP4rev1 that Canal uses. A `Script` says what goes wrong and when; each
`Mailbox` can be filled while clients IDLE on it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from mail.connections import ImapSettings
from mail.discovery.providers import Security


@dataclass
class Mail:
    uid: int
    data: bytes
    flags: set[str] = field(default_factory=set)
    day: str = "22-Nov-2026"


@dataclass
class Mailbox:
    """One user's INBOX."""

    uidvalidity: int = 1
    next_uid: int = 1
    mails: list[Mail] = field(default_factory=list)
    watchers: set[asyncio.StreamWriter] = field(default_factory=set)
    idles: int = 0
    silent: bool = False
    """New mail is not announced to IDLE (a server that forgets)."""

    def add(self, data: bytes, *, uid: int = 0, flags: Iterable[str] = (), day: str = "") -> Mail:
        mail = Mail(uid or self.next_uid, data, set(flags), day or "22-Nov-2026")
        self.next_uid = mail.uid + 1
        self.mails.append(mail)
        self.announce()
        return mail

    def announce(self) -> None:
        if not self.silent:
            for writer in list(self.watchers):
                writer.write(b"* %d EXISTS\r\n" % len(self.mails))

    def renumber(self) -> None:
        """Give every mail a new UID under a new UIDVALIDITY."""
        self.uidvalidity += 1
        for number, mail in enumerate(self.mails, 1):
            mail.uid = number
        self.next_uid = len(self.mails) + 1


@dataclass
class Script:
    """What the server does wrong. Command names are upper case; "UID FETCH" is "FETCH"."""

    greeting: bytes = b"* OK ready\r\n"
    capabilities: str = "IMAP4rev1 SASL-IR LITERAL+ ID IDLE UIDPLUS"
    hang_on: set[str] = field(default_factory=set)
    bye_on: dict[str, str] = field(default_factory=dict)
    """Command → words of the BYE that it gets."""
    no_on: dict[str, str] = field(default_factory=dict)
    """Command → words of the NO that it gets."""
    cut_fetch_after: int | None = None
    """The next FETCH answer ends after so many bytes, and the connection with it. Once."""
    unreadable: set[int] = field(default_factory=set)
    """UIDs whose body makes the whole FETCH fail."""
    deadly: set[int] = field(default_factory=set)
    """UIDs whose body ends the connection."""
    hidden: set[int] = field(default_factory=set)
    """UIDs whose body is left out of an answer that says OK."""
    before_idle: bytes = b""
    """Sent before the "+" of IDLE."""
    at_first_idle: Callable[[Mailbox], tuple[bytes, bytes]] | None = None
    """Called once, when the settled client IDLEs again; gives what goes before and after the "+"
    in one packet. What it adds to the mailbox is announced in no other way."""
    before_fetch: bytes = b""
    """Sent before the answer to a FETCH: unasked lines."""
    tell_uidnext: bool = True
    password: str = "secret"
    token: str = ""


class ScriptedImap:
    """The running server; `commands` is what clients sent, without tags."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        self.boxes: dict[str, Mailbox] = {}
        self.commands: list[str] = []
        self.connections: set[asyncio.StreamWriter] = set()
        self.logins = 0
        self.host = "127.0.0.1"
        self.port = 0
        self.changed = asyncio.Condition()
        self.released = asyncio.Event()
        """Ends every hanging session."""

    def box(self, user: str = "jo") -> Mailbox:
        return self.boxes.setdefault(user, Mailbox())

    def settings(self, user: str = "jo", /, **changes: object) -> ImapSettings:
        self.box(user)
        values: dict[str, object] = {
            "host": self.host,
            "port": self.port,
            "security": Security.NONE,
            "user": user,
            "password": self.script.password,
            "timeout": 3.0,
            "login_limit": 4.0,
        }
        return ImapSettings(**(values | changes))  # type: ignore[arg-type]

    def cut_all(self) -> None:
        """Reset every connection."""
        for writer in list(self.connections):
            writer.transport.abort()

    async def wait_for(self, *commands: str, times: int = 1) -> None:
        """Until clients have sent one of `commands` so many times."""
        async with self.changed:
            await self.changed.wait_for(
                lambda: sum(one.startswith(commands) for one in self.commands) >= times
            )

    async def wait_for_watchers(self, user: str = "jo", count: int = 1) -> None:
        """Until so many connections IDLE on the mailbox."""
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.box(user).watchers) >= count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(writer)
        session = _Session(self, reader, writer)
        try:
            await session.run()
        except (ConnectionError, asyncio.IncompleteReadError, _HangUp):
            pass
        finally:
            self.connections.discard(writer)
            for box in self.boxes.values():
                box.watchers.discard(writer)
            writer.transport.abort()

    async def note(self, command: str) -> None:
        async with self.changed:
            self.commands.append(command)
            self.changed.notify_all()


class _HangUp(Exception):  # noqa: N818
    """The script ends this connection."""


class _Session:
    def __init__(
        self, server: ScriptedImap, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server = server
        self.script = server.script
        self.reader = reader
        self.writer = writer
        self.box = Mailbox()
        self.told = 0
        """How many mails the client knows of."""

    async def run(self) -> None:
        self.writer.write(self.script.greeting)
        while line := await self.reader.readline():
            tag, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            uid = rest.upper().startswith("UID ")
            words = rest[4:] if uid else rest
            command, _, arguments = words.partition(" ")
            command = command.upper()
            await self.server.note(f"{command} {arguments}".strip())
            await self._misbehave(tag, command)
            if command in self.script.no_on:
                self._say(f"{tag} NO {self.script.no_on[command]}")
            else:
                await getattr(self, f"on_{command.lower()}", self.on_unknown)(tag, arguments, uid)
            await self.writer.drain()

    async def _misbehave(self, tag: str, command: str) -> None:
        del tag
        if command in self.script.hang_on:
            await self.server.released.wait()
            raise _HangUp
        if command in self.script.bye_on:
            self._say(f"* BYE {self.script.bye_on[command]}")
            await self.writer.drain()
            self.writer.write_eof()
            raise _HangUp

    def _say(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r\n")

    async def on_unknown(self, tag: str, arguments: str, uid: bool) -> None:
        self._say(f"{tag} BAD what?")

    async def on_capability(self, tag: str, arguments: str, uid: bool) -> None:
        self._say(f"* CAPABILITY {self.script.capabilities}")
        self._say(f"{tag} OK done")

    async def on_noop(self, tag: str, arguments: str, uid: bool) -> None:
        self._say(f"* {len(self.box.mails)} EXISTS")
        self._say(f"{tag} OK done")

    async def on_id(self, tag: str, arguments: str, uid: bool) -> None:
        self._say("* ID NIL")
        self._say(f"{tag} OK done")

    async def on_logout(self, tag: str, arguments: str, uid: bool) -> None:
        self._say("* BYE bye")
        self._say(f"{tag} OK done")
        raise _HangUp

    async def on_login(self, tag: str, arguments: str, uid: bool) -> None:
        user, password = [word.strip('"') for word in arguments.split(" ", 1)]
        self._enter(tag, user, password == self.script.password)

    async def on_authenticate(self, tag: str, arguments: str, uid: bool) -> None:
        mechanism = arguments.split()[0].upper()
        self._say("+ ")
        blob = base64.b64decode(await self.reader.readline()).decode()
        if mechanism == "PLAIN":
            _, user, password = blob.split("\0")
            self._enter(tag, user, password == self.script.password)
            return
        user, token = re.findall(r"(?:user=|a=)([^\x01,]*)|Bearer ([^\x01]*)", blob)
        good = bool(self.script.token) and token[1] == self.script.token
        if not good:
            self._say("+ " + base64.b64encode(b'{"status":"400"}').decode())
            await self.server.note("AFTER-ERROR " + repr(await self.reader.readline()))
        self._enter(tag, user[0], good)

    def _enter(self, tag: str, user: str, good: bool) -> None:
        if not good:
            self._say(f"{tag} NO [AUTHENTICATIONFAILED] no")
            return
        self.server.logins += 1
        self.box = self.server.box(user)
        self._say(f"{tag} OK in")

    async def on_list(self, tag: str, arguments: str, uid: bool) -> None:
        self._say('* LIST () "/" INBOX')
        self._say(f"{tag} OK done")

    async def on_select(self, tag: str, arguments: str, uid: bool) -> None:
        if arguments.strip('"').upper() != "INBOX":
            self._say(f"{tag} NO [NONEXISTENT] none")
            return
        self._say(f"* {len(self.box.mails)} EXISTS")
        self._say("* 0 RECENT")
        self._say(f"* OK [UIDVALIDITY {self.box.uidvalidity}] ok")
        if self.script.tell_uidnext:
            self._say(f"* OK [UIDNEXT {self.box.next_uid}] ok")
        self._say(f"{tag} OK [READ-WRITE] open")

    async def on_examine(self, tag: str, arguments: str, uid: bool) -> None:
        await self.on_select(tag, arguments, uid)

    async def on_idle(self, tag: str, arguments: str, uid: bool) -> None:
        before, after = self.script.before_idle, b""
        if self.script.at_first_idle is not None and self.box.idles:
            before, after = self.script.at_first_idle(self.box)
            self.script.at_first_idle, self.told = None, len(self.box.mails)
        self.box.idles += 1
        self.box.watchers.add(self.writer)
        self.writer.write(before + b"+ idling\r\n" + after)
        if len(self.box.mails) != self.told and not self.box.silent:
            self._say(f"* {len(self.box.mails)} EXISTS")
        async with self.server.changed:
            self.server.changed.notify_all()
        line = await self.reader.readline()
        self.box.watchers.discard(self.writer)
        await self.server.note(line.decode().strip())
        await self._misbehave(tag, "DONE")
        self._say(f"{tag} OK idled" if line.upper().startswith(b"DONE") else f"{tag} BAD no")

    async def on_store(self, tag: str, arguments: str, uid: bool) -> None:
        numbers = arguments.split()[0]
        for mail in self._chosen(numbers, uid):
            mail.flags.add(r"\Seen")
        self._say(f"{tag} OK done")

    async def on_search(self, tag: str, arguments: str, uid: bool) -> None:
        match = re.search(r"UID (\S+)", arguments)
        found = self._chosen(match.group(1) if match else "1:*", True)
        if "UNSEEN" in arguments:
            found = [mail for mail in found if r"\Seen" not in mail.flags]
        self._say("* SEARCH" + "".join(f" {mail.uid}" for mail in found))
        self._say(f"{tag} OK done")

    async def on_fetch(self, tag: str, arguments: str, uid: bool) -> None:
        numbers, _, items = arguments.partition(" ")
        chosen = self._chosen(numbers, uid)
        body = "BODY" in items
        self.told = len(self.box.mails)
        if body and any(mail.uid in self.script.unreadable for mail in chosen):
            self._say(f"{tag} NO that mail is broken")
            return
        if body and any(mail.uid in self.script.deadly for mail in chosen):
            self.writer.write_eof()
            raise _HangUp
        answer = self.script.before_fetch
        numbered = {id(mail): number for number, mail in enumerate(self.box.mails, 1)}
        for mail in chosen:
            if not (body and mail.uid in self.script.hidden):
                answer += _fetched(numbered[id(mail)], mail, items)
        if self.script.cut_fetch_after is not None and body:
            answer, self.script.cut_fetch_after = answer[: self.script.cut_fetch_after], None
            self.writer.write(answer)
            await self.writer.drain()
            self.writer.write_eof()
            raise _HangUp
        self.writer.write(answer)
        self._say(f"{tag} OK done")

    def _chosen(self, numbers: str, uid: bool) -> list[Mail]:
        mails = self.box.mails
        if not mails:
            return []
        top = mails[-1].uid if uid else len(mails)
        ranges = []
        for part in numbers.split(","):
            ends = [top if end == "*" else int(end) for end in part.split(":")]
            ranges.append((min(ends), max(ends)))
        return [
            mail
            for number, mail in enumerate(mails, 1)
            if any(low <= (mail.uid if uid else number) <= high for low, high in ranges)
        ]


def _fetched(number: int, mail: Mail, items: str) -> bytes:
    parts = [b"UID %d" % mail.uid]
    if "FLAGS" in items:
        parts.append(b"FLAGS (%s)" % " ".join(sorted(mail.flags)).encode())
    if "RFC822.SIZE" in items:
        parts.append(b"RFC822.SIZE %d" % len(mail.data))
    if "INTERNALDATE" in items:
        parts.append(b'INTERNALDATE "%s 10:00:00 +0000"' % mail.day.encode())
    if match := re.search(r"BODY\.PEEK\[(\w*)\](?:<0\.(\d+)>)?", items):
        data = mail.data[: int(match.group(2))] if match.group(2) else mail.data
        if match.group(1):
            data = mail.data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        name = f"BODY[{match.group(1)}]" + ("<0>" if match.group(2) else "")
        parts.append(name.encode() + b" {%d}\r\n" % len(data) + data)
    return b"* %d FETCH (%s)\r\n" % (number, b" ".join(parts))


@asynccontextmanager
async def running_scripted_imap(
    script: Script | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[ScriptedImap]:
    """The server for the time of the block."""
    scripted = ScriptedImap(script)
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0, ssl=tls, backlog=2000)
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()
        scripted.released.set()
        scripted.cut_all()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 5)
