"""Mails that want to ping, to break the card, or to fill it: they become quiet, true cards."""

from __future__ import annotations

import uuid
from email.message import EmailMessage
from typing import Any

import pytest

from tests.app.harness import OURS, Harness, Json, words_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
_PINGS = (
    "<!channel> <!here> <!everyone> <@{user}> <@{user}|Ana> <!subteam^{group}> "
    "<!subteam^{group}|@care> @here @channel @everyone <#{channel}> <https://evil.example|bank> "
    "&lt;!channel&gt; *bold* _it_ ~no~ `code` ```block``` :tada: :wave::skin-tone-2: "
    "<!date^1392734382^{{date}}|now>"
)
_UGLY = (
    "nul\x00 bell\x07 esc\x1b[31m del\x7f c1\x85\x9b bidi\u202e\u2066\u200f\u061c zw\u200b\ufeff "
    "sep\u2028\u2029 tag\U000e0041 private\ue000 nonchar\uffff"
)


@pytest.fixture
def pings(shared_canal: Harness) -> str:
    group = shared_canal.sandbox.add_usergroup(uuid.uuid4().hex, "Care", [shared_canal.ana])
    return _PINGS.format(user=shared_canal.ana, group=group, channel=shared_canal.support)


async def posted(canal: Harness, mail: EmailMessage | bytes) -> Json:
    """The card of the mail, and proof that Slack took everything and woke nobody."""
    data = mail if isinstance(mail, bytes) else mail.as_bytes()
    await canal.deliver(data, [canal.inbound])
    card = await canal.ticket()
    await quiet(canal)
    return card


async def quiet(canal: Harness) -> None:
    """When all has been delivered: nobody was pinged, and Slack refused nothing."""
    await canal.idle()
    assert not canal.sandbox.pings
    assert not canal.sandbox.refusals


def unique_id() -> str:
    return f"<{uuid.uuid4()}@cust.example>"


def written(**headers: str) -> EmailMessage:
    mail = EmailMessage()
    for name, value in {
        "From": "Jo <jo@cust.example>", "To": OURS, "Subject": "Help",
        "Message-ID": unique_id(), **headers,
    }.items():  # fmt: skip
        mail[name] = value
    return mail


def raw(subject: str, name: str, body: str, kind: str = "plain") -> bytes:
    """A mail with every character as it is, which no mail library would write."""
    return (
        f'From: "{name}" <jo@cust.example>\r\nTo: {OURS}\r\nSubject: {subject}\r\n'
        f"Message-ID: {unique_id()}\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}"
    ).encode("utf-8", "surrogateescape")


async def test_nothing_in_a_plain_mail_pings(shared_canal: Harness, pings: str) -> None:
    card = await posted(shared_canal, raw(pings, pings.replace('"', ""), pings + "\r\n" + _UGLY))
    assert "<!channel>" in words_of(card)


async def test_nothing_in_an_html_mail_pings(shared_canal: Harness, pings: str) -> None:
    escaped = pings.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    html = (
        f"<p>{escaped}</p><a href='https://x.example/{shared_canal.ana}'>{escaped}</a>"
        f"<ul><li>{escaped}</ul><pre>{escaped}</pre><table><tr><td>{escaped}<td>2</table>"
        f"<blockquote>{escaped}</blockquote><h1>{escaped}</h1><b>&lt;!here&gt;</b>"
    )
    card = await posted(shared_canal, raw("x", "Jo", html, "html"))
    assert "<!channel>" in words_of(card)


async def test_nothing_in_headers_pings(shared_canal: Harness, pings: str) -> None:
    mail = written(Subject=pings, Cc=f'"{pings[:60]}" <ed@cust.example>')
    mail.replace_header("From", "jo@cust.example")
    mail.set_content("Hello")
    mail.add_attachment(b"x", maintype="application", subtype="pdf", filename=f"{pings[:90]}.pdf")
    mail.add_attachment(b"y", maintype="text", subtype="plain", filename="@here <!channel>.txt")
    await posted(shared_canal, mail)
    card = shared_canal.roots()[0]
    await shared_canal.sandbox.wait_for(
        lambda: sum("files" in one for one in shared_canal.replies(card)) == 2
    )
    await quiet(shared_canal)


async def test_control_and_bidi_characters_reach_nobody(shared_canal: Harness) -> None:
    card = await posted(shared_canal, raw(_UGLY.replace("\x00", ""), "J\u202eo\x07", _UGLY))
    shown = words_of(card)
    assert not set(shown) & set("\x00\x07\x1b\x7f\x85\x9b\u202e\u2066")


