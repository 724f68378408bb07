"""aiosmtpd's class and ours, side by side: the same bytes in give the same dialogue and mails."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mail.smtp_server.protocol import FastSMTP

SIZE = 3000


@dataclass
class Handler:
    """Keeps what came, refuses one recipient."""

    mails: list[tuple[Any, ...]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802
        self, _smtp: Any, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("no"):
            return "550 5.1.1 No"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, _smtp: Any, session: Session, envelope: Envelope
    ) -> str:
        self.mails.append(
            (
                envelope.mail_from,
                tuple(envelope.rcpt_tos),
                tuple(envelope.mail_options),
                envelope.original_content,
                session.host_name,
            )
        )
        return "250 stored"


class Pipe(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.1", 25) if name == "peername" else default

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def talk(kind: type[SMTP], chunks: list[bytes]) -> tuple[bytes, list[tuple[Any, ...]]]:
    """Both sides of a dialogue: all that was answered, and the mails."""
    handler = Handler()
    loop = asyncio.get_running_loop()
    smtp = kind(
        handler, hostname="h", ident="i", loop=loop, data_size_limit=SIZE, enable_SMTPUTF8=True
    )
    pipe = Pipe()
    smtp.connection_made(pipe)
    for chunk in chunks:
        smtp.data_received(chunk)
        await settle(smtp)
    smtp.connection_lost(None)
    assert smtp._handler_coroutine is not None
    await asyncio.gather(smtp._handler_coroutine, return_exceptions=True)
    pipe.closed = True
    return pipe.written, handler.mails


async def settle(smtp: SMTP) -> None:
    """Let the protocol's task run until it waits for the client."""
    task = smtp._handler_coroutine
    assert task is not None
    for _ in range(2000):
        await asyncio.sleep(0)
        waiter = smtp._reader._waiter  # type: ignore[attr-defined]
        reading = getattr(smtp, "_received", None)
        if task.done() or waiter is not None or (reading is not None and not reading.done()):
            return
    raise AssertionError("never came to rest")


def compare(chunks: list[bytes]) -> list[tuple[Any, ...]]:
    theirs = asyncio.run(talk(SMTP, chunks))
    ours = asyncio.run(talk(FastSMTP, chunks))
    assert one_refusal(ours[0]) == one_refusal(theirs[0])
    assert ours[1] == theirs[1]
    return ours[1]


def one_refusal(dialogue: bytes) -> bytes:
    """A mail with a line too long that is too large as well: either may be said."""
    return dialogue.replace(
        b"500 Line too long (see RFC5321 4.5.3.1.6)", b"552 Error: Too much mail data"
    ).replace(b"250-AUTH LOGIN PLAIN\r\n", b"")


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(at % (len(data) + 1) for at in cuts)})
    return [data[a:b] for a, b in pairwise(edges)]


