"""What the elements of known mail clients mean: quoted history, the start of it, a signature."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from mail.quotes.model import Boundary

_QUOTE_CLASSES: Final = frozenset(
    {
        "gmail_attr",
        "moz-cite-prefix",
        "yahoo_quoted",
        "yahoo-quoted",
        "yahoo-quoted-begin",
        "protonmail_quote",
        "proton-quote",
        "tutanota_quote",
        "zmail_extra",
        "zmail_extra_hr",
        "zmail_quote",
        "gmx-quote",
        "mail-quote-collapse",
        "mail_quote_collapse",
        "ya-quote",
        "front-blockquote",
        "outlookmessageheader",
        "emailquote",
        "reply-quote",
        "replyforwardquote",
        "quoted-text",
        "quotedtext",
        "hey-quote",
        "trix-quote",
        "superhuman-quote",
        "sh-quoted-content",
        "fastmail-quote",
        "ntes-mailmaster-quote",
        "ms-outlook-mobile-reference-message",
        "reference-message",
        "freshdesk_quote",
        "intercom-quote",
        "missive_quote",
        "mailspring-quote",
        "edo-quoted",
        "edison-quote",
        "bluemail-quote",
        "ecxgmail_quote_blockquote",
        "canal_quote",
    }
)
_QUOTE_IDS: Final = frozenset(
    {
        "isforwardcontent",
        "isreplycontent",
        "orgbody",
        "origbody",
        "originalmessage",
        "reply-intro",
        "replyintro",
        "replybody",
        "reply139content",
        "3d_zmail_extra",
        "qt",
        "ymail_quoted",
        "yahoo_quoted",
        "ydpquoted",
        "mail-editor-reference-message-container",
        "oe_quote",
        "tutanota_quote",
        "protonmail_quote",
        "bloopquote",
        "edo-original",
        "aqm-original",
    }
)
_CUT_IDS: Final = frozenset(
    {
        "appendonsend",
        "divrplyfwdmsg",
        "stopspelling",
        "zwchr",
        "x_appendonsend",
        "x_divrplyfwdmsg",
        "x_divtagdefaultwrapper_reply",
        "lineseparator",
        "composeweb_editor_quoted",
        "_rc_sep",
    }
)
_SIGNATURE_CLASSES: Final = frozenset(
    {
        "gmail_signature",
        "gmail_signature_prefix",
        "moz-signature",
        "protonmail_signature_block",
        "protonmail_signature_block-user",
        "protonmail_signature_block-proton",
        "ms-outlook-mobile-signature",
        "yahoo-signature",
        "ydpsignature",
        "apple-mail-signature",
        "tutanota_signature",
        "email_signature",
        "email-signature",
        "emailsignature",
        "zm_sign",
        "front-signature",
        "fastmail-signature",
        "superhuman-signature",
        "sh-signature",
        "signature",
        "mail-signature",
        "mail_signature",
        "missive_signature",
        "hs_signature",
        "mailspring-signature",
        "gmx-signature",
        "webde-signature",
        "rc-signature",
        "ya-signature",
        "js-signature",
        "newton-signature",
        "canal_signature",
    }
)
_SIGNATURE_IDS: Final = frozenset(
    {
        "signature",
        "ms-outlook-mobile-signature",
        "applemailsignature",
        "_rc_sig",
        "sig",
        "mail-signature",
        "mailsignature",
        "email-signature",
        "zmail_signature",
        "js-signature",
        "spicy-signature",
        "composer_signature",
        "yahoo_signature",
        "aolmailsignature",
        "signaturetextbox",
        "edo-signature",
        "psignature",
        "sig_appendonsend",
        "x_signature",
        "x_ms-outlook-mobile-signature",
        "ntes-pcmac-signature",
        "ntes-pcmail-signature",
    }
)
_OUTLOOK_LINE = re.compile(
    r"border-top:(?:solid)?(?:\d[\d.]{0,5}p[tx])?(?:solid)?(?:windowtext)?"
    r"(?:#?(?:e1e1e1|b5c4df)|rgb\((?:225,225,225|181,196,223)\))"
)
_OUTLOOK_BAR = re.compile(r"border-left:(?:solid)?(?:blue)?1\.5pt(?:solid)?(?:blue)?")
_BY_NAME: Final[dict[str, Boundary]] = {
    "quote": "quote",
    "messagereplysection": "quote",
    "messagesignaturesection": "signature",
}
_TRIMMED_STYLE: Final = 1000


def html_boundary(tag: str, attrs: Mapping[str, str | None]) -> Boundary | None:
    """What an element means by itself: "quote", "cut" (all from here on is history), "signature".

    `tag` and the names in `attrs` are lower case. Gmail's outer `div.gmail_quote` is nothing here:
    people answer between the quotes in it, so its attribution and blockquotes speak for themselves.
    """
    classes = {name.removeprefix("x_") for name in _value(attrs, "class").split()[:50]}
    element_id = _value(attrs, "id")
    return (
        _by_id(element_id)
        or _by_class(tag, classes)
        or _by_attribute(tag, attrs)
        or _by_style(tag, attrs)
    )


def _value(attrs: Mapping[str, str | None], name: str) -> str:
    return (attrs.get(name) or "")[:_TRIMMED_STYLE].lower()


def _by_id(element_id: str) -> Boundary | None:
    if not element_id:
        return None
    name = element_id.strip().removeprefix("x_")
    if name in _CUT_IDS:
        return "cut"
    if name in _QUOTE_IDS or name.startswith(("yahoo_quoted", "ymail_quoted", "yiv_quoted")):
        return "quote"
    if name in _SIGNATURE_IDS or name.startswith(("applemailsignature", "yahoo_signature")):
        return "signature"
    return None


def _by_class(tag: str, classes: set[str]) -> Boundary | None:
    if classes & _SIGNATURE_CLASSES:
        return "signature"
    if classes & _QUOTE_CLASSES:
        return "quote"
    if tag == "blockquote" and any(name.startswith("gmail_quote") for name in classes):
        return "quote"
    if any(name.endswith(("yahoo_quoted", "moz-cite-prefix", "moz-signature")) for name in classes):
        return "signature" if any(name.endswith("moz-signature") for name in classes) else "quote"
    return None


def _by_attribute(tag: str, attrs: Mapping[str, str | None]) -> Boundary | None:
    if tag == "blockquote" and (
        _value(attrs, "type") == "cite" or _value(attrs, "cite").startswith(("mid:", "cid:"))
    ):
        return "quote"
    marker = _value(attrs, "data-marker")
    if marker in ("__quoted_text__", "__headers__"):
        return "quote"
    if marker in ("__sig_post__", "__sig_pre__"):
        return "signature"
    if _value(attrs, "data-smartmail") == "gmail_signature":
        return "signature"
    if tag == "hr" and (marker == "__divider__" or _value(attrs, "tabindex") == "-1"):
        return "cut"
    return _BY_NAME.get(_value(attrs, "name"))


def _by_style(tag: str, attrs: Mapping[str, str | None]) -> Boundary | None:
    """Outlook draws a line above the head of the mail that it quotes."""
    style = _value(attrs, "style")
    if tag != "div" or "border" not in style:
        return None
    squeezed = style.replace(" ", "").replace("\n", "").replace("\r", "").replace("\t", "")
    if _OUTLOOK_LINE.search(squeezed):
        return "cut"
    return "quote" if _OUTLOOK_BAR.search(squeezed) and "blue" in squeezed else None
