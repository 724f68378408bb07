"""Mail out through Microsoft Graph: at once, large, refused, deferred, lost on the way."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

import aiohttp
import pytest
import pytest_asyncio

from mail.errors import (
    AddressError,
    Ambiguous,
    ComposeError,
    ConnectFailed,
    Deferred,
    LoginFailed,
    MailError,
    Refused,
    TooLarge,
)
from mail.sending.graph import GraphAccount, GraphSender
from mail.sending.graph_errors import retry_after_of
from tests.connections.graph_server import GraphServer, running_graph


@pytest_asyncio.fixture
async def graph() -> AsyncIterator[GraphServer]:
    async with running_graph() as server:
        yield server


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as one:
        yield one


class Tokens:
    """Gives "stale" first where told so, "good" when that was refused."""

    def __init__(self, *given: str) -> None:
        self.given = list(given)
        self.asked: list[bool] = []

    async def __call__(self, refused: bool) -> str:
        self.asked.append(refused)
        return self.given.pop(0) if self.given else "good"


def sender(
    session: aiohttp.ClientSession, graph: GraphServer, tokens: Tokens | None = None
) -> GraphSender:
    account = GraphAccount(tokens or Tokens(), "help@shop.example", graph.url)
    return GraphSender(session, account)


def mail(*files: tuple[str, bytes], to: str = "Jo <jo@x.example>") -> bytes:
    message = EmailMessage()
    message["From"] = "Help <help@shop.example>"
    message["To"] = to
    message["Subject"] = "Größe"
    message["Message-ID"] = "<1@shop.example>"
    message["In-Reply-To"] = "<0@x.example>"
    message.set_content("Hello\n")
    message.add_alternative("<p>Hello</p>", subtype="html")
    for name, data in files:
        message.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return message.as_bytes()


async def send(one: GraphSender, data: bytes, *recipients: str) -> list[str]:
    result = await one.send("help@shop.example", recipients or ("jo@x.example",), data)
    assert result.reply == "202 Accepted"
    return [found.address for found in result.accepted]


async def test_a_mail_goes_out_as_it_is(graph: GraphServer, session: aiohttp.ClientSession) -> None:
    data = mail()
    assert await send(sender(session, graph), data, "Jo@X.example") == ["Jo@X.example"]
    assert graph.sent == [data]
    assert graph.seen == ["POST /v1.0/users/help@shop.example/sendMail"]


async def test_whoever_no_header_names_gets_it_as_bcc(
    graph: GraphServer, session: aiohttp.ClientSession
) -> None:
    await send(sender(session, graph), mail(), "jo@x.example", "boss@shop.example")
    assert graph.mail()["Bcc"] == "boss@shop.example"
    assert graph.mail()["In-Reply-To"] == "<0@x.example>"


async def test_nobody_gets_it_only_because_a_header_names_them(
    graph: GraphServer, session: aiohttp.ClientSession
) -> None:
    data = mail(to="jo@x.example, ex@x.example")
    with pytest.raises(ComposeError, match=r"ex@x\.example"):
        await send(sender(session, graph), data, "jo@x.example")
    with pytest.raises(ComposeError):
        await send(sender(session, graph), mail(), "jo@x.example", "a@b.c\r\nSubject: x")
    with pytest.raises(AddressError):
        await sender(session, graph).send("help@shop.example", [], data)
    assert graph.seen == []


async def test_a_large_mail_goes_as_a_draft_with_uploads(
    graph: GraphServer, session: aiohttp.ClientSession
) -> None:
    small, middle, large = b"s" * 10_000, b"m" * 2_500_000, bytes(range(256)) * 30_000
    data = mail(("small.pdf", small), ("mittel ä.pdf", middle), ("large.pdf", large))
    handed_over: list[int] = []

    async def on_handover() -> None:
        handed_over.append(len(graph.seen))

    result = await sender(session, graph).send("", ["jo@x.example"], data, on_handover=on_handover)
    assert len(result.accepted) == 1
    draft = graph.drafts["draft1="]
    assert draft.sent
    assert b"<0@x.example>" in draft.mime
    assert b"small.pdf" in draft.mime
    assert b"large.pdf" not in draft.mime
    [(item, uploaded)] = draft.uploads
    assert (item["name"], bytes(uploaded)) == ("large.pdf", large)
    [attached] = draft.attachments
    assert attached["name"] == "mittel ä.pdf"
    assert base64.b64decode(attached["contentBytes"]) == middle
    assert handed_over == [len(graph.seen) - 1], "only the last request sends"


async def test_a_large_mail_that_was_attached_travels_whole(
    graph: GraphServer, session: aiohttp.ClientSession
) -> None:
    inner = EmailMessage()
    inner["Subject"] = "inner"
    inner.set_content("see file")
    inner.add_attachment(b"z" * 3_500_000, maintype="a", subtype="b", filename="f.bin")
    outer = EmailMessage()
    outer["To"] = "jo@x.example"
    outer.set_content("forwarded")
    outer.add_attachment(inner)
    await send(sender(session, graph), outer.as_bytes())
    [(item, data)] = graph.drafts["draft1="].uploads
    assert item["contentType"] == "message/rfc822"
    assert b"Subject: inner" in data
    assert b"f.bin" in data


async def test_a_failed_upload_leaves_no_draft_and_sends_nothing(
    graph: GraphServer, session: aiohttp.ClientSession
) -> None:
    graph.hang_up_on = "createUploadSession"
    with pytest.raises(Deferred):
        await send(sender(session, graph), mail(("large.pdf", b"x" * 5_000_000)))
    assert graph.drafts == {}


async def test_what_is_too_large_is_told(
    graph: GraphServer, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mail.sending.graph.MAIL_LIMIT", 5 * 2**20)
    with pytest.raises(TooLarge, match="takes 5"):
        await send(sender(session, graph), mail(("a.bin", b"x" * 5_000_000)))
    monkeypatch.undo()
    message = EmailMessage()
    message["To"] = "jo@x.example"
    message.set_content("long text\n" * 400_000)
    with pytest.raises(TooLarge, match="text"):
        await send(sender(session, graph), message.as_bytes())
    assert graph.seen == []


async def test_a_refused_token_is_renewed_once(
    graph: GraphServer, session: aiohttp.ClientSession
) -> None:
    tokens = Tokens("stale")
    await send(sender(session, graph, tokens), mail())
    assert tokens.asked == [False, True]
    with pytest.raises(LoginFailed, match="Connect the mailbox again"):
        await send(sender(session, graph, Tokens("stale", "stale")), mail())


@pytest.mark.parametrize(
    ("status", "code", "headers", "error", "words"),
    [
        (429, "ApplicationThrottled", {"Retry-After": "7"}, Deferred, "later"),
        (503, "ServiceUnavailable", {"Retry-After": "120"}, Deferred, "later"),
        (500, "ErrorInternalServerError", {}, Deferred, "later"),
        (504, "", {}, Ambiguous, "may have left"),
        (413, "RequestEntityTooLarge", {}, TooLarge, "larger"),
        (400, "ErrorMessageSizeExceeded", {}, TooLarge, "larger"),
        (403, "ErrorSendAsDenied", {}, Refused, "Send as"),
        (403, "ErrorAccessDenied", {}, LoginFailed, "Mail.Send"),
        (404, "ErrorInvalidUser", {}, Refused, "help@shop.example"),
        (404, "MailboxNotEnabledForRESTAPI", {}, Refused, "Exchange Online"),
        (400, "ErrorInvalidRecipients", {}, Refused, "recipient"),
        (400, "BadRequest", {}, Refused, "Because"),
    ],
)
async def test_each_refusal_is_its_own_error(
    graph: GraphServer,
    session: aiohttp.ClientSession,
    status: int,
    code: str,
    headers: dict[str, str],
    error: type[MailError],
    words: str,
) -> None:
    body = {"error": {"code": code, "message": "Because.\x00"}}
    graph.answers = [(status, body, headers)]
    with pytest.raises(error, match=words) as caught:
        await send(sender(session, graph), mail())
    if isinstance(caught.value, Deferred):
        wanted = headers.get("Retry-After")
        assert caught.value.retry_after == (float(wanted) if wanted else None)
    assert graph.sent == []


async def test_a_connection_lost_after_handing_over_is_ambiguous_before_it_is_not(
    graph: GraphServer, session: aiohttp.ClientSession
) -> None:
    graph.hang_up_on = "sendMail"
    with pytest.raises(Ambiguous):
        await send(sender(session, graph), mail())
    nobody = GraphSender(session, GraphAccount(Tokens(), graph_url="http://127.0.0.1:9"))
    with pytest.raises(ConnectFailed):
        await send(nobody, mail())


async def test_one_mailbox_is_asked_four_things_at_once_at_most(
    graph: GraphServer, session: aiohttp.ClientSession
) -> None:
    one = sender(session, graph)
    await asyncio.gather(*(send(one, mail()) for _ in range(20)))
    assert len(graph.sent) == 20
    assert graph.most_at_once <= 4


def test_retry_after_is_seconds_or_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 50 < (retry_after_of(soon) or 0) <= 60
    assert retry_after_of("99999999") == 3600
    assert retry_after_of("-5") == 0
    assert [retry_after_of(one) for one in ("", None, "soon", "nan")] == [None] * 4


def test_a_token_never_shows() -> None:
    assert "Tokens" not in repr(GraphAccount(Tokens("good")))