CUTS = st.lists(st.integers(0, 5000), max_size=12)
TEXT = st.lists(
    st.one_of(
        st.sampled_from(
            [b"\r\n", b"\n", b"\r", b".", b"..", b".\r\n", b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r."]
        ),
        st.sampled_from([b"Subject: x", b"\x00\xff", b"a" * 998, b"b" * 1001, b"MAIL FROM:<a@b>"]),
        st.binary(max_size=10),
    ),
    max_size=20,
).map(b"".join)
HEAD = b"EHLO c\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<x@y.z>\r\nDATA\r\n"


@settings(max_examples=150)
@given(text=TEXT, cuts=CUTS, dialogue=st.booleans())
@example(text=b"a" * 1001 + b"\r\n", cuts=[], dialogue=True)
@example(text=b"a" * 999 + b"\r\n", cuts=[], dialogue=True)
@example(text=b"a" * 1000 + b"\r\n.\r\n", cuts=[1042, 1043, 1044], dialogue=True)
@example(text=b"aa\r\n" * (SIZE // 4), cuts=[], dialogue=False)
@example(text=b"aa\r\n" * (SIZE // 4) + b"\r\n", cuts=[], dialogue=False)
def test_any_text_gives_the_same_mail(text: bytes, cuts: list[int], dialogue: bool) -> None:
    whole = text + b"\r\n.\r\nNOOP\r\n"
    if dialogue:
        compare([HEAD, *cut(whole, cuts)])
    else:
        compare(cut(HEAD + whole, cuts))


COMMANDS = st.lists(
    st.sampled_from(
        """HELO c|EHLO c|HELO|MAIL FROM:<a@b.c>|MAIL FROM:<>|MAIL FROM: <a@b.c> SIZE=9|MAIL|RCPT
        |MAIL FROM:<a@b.c> SIZE=99999|MAIL FROM:<a@b.c> BODY=8BITMIME SMTPUTF8|MAIL FROM:<a@b.c> X=1
        |RCPT TO:<x@y.z>|RCPT TO:<no@y.z>|RCPT TO:<@r.s:x@y.z>|RCPT TO:<"q q"@y.z>|RCPT TO:x@y.z
        |RCPT TO:<x@y.z|RCPT TO:<>|RSET|NOOP|VRFY a@b|DATA|DATA x|Hi\r\n.|..\r\n.|QUIT x|FOO||EXPN a
        |HELP DATA""".replace("\n        |", "|").split("|")
    ),
    max_size=14,
)


@settings(max_examples=150)
@given(commands=COMMANDS, cuts=CUTS)
@example(["EHLO c", "MAIL FROM:<>", "RCPT TO:<x@y.z>", "DATA", "Hi\r\n.", "DATA"], [])
def test_any_commands_in_any_pieces_give_the_same_dialogue(
    commands: list[str], cuts: list[int]
) -> None:
    compare(cut("".join(f"{command}\r\n" for command in commands).encode(), cuts))


def test_the_comparison_sees_mails() -> None:
    mails = compare(
        [HEAD + b"..a\r\n.\r\n", b"MAIL FROM:<>\r\nRCPT TO:<q@y.z>\r\nDATA\r\n", b".\r\n"]
    )
    assert [mail[3] for mail in mails] == [b".a\r\n", b""]


_WORDS = ["a", "Bc", "9", "é", "=?utf-8?q?a=40b?=", "x.y", "@c.d", "SIZE=3"]
ADDRESS_PIECES = st.lists(st.sampled_from([*_WORDS, *'<>@.,:;()[]\\" \t=?+-_%!']), max_size=12).map(
    "".join
)


@settings(max_examples=300)
@given(
    arg=st.one_of(
        ADDRESS_PIECES,
        st.builds("<{}@{}>{}".format, ADDRESS_PIECES, ADDRESS_PIECES, ADDRESS_PIECES),
        st.builds("<a.b@c.d>{}".format, ADDRESS_PIECES),
        st.emails().map("<{}> SIZE=1 BODY=8BITMIME".format),
    )
)
@example("<a@b.c>")
@example("<a@b.c> ")
@example("<a@b.c>  SIZE=1")
@example("<=?utf-8?q?a?=@b.c>")
@example("<a.=?utf-8?q?a?=@b.c>")
@example("<a=?utf-8?q?a?=@b.c>")
@example("<a@localhost>")
@example("<a@b.c>SIZE=1")
def test_any_address_is_read_alike(arg: str) -> None:
    assert read_address(FastSMTP, arg) == read_address(SMTP, arg)


def read_address(kind: type[SMTP], arg: str) -> Any:
    smtp = kind.__new__(kind)
    try:
        return kind._getaddr(smtp, arg)
    except Exception as error:  # noqa: BLE001 - the parser's own crashes are the same too
        return type(error)


@pytest.mark.parametrize("address", ["a@b.c", "first.last+tag=x@mail.example.com", "a'b@x-y.org"])
def test_ordinary_addresses_take_the_short_way(address: str) -> None:
    class Short(FastSMTP):
        pass

    smtp = Short.__new__(Short)
    original = SMTP._getaddr
    calls: list[str] = []

    def spy(self: SMTP, arg: str) -> Any:
        calls.append(arg)
        return original(self, arg)

    SMTP._getaddr = spy  # type: ignore[method-assign]
    try:
        assert smtp._getaddr(f"<{address}> SIZE=100") == (address, "SIZE=100")
        smtp._getaddr("<@relay.example:a@b.c>")
    finally:
        SMTP._getaddr = original  # type: ignore[method-assign]
    assert calls == ["<@relay.example:a@b.c>"]


async def test_a_connection_has_all_that_aiosmtpd_gives_it() -> None:
    loop = asyncio.get_running_loop()
    theirs, ours = SMTP(Handler(), loop=loop), FastSMTP(Handler(), loop=loop)
    assert vars(theirs).keys() <= vars(ours).keys()
    assert theirs._smtp_methods.keys() == ours._smtp_methods.keys()
    assert theirs._handle_hooks.keys() == ours._handle_hooks.keys()


async def test_a_class_is_walked_once_and_not_once_a_connection() -> None:
    walks: list[type] = []

    class Meta(type):
        def __dir__(cls) -> list[str]:
            walks.append(cls)
            return list(super().__dir__())

    class Watched(FastSMTP, metaclass=Meta):
        pass

    loop = asyncio.get_running_loop()
    handler = Handler()
    for _ in range(5):
        Watched(handler, loop=loop)
    assert walks == [Watched]
