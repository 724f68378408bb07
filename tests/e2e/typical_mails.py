"""Ten mails as customers typically send them, each with words that its post must and must not show.

Written by us, in the style of the clients and shops that they stand for.
"""

from __future__ import annotations

# ruff: noqa: E501 - mails have long lines
import struct
import zlib
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP


@dataclass(frozen=True, slots=True)
class TypicalMail:
    name: str
    subject: str
    message: EmailMessage
    shown: tuple[str, ...]
    hidden: tuple[str, ...] = ()


def _mail(
    subject: str, sender: str, *, answers: bool = False, text: str = "", html: str = ""
) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = "support@acme.example"
    mail["Subject"] = subject
    mail["Date"] = "Mon, 02 Mar 2026 10:00:00 +0100"
    mail["Message-ID"] = f"<{zlib.crc32(subject.encode()):08x}@customer.example>"
    if answers:
        mail["In-Reply-To"] = f"<{zlib.crc32(subject.encode()):08x}@acme.example>"
    mail.set_content(text or "This mail is in HTML.")
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def _png(red: int, green: int, blue: int, width: int = 320, height: int = 200) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    row = b"\0" + bytes((red, green, blue)) * width
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(row * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


_NEWSLETTER = """
<html><head><title>Spring</title><style>.pre{display:none} td{font-family:Arial}</style></head><body>
<div class="pre" style="display:none;max-height:0;overflow:hidden">Only today: everything at half price
&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;</div>
<!--[if mso]><table><tr><td>Outlook only</td></tr></table><![endif]-->
<table role="presentation" width="100%"><tr><td align="center"><table width="600"><tr>
<td><a href="https://shop.example/"><img src="https://shop.example/logo.png" alt="Bakers' Shop"></a></td>
</tr><tr><td><h1>Spring is here</h1><p>Hello Jo,</p><p>our <b>new tins</b> are <i>in the shop</i>:</p></td></tr>
<tr><td><table><tr><td><img src="https://shop.example/a.jpg" alt="" width="280"></td>
<td><h3>Loaf tin</h3><p>Steel, 30&nbsp;cm<br>€&nbsp;19.90</p>
<a href="https://click.example/x?id=1" style="background:#06c;color:#fff;padding:9px">Buy now</a></td></tr></table></td></tr>
<tr><td><ul><li>Free shipping from €&nbsp;40</li><li>30 days to return<ul><li>also opened ones</li></ul></li></ul></td></tr>
<tr><td style="font-size:10px">You get this because you ordered once.
<a href="https://shop.example/unsubscribe">Unsubscribe</a></td></tr></table></td></tr></table>
<img src="https://track.example/o.gif" width="1" height="1"><script>alert(1)</script></body></html>
"""

_TABLE = """
<html><body style="font-family:Calibri"><p>Hi,</p><p>please check our order <b>4711</b>:</p>
<table border="1"><tr><th>Article</th><th>Size</th><th>Pieces</th><th>Price</th></tr>
<tr><td>Loaf tin</td><td>30 cm</td><td>12</td><td>€ 19.90</td></tr>
<tr><td>Baking paper</td><td>38 × 42 cm</td><td>4</td><td>€ 3.50</td></tr>
<tr><td>Dough scraper</td><td></td><td>7</td><td>€ 2.20</td></tr></table>
<p>Three questions:</p><ol><li>Is the <a href="https://acme.example/tin">loaf tin</a> in stock?</li>
<li>When do you <u>ship</u>?</li><li>Can we pay by invoice?</li></ol>
<p>It must say <code>PO-2026/17</code> on it.</p><p>Thanks,<br>Jo</p></body></html>
"""

_OUTLOOK = """
<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal{margin:0}</style></head>
<body lang="EN-US"><div class="WordSection1"><p class="MsoNormal">Hi Ana,<o:p></o:p></p>
<p class="MsoNormal"><o:p>&nbsp;</o:p></p><p class="MsoNormal">Wednesday at ten suits us.<o:p></o:p></p>
<p class="MsoNormal"><o:p>&nbsp;</o:p></p><p class="MsoNormal">Kind regards<br>Jo Miller<o:p></o:p></p>
<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in">
<p class="MsoNormal"><b>From:</b> Acme Support &lt;support@acme.example&gt;<br><b>Sent:</b> Monday, March 2, 2026 9:14 AM<br>
<b>To:</b> Jo Miller &lt;jo@bakers.example&gt;<br><b>Subject:</b> Visit<o:p></o:p></p></div></div>
<p class="MsoNormal">Shall we come on Wednesday or on Friday?<o:p></o:p></p></div></body></html>
"""

_GMAIL = """
<div dir="ltr"><div>Thank you, that works! One thing: is
<a href="https://login.evil.example/acme">https://acme.example/login</a> really yours?</div><div><br></div>
<div>Jo</div></div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">
On Mon, Mar 2, 2026 at 9:14 AM Acme Support &lt;<a href="mailto:support@acme.example">support@acme.example</a>&gt; wrote:<br></div>
<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid #ccc">
<div>Please try the new password.</div></blockquote></div>
"""

_APPLE = """
<html><body><div>The stand arrived like this:</div><div><br></div>
<img src="cid:one@customer.example"><div><br></div><div>and the foot like this:</div>
<img src="cid:two@customer.example"><div><br></div><div>Can you send a new one?</div>
<div><br></div><div>Sent from my iPhone</div></body></html>
"""

_ICS = """BEGIN:VCALENDAR\r
PRODID:-//Example//Calendar//EN\r
VERSION:2.0\r
METHOD:REQUEST\r
BEGIN:VEVENT\r
DTSTART;TZID=Europe/Lisbon:20260304T100000\r
DTEND;TZID=Europe/Lisbon:20260304T113000\r
ORGANIZER;CN=Jo Miller:mailto:jo@bakers.example\r
ATTENDEE;CN=Acme:mailto:support@acme.example\r
SUMMARY:Visit of the bakery\r
LOCATION:Rua do Forno 7\\, Lisboa\r
UID:1@bakers.example\r
END:VEVENT\r
END:VCALENDAR\r
"""

_JAPANESE = """お世話になっております。山田です。

ご注文番号12345の商品が届きましたが、箱が破れていました。

・写真を添付します
・交換をお願いできますか？

よろしくお願いいたします。

--\x20
山田太郎
株式会社パン
"""

_HEBREW = """
<div dir="rtl" style="text-align:right">שלום רב,<br><br>ההזמנה <b>4711</b> הגיעה באיחור של שבוע.
<ul><li>תבנית אפייה אחת חסרה</li><li>החשבונית שגויה</li></ul>תודה, <a href="https://x.example/">נועה</a></div>
"""

_PLAIN = """Hello 👋🏽 team 👩‍👩‍👧,

<!channel> @here look <@U123456>: *this* is _urgent_ & <https://evil.example|click>

    def bake(tin):
        return tin * 2

> I never quoted anybody.

100 % — “quotes”, naïve café, 5 < 7 && 7 > 5
https://acme.example/shop?a=1&b=2

Cheers 🎂
"""

_FORWARD = """FYI, please take over.

---------- Forwarded message ---------
From: Paula Neves <paula@cafe.example>
Date: Mon, Mar 2, 2026 at 8:02 AM
Subject: Two tins are bent
To: Rui <rui@acme.example>


Hi Rui,

two of the tins are bent. What now?

Paula
"""


def typical_mails() -> list[TypicalMail]:
    jo = "Jo Miller <jo@bakers.example>"
    photos = _mail("Broken cake stand", "Eva Ferreira <eva@home.example>", html=_APPLE)
    body = photos.get_body(("html",))
    assert body is not None
    body.add_related(_png(200, 80, 60), "image", "png", cid="<one@customer.example>")
    body.add_related(
        _png(60, 90, 200), "image", "png", cid="<two@customer.example>", filename="foot.png"
    )
    invitation = _mail("Invitation: Visit", jo, text="You are invited.")
    invitation.add_attachment(
        _ICS.encode(), "text", "calendar", filename="invite.ics", params={"method": "REQUEST"}
    )
    japanese = _mail("商品の破損について", "山田太郎 <yamada@pan.example>")
    japanese.set_content(_JAPANESE, charset="iso-2022-jp", cte="7bit")
    japanese.add_attachment(_png(90, 160, 90), "image", "png", filename="写真 1.png")
    return [
        TypicalMail(
            "newsletter",
            "Spring in the bakery",
            _mail("Spring in the bakery", "Bakers' Shop <news@shop.example>", html=_NEWSLETTER),
            ("Spring is here", "Loaf tin", "Buy now", "also opened ones"),
            ("half price", "Outlook only", "alert(1)"),
        ),
        TypicalMail(
            "table",
            "Order 4711",
            _mail("Order 4711", jo, html=_TABLE),
            ("Dough scraper", "PO-2026/17"),
        ),
        TypicalMail(
            "outlook",
            "Visit",
            _mail("RE: Visit", jo, answers=True, html=_OUTLOOK),
            ("Wednesday at ten suits us.",),
            ("on Friday?",),
        ),
        TypicalMail(
            "gmail",
            "Password",
            _mail("Re: Password", jo, answers=True, html=_GMAIL),
            ("that works!", "login.evil.example"),
            ("new password",),
        ),
        TypicalMail("photos", "Broken cake stand", photos, ("like this", "new one?", "foot.png")),
        TypicalMail(
            "invitation",
            "Invitation: Visit",
            invitation,
            ("Visit of the bakery", "2026-03-04 10:00-11:30", "Rua do Forno 7, Lisboa"),
        ),
        TypicalMail(
            "japanese", "商品の破損について", japanese, ("箱が破れていました", "写真 1.png")
        ),
        TypicalMail(
            "hebrew",
            "הזמנה 4711",
            _mail("הזמנה 4711", "נועה לוי <noa@x.example>", html=_HEBREW),
            ("ההזמנה", "תבנית אפייה אחת חסרה"),
        ),
        TypicalMail(
            "plain",
            "Emoji and signs",
            _mail("Emoji and signs", jo, text=_PLAIN),
            ("<!channel> @here look <@U123456>", "👩‍👩‍👧", "def bake(tin):", "5 < 7 && 7 > 5"),
        ),
        TypicalMail(
            "forward",
            "Two tins are bent",
            _mail("Fwd: Two tins are bent", "Rui <rui@acme.example>", text=_FORWARD),
            ("please take over", "two of the tins are bent"),
        ),
    ]