async def test_names_cannot_add_lines_or_headers(shared_canal: Harness) -> None:
    name = "=?utf-8?q?Jo=0D=0ABcc:_evil=40evil.example=0A=0A*Canal*_says_hi?="
    card = await posted(shared_canal, raw("=?utf-8?q?a=0D=0Ab=0Ac?=", "x", "Hi").replace(
        b'"x"', name.encode()))  # fmt: skip
    await shared_canal.say(card, "Answer")
    sent = await shared_canal.sent()
    assert b"\nBcc:" not in (sent.data or b"").partition(b"\r\n\r\n")[0]
    assert sent.rcpt_to == ["jo@cust.example"]
    await quiet(shared_canal)


@pytest.mark.parametrize(
    "subject",
    ["S" * 9_000, "ä" * 5_000, "", " ", "👩‍👩‍👧‍👦" * 300, "a " * 3_000],
    ids=["long", "long utf-8", "empty", "blank", "long emoji", "many words"],
)
async def test_any_subject_fits(shared_canal: Harness, subject: str) -> None:
    card = await posted(shared_canal, folded(subject))
    ts = await shared_canal.say(card, "Answer")
    await shared_canal.wait_reaction(ts, "white_check_mark")
    await quiet(shared_canal)


def folded(subject: str) -> bytes:
    mail = written(Subject=subject)
    mail.set_content("Hello")
    return mail.as_bytes()


@pytest.mark.parametrize(
    "body",
    [
        "W" * 10_000,
        "ツ" * 50_000,
        "word " * 60_000,
        "line\n" * 20_000,
        "https://x.example/" + "a" * 9_000,
        " ".join(f"https://x.example/{n}" for n in range(2_000)),
        "> quoted\n" * 5_000,
        "\n" * 5_000,
        "👩‍👩‍👧‍👦" * 3_000,
        "",
    ],
    ids=[
        "word", "wide", "words", "lines", "long link", "links", "quote", "blank", "emoji", "empty",
    ],
)  # fmt: skip
async def test_any_text_fits(shared_canal: Harness, body: str) -> None:
    mail = written()
    mail.set_content(body, cte="base64")
    card = await posted(shared_canal, mail)
    assert len(words_of(card)) < 13_000


@pytest.mark.parametrize(
    "html",
    [
        "<p>x</p>" * 5_000,
        "<div>" * 3_000 + "deep",
        "<ul><li>" * 200 + "x",
        "<table>" + "<tr>" + "<td>cell" * 60 + "</tr>" * 1 + "</table>",
        "<table>" + "<tr><td>a<td>b</tr>" * 3_000 + "</table>",
        "<a href='" + "h" * 5_000 + "'>x</a>",
        "".join(f"<b>{n}</b><i>{n}</i>" for n in range(5_000)),
        "<img src=x alt='<!channel>'>" * 300,
        "<a href='javascript:alert(1)'>click</a> <a href='https://ok.example'> </a>",
        "<p></p><br><br>",
        "<!--" + "-" * 50_000,
        "<style>" + "a{b:c}" * 5_000 + "</style>text",
    ],
    ids=[
        "paragraphs", "deep", "deep list", "wide table", "long table", "long link", "styles",
        "images", "script", "nothing", "comment", "css",
    ],
)  # fmt: skip
async def test_any_html_fits(shared_canal: Harness, html: str) -> None:
    mail = written()
    mail.set_content(html, subtype="html", cte="base64")
    await posted(shared_canal, mail)


async def test_a_list_of_500_copies_fits_and_is_answered(shared_canal: Harness) -> None:
    everybody = ", ".join(f'"Person {n:03} Of The Project" <p{n}@many.example>' for n in range(500))
    mail = written(Cc=everybody)
    mail.set_content("To all of you")
    card = await posted(shared_canal, mail)
    ts = await shared_canal.say(card, "Answer to all")
    await shared_canal.sandbox.wait_for(
        lambda: shared_canal.reactions(ts) == {"white_check_mark"}, 20
    )
    assert len((await shared_canal.sent()).rcpt_to) == 501
    await quiet(shared_canal)


async def test_names_of_files_are_made_harmless(shared_canal: Harness) -> None:
    mail = written()
    mail.set_content("Files")
    names: list[Any] = [
        "../../etc/passwd", "a\u202efdp.exe", "x" * 400 + ".txt", "", "CON", "a/b\\c.txt",
        "emoji 👩‍👩‍👧‍👦.png", "<@U000>.txt", ".", " ",
    ]  # fmt: skip
    for name in names:
        mail.add_attachment(b"data", maintype="application", subtype="x-y", filename=name)
    card = await posted(shared_canal, mail)
    await shared_canal.sandbox.wait_for(
        lambda: (
            len([f for one in shared_canal.replies(card) for f in one.get("files", ())])
            == len(names)
        ),
        15,
    )
    shared = [file["name"] for one in shared_canal.replies(card) for file in one.get("files", ())]
    assert all(name and "/" not in name and "\\" not in name for name in shared)
    assert not any("\u202e" in name for name in shared)
    await quiet(shared_canal)
