"""The mark-up of mail clients, through the whole reading of a mail."""

from __future__ import annotations

# ruff: noqa: E501 - a mail is one line here
import pytest

from mail.quotes.fold import html_boundary
from mail.reading.parse import parse_mail

HTML: dict[str, str] = {
    "gmail": '<div dir="ltr">Thanks!<div><br></div><div>Ana</div></div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Mon, Mar 2, 2026 at 10:00 AM Jo &lt;<a href="mailto:jo@x.example">jo@x.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0"><div>Hello</div></blockquote></div>',
    "gmailinline": '<div dir="ltr"><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Mar 2, 2026 at 10:00 AM Jo &lt;jo@x.example&gt; wrote:<br></div><blockquote class="gmail_quote">Which size?</blockquote><div>Large</div><blockquote class="gmail_quote">Which colour?</blockquote><div>Red</div></div></div>',
    "gmailsig": '<div dir="ltr">Thanks!<div><br></div>-- <br><div dir="ltr" class="gmail_signature" data-smartmail="gmail_signature">Ana<br>ACME</div></div><br><div class="gmail_quote"><div class="gmail_attr">On …, Jo wrote:<br></div><blockquote class="gmail_quote">Hello</blockquote></div>',
    "owa": '<html><body><div style="font-family:Calibri">Thanks!</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font><b>From:</b> Jo &lt;jo@x.example&gt;<br><b>Sent:</b> Monday, March 2, 2026 10:00 AM<br><b>To:</b> Ana<br><b>Subject:</b> x</font><div>&nbsp;</div></div><div>Hello</div></body></html>',
    "outlook": '<div class="WordSection1"><p class="MsoNormal">Thanks!<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p class="MsoNormal"><b>From:</b> Jo &lt;jo@x.example&gt; <br><b>Sent:</b> Monday, March 2, 2026 10:00 AM<br><b>To:</b> Ana<br><b>Subject:</b> RE: x</p></div></div><p class="MsoNormal">Hello</p></div>',
    "apple": '<html><body>Thanks!<div><br><blockquote type="cite"><div>On Mar 2, 2026, at 10:00, Jo &lt;jo@x.example&gt; wrote:</div><br class="Apple-interchange-newline"><div>Hello</div></blockquote></div><br></body></html>',
    "tb": '<html><body><p>Thanks!</p><div class="moz-cite-prefix">On 02.03.26 10:00, Jo wrote:<br></div><blockquote type="cite" cite="mid:a@b"><p>Hello</p></blockquote></body></html>',
    "yahoo": '<div class="ydp1">Thanks!</div><div id="ydp2yahoo_quoted_123" class="ydp2yahoo_quoted"><div>On Monday, 2 March 2026, 10:00:00 GMT, Jo wrote:</div><div>Hello</div></div>',
    "yandex": '<div>Thanks!</div><div> </div><div>02.03.2026, 10:00, "Jo" &lt;jo@x.example&gt;:</div><blockquote><p>Hello</p></blockquote>',
    "mailru": '<div>Thanks!</div><div>&nbsp;</div><blockquote style="border-left:1px solid #0857A6; margin:10px; padding:0 0 0 10px;">Понедельник, 2 марта 2026, 10:00 +03:00 от Jo &lt;jo@x.example&gt;:<br>&nbsp;<div>Hello</div></blockquote>',
    "proton": '<div>Thanks!</div><div class="protonmail_signature_block"><div>Sent with Proton Mail secure email.</div></div><div class="protonmail_quote">On Monday, March 2nd, 2026 at 10:00, Jo &lt;jo@x.example&gt; wrote:<br><blockquote class="protonmail_quote" type="cite">Hello</blockquote></div>',
    "zimbra": '<div>Thanks!</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>"Jo" &lt;jo@x.example&gt;<br><b>To: </b>Ana<br></div><div data-marker="__QUOTED_TEXT__">Hello</div>',
    "lotus": "<font>Thanks!</font><br><br><br><font color=#5f5f5f>From: </font><font>Jo/ACME</font><br><font>To: </font>Ana<br><font>Date: </font>02.03.2026 10:00<br>Subject: Re: x<br><hr noshade><br>Hello",
    "gmx": '<div>Thanks!</div><div name="quote" style="margin:10px"><div><b>Gesendet:</b> Montag<br/><b>Von:</b> Jo</div>Hello</div>',
    "ownquote": "<p>You said</p><blockquote>The box is blue</blockquote><p>but it is red.</p>",
    "ownquoteend": "<p>The manual says</p><blockquote>The box is blue</blockquote>",
    "samsung": '<div>Thanks!</div><div id="composer_signature"><div>Sent from my Galaxy</div></div><div><br></div><div style="font-size:100%"><!-- originalMessage --><div>-------- Original message --------</div><div>From: Jo &lt;jo@x.example&gt; </div><div>Date: 02/03/2026 10:00 (GMT+00:00) </div><div>To: Ana </div><div>Subject: x </div><div><br></div></div>Hello',
    "ios outlook": '<div>Thanks!</div><div id="ms-outlook-mobile-signature"><div></div>Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a></div><div id="mail-editor-reference-message-container"><div class="ms-outlook-mobile-reference-message"><hr>From: Jo</div></div>',
    "qq": '<div>Thanks!</div><div>&nbsp;</div><div style="font-size: 12px;">------------------&nbsp;原始邮件&nbsp;------------------</div><div><b>发件人:</b>&nbsp;"Jo"&lt;jo@x.example&gt;;</div><div><b>发送时间:</b>&nbsp;2026年3月2日</div><div>Hello</div>',
    "spark": '<div name="messageBodySection"><div>Thanks!</div></div><div name="messageSignatureSection"><br>Ana</div><div name="messageReplySection">On 2 Mar 2026, 10:00 +0100, Jo &lt;jo@x.example&gt;, wrote:<br><blockquote type="cite">Hello</blockquote></div>',
    "hotmail": '<div>Thanks!<br><br></div><hr id="stopSpelling">Date: Mon<br>From: jo@x.example<br>Hello',
    "tbinline": '<div class="moz-cite-prefix">On 02.03.26 10:00, Jo wrote:<br></div><blockquote type="cite"><p>Size?</p></blockquote><p>Large</p><blockquote type="cite"><p>Colour?</p></blockquote><p>Red</p>',
    "tbsig": '<p>Thanks!</p><div class="moz-cite-prefix">On 02.03.26 10:00, Jo wrote:<br></div><blockquote type="cite"><p>Hello</p></blockquote><pre class="moz-signature">-- \nAna</pre>',
    "tbbottom": '<div class="moz-cite-prefix">On 02.03.26 10:00, Jo wrote:<br></div><blockquote type="cite"><p>Hello</p></blockquote><p>My answer</p>',
    "attrdiv": "<div>Thanks!</div><div>El lun, 2 mar 2026 a las 10:00, Jo (&lt;jo@x.example&gt;) escribió:</div><div>Hello</div>",
    "onlyquote": '<blockquote type="cite"><div>Hello</div></blockquote>',
}

