"""`canal render`: whatever a mail says, Slack takes the post, and the post pings nobody."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.targets import render

PIECES = st.one_of(
    st.sampled_from(
        [
            "<!channel>",
            "<!here|@here>",
            "<!subteam^S1|@all>",
            "<@U0123456789>",
            "<#C0123456789>",
            "&lt;!channel&gt;",
            "@channel",
            "<https://x.example|click>",
            "```",
            "*a* _b_ ~c~ `d`",
            "> ",
            "\n",
            "\n\n- one\n- two\n",
            "<table><tr><th>a</th></tr><tr><td>b</td></tr></table>",
            "<ul><li>",
            "<ol start=99999999999><li>x",
            "<pre>",
            "<blockquote>",
            "<a href='javascript:alert(1)'>x</a>",
            "<a href='https://x.example/?q=%s'>" % ("y" * 4000),
            "<a href='slack://user?id=U1'>x</a>",
            "<img src='cid:a@b' alt='<!channel>'>",
            "<hr>",
            "\u202e\u200b\x00\x1b",
            "x" * 5000,
            "\ud800",
            "😀👩‍👩‍👧🇵🇹",
        ]
    ),
    st.text(max_size=60),
)
BODIES = st.lists(PIECES, max_size=30).map("".join)
HEADERS = BODIES.map(lambda text: " ".join(text.split())[:900])


@given(body=BODIES, subject=HEADERS, name=HEADERS, subtype=st.sampled_from(["plain", "html"]))
def test_no_mail_makes_a_ping_or_a_block_that_slack_refuses(
    body: str, subject: str, name: str, subtype: str
) -> None:
    head = f"From: {name} <jo@x.example>\r\nCc: {name} <al@x.example>\r\nSubject: {subject}\r\n"
    kind = f"Content-Type: text/{subtype}; charset=utf-8\r\n\r\n"
    render((head + kind + body).encode("utf-8", "surrogatepass"))


@given(name=HEADERS, summary=BODIES)
def test_names_and_contents_of_files_are_no_better(name: str, summary: str) -> None:
    name, summary = (
        text.encode("utf-8", "replace").decode().replace("\x00", "") for text in (name, summary)
    )
    mail = EmailMessage()
    mail["From"] = "jo@x.example"
    mail.set_content("See the file.")
    calendar = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:{summary}\r\nEND:VEVENT\r\n"
    mail.add_attachment(calendar.encode(), "text", "calendar", filename=name[:200])
    render(mail.as_bytes())


@pytest.mark.parametrize("rows", [1, 99, 100, 101, 3000])
@pytest.mark.parametrize("columns", [1, 19, 20, 21, 300])
def test_tables_stay_within_slacks_limits(rows: int, columns: int) -> None:
    row = "<tr>" + "<td>1234567</td>" * columns + "</tr>"
    table = f"<table border=1><tr>{'<th>h</th>' * columns}</tr>{row * rows}</table>"
    render(f"Content-Type: text/html\r\n\r\n{table[:900_000]}".encode())
