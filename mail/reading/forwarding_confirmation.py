"""Mails by which providers ask whether they may forward somebody's mail to us. Pure.

The sender is a known provider, the words speak of forwarding, and there is a code, or a link that
leads over https to the provider's own host. Nothing else is ever taken for one: such a mail is
shown to an admin as something to click.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mail.document import Document
from mail.model import ParsedMail

_MOST_TEXT: Final = 20_000
_MOST_LINKS: Final = 200


@dataclass(frozen=True, slots=True)
class ForwardingConfirmation:
    """`account` is the mailbox that asks to be forwarded, as far as the mail names it."""

    provider: str
    code: str | None = None
    link: str | None = None
    account: str | None = None


_PROVIDERS: Final[dict[str, tuple[str, str]]] = {
    # name: (domains of the sender, domains of the link)
    "Gmail": ("google.com|googlemail.com|gmail.com", "google.com|googlemail.com|gmail.com"),
    "Yandex": (
        "yandex.ru|yandex.com|yandex.net|yandex-team.ru|ya.ru|yandex.by|yandex.kz|yandex.com.tr",
        "yandex.ru|yandex.com|yandex.net|ya.ru|yandex.by|yandex.kz|yandex.com.tr|yandex.ua",
    ),
    "Mail.ru": ("mail.ru|corp.mail.ru|vk.company|vk.team", "mail.ru"),
    "Outlook": (
        "microsoft.com|outlook.com|hotmail.com|live.com|office365.com|accountprotection.microsoft.com",
        "live.com|microsoft.com|outlook.com|office.com|office365.com|microsoftonline.com",
    ),
    "Yahoo": ("yahoo.com|yahoo-inc.com|yahooinc.com|aol.com", "yahoo.com|aol.com"),
    "Proton": ("proton.me|protonmail.com|protonmail.ch", "proton.me|protonmail.com"),
    "Zoho": ("zoho.com|zohomail.com|zoho.eu|zoho.in|zohocorp.com", "zoho.com|zoho.eu|zoho.in"),
    "Fastmail": ("fastmail.com|messagingengine.com", "fastmail.com"),
    "iCloud": ("apple.com|icloud.com", "apple.com|icloud.com"),
    "GMX": ("gmx.net|gmx.com|gmx.de|gmxnet.de", "gmx.net|gmx.com|gmx.de"),
    "WEB.DE": ("web.de", "web.de"),
    "Rambler": ("rambler.ru|rambler-co.ru", "rambler.ru"),
    "Seznam": ("seznam.cz", "seznam.cz"),
}
_MACHINE = re.compile(
    r"no[-_.]?reply|not[-_.]?reply|forward|devnull|robot|mailer|notif|security|support|service|"
    r"postmaster|daemon|confirm|verif|admin|team|info",
    re.IGNORECASE,
)
"""Their customers have addresses at the same domains."""
_FORWARDING = re.compile(
    r"forward|weiterleit|umleit|transfert|transfér|redirec|rediri[gj]|reenv|reencaminh|encaminh|"
    r"inoltr|doorstur|przekaz|przekier|przesył|пересыл|переадрес|перенаправ|vidarebef|videresend|"
    r"edelleenlähet|uudelleenohj|přepos|presměr|přesměr|preposiel|yönlendir|ilet|továbbít|προώθησ|"
    r"προωθ|転送|转发|轉寄|轉發|전달|העבר|توجيه|إعادة|chuyển tiếp|redirecțion|препращ|"
    r"prosljeđ|preusmer|teruskan|ส่งต่อ",
    re.IGNORECASE,
)
_CONFIRMING = re.compile(
    r"confirm|verif|bestätig|vérifi|conferm|bevestig|potwierdz|weryfik|подтверд|підтверд|bekräft|"
    r"bekræft|bekreft|vahvist|potvrd|potvrz|ověř|overen|doğrula|onay|megerősít|επιβεβαί|επαλήθ|"
    r"確認|确认|確認|验证|驗證|확인|인증|אישור|אימות|تأكيد|التحقق|xác nhận|xác minh|потвърд|"
    r"konfirmasi|verifikasi|ยืนยัน|approve|accept|authori[sz]|code|код|código|codice|kod",
    re.IGNORECASE,
)
_SUBJECT_CODE = re.compile(r"\(#\s?(\d{5,12})\)")
_CODE = re.compile(
    r"(?:code|код|código|codice|kod|kód|κωδικός|コード|代码|代碼|验证码|驗證碼|코드|קוד|رمز|mã|รหัส)"
    r"[^\d\n]{0,60}\n?\s{0,10}(\d(?:[ -]?\d){3,11})\b",
    re.IGNORECASE,
)
_URL = re.compile(r"https://[^\s<>\"')\]}|\x00-\x20]{4,2000}", re.IGNORECASE)
_YES = re.compile(
    r"/vf-|vf%5b|confirm|verif|accept|approve|activat|validate|authori[sz]e|forward", re.IGNORECASE
)
_NO = re.compile(
    r"/uf-|uf%5b|cancel|deny|reject|decline|revoke|unsubscribe|/support|support\.|/help|help\.|"
    r"policies|privacy|/terms|/legal|learn",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,200}\.[A-Za-z]{2,24}")


def find_forwarding_confirmation(mail: ParsedMail) -> ForwardingConfirmation | None:
    """The question in this mail; None for every other mail."""
    sender = mail.from_
    if sender is None:
        return None
    if not _MACHINE.search(sender.address.rpartition("@")[0][:64]):
        return None
    text = mail.text[:_MOST_TEXT]
    words = f"{mail.subject}\n{text}"
    for provider, (senders, hosts) in _PROVIDERS.items():
        if not _is_of(sender.domain, senders):
            continue
        if not (_FORWARDING.search(words) and _CONFIRMING.search(words)):
            return None
        link = _find_link(_links(mail.document, text), hosts)
        code = _find_code(mail.subject, text)
        if link is None and code is None:
            return None
        return ForwardingConfirmation(provider, code, link, _find_account(mail, words))
    return None


def _is_of(domain: str, names: str) -> bool:
    """Whether the domain is one of these or below one of them."""
    domain = domain.casefold().rstrip(".")
    return any(domain == name or domain.endswith(f".{name}") for name in names.split("|"))


def _links(document: Document, text: str) -> Iterator[str]:
    for block in document.blocks:
        for span in getattr(block, "spans", ()):
            if span.link:
                yield span.link
    for found in _URL.finditer(text):
        yield found.group(0).rstrip(".,;:!?")


def _find_link(links: Iterable[str], hosts: str) -> str | None:
    """The first link to the provider's own host that says yes."""
    for index, link in enumerate(links):
        if index >= _MOST_LINKS:
            return None
        if _is_own(link, hosts) and _YES.search(link) and not _NO.search(link):
            return link
    return None


def _is_own(link: str, hosts: str) -> bool:
    if not _URL.fullmatch(link):
        return False
    try:
        parts = urlsplit(link)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return parts.username is None and port in (None, 443) and _is_of(host, hosts)


def _find_code(subject: str, text: str) -> str | None:
    found = _SUBJECT_CODE.search(subject[:500]) or _CODE.search(subject[:500]) or _CODE.search(text)
    return re.sub(r"[ -]", "", found[1]) if found else None


def _find_account(mail: ParsedMail, words: str) -> str | None:
    """The first address that is named and is neither the sender's nor a recipient's."""
    known = {one.key for one in (*mail.to, *mail.cc, *mail.reply_to)}
    known |= {mail.from_.key} if mail.from_ else set()
    for index, found in enumerate(_ADDRESS.finditer(words)):
        if index > 50:
            break
        if found.group(0).casefold() not in known:
            return found.group(0)
    return None