OTHERS = {
    "gmail": "Thanks!\n\nAna",
    "ownquote": "You said\n\n> The box is blue\n\nbut it is red.",
    "ownquoteend": "The manual says\n\n> The box is blue",
    "tbbottom": "My answer",
    "onlyquote": "> Hello",
    "gmailinline": "On Mon, Mar 2, 2026 at 10:00 AM Jo <jo@x.example> wrote:\n\n> Which size?\n\nLarge\n\n> Which colour?\n\nRed",
    "tbinline": "On 02.03.26 10:00, Jo wrote:\n\n> Size?\n\nLarge\n\n> Colour?\n\nRed",
}


def read(html: str, subject: str) -> str:
    head = (
        "From: a@b.example\nTo: c@d.example\nMessage-ID: <1@b.example>\n"
        "In-Reply-To: <0@d.example>\nContent-Type: text/html; charset=utf-8\n"
    )
    return parse_mail(f"{head}Subject: {subject}\n\n{html}".encode()).visible_text


@pytest.mark.parametrize("client", HTML)
def test_the_history_of_a_mail_client_is_folded(client: str) -> None:
    assert read(HTML[client], "Re: x") == OTHERS.get(client, "Thanks!")


@pytest.mark.parametrize("client", HTML)
def test_a_forward_is_shown_whole(client: str) -> None:
    whole = read(HTML[client], "Fwd: x")
    assert "Thanks!" in whole or client in OTHERS
    assert any(word in whole for word in ("Hello", "From: Jo", "Red", "blue"))


def test_an_ordinary_element_means_nothing() -> None:
    assert html_boundary("div", {"class": "intro", "style": "border-top: 1px solid red"}) is None
    assert html_boundary("blockquote", {}) is None
    assert html_boundary("p", {"id": None, "class": None}) is None
