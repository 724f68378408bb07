"""Folders of a mailbox: what there is, where sent mail belongs, and filing a mail there.

Functions over a logged-in client; called by `mail.imap.account`, which sets time limits and turns
exceptions into sentences.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import imapclient

from mail.errors import FolderMissing
from mail.sentences import say

# What mail programs and providers call the Sent folder, casefolded.
SENT_NAMES = frozenset(
    name.casefold()
    for name in (
        *("Sent", "Sent Items", "Sent Messages", "Sent Mail", "Sent-Mail", "[Gmail]/Sent Mail"),
        *("Gesendet", "Gesendete Elemente", "Gesendete Objekte", "Gesendete Nachrichten"),
        *("Envoyés", "Éléments envoyés", "Messages envoyés", "Courrier envoyé"),
        *("Enviados", "Enviado", "Elementos enviados", "Correo enviado", "Mensajes enviados"),
        *("Itens enviados", "Itens Enviados", "Mensagens enviadas", "E-mails enviados"),
        *("Inviati", "Inviata", "Posta inviata", "Elementi inviati", "Messaggi inviati"),
        *("Verzonden", "Verzonden items", "Verzonden berichten", "Verzonden objecten"),
        *("Wysłane", "Elementy wysłane", "Wiadomości wysłane"),
        *("Отправленные", "Отправленное", "Надіслані", "Надіслане", "Відправлені", "Адпраўленыя"),
        *("Skickat", "Skickade", "Skickade objekt", "Sendt", "Sendte", "Sendt post"),
        *("Sendte elementer", "Lähetetyt", "Lähetetyt viestit", "Saadetud"),
        *("Odeslané", "Odeslaná pošta", "Odoslané", "Odoslaná pošta", "Poslano", "Poslane"),
        *("Elküldött", "Elküldött elemek", "Trimise", "Elemente trimise", "Изпратени"),
        *("Gönderilmiş Öğeler", "Gönderilmiş", "Gönderilenler", "Απεσταλμένα", "Gesend"),
        *(
            "已发送",
            "已发送邮件",
            "已傳送",
            "寄件備份",
            "已傳送的郵件",
            "送信済み",
            "送信済みアイテム",
        ),
        *("送信済みメール", "보낸 편지함", "보낸편지함", "보낸메일함", "Đã gửi", "Thư đã gửi"),
        *("נשלח", "פריטים שנשלחו", "דואר יוצא", "المرسل", "العناصر المرسلة", "البريد المرسل"),
        *("รายการที่ส่ง", "Terkirim", "Item Terkirim", "भेजे गए आइटम"),
    )
)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that mails can be in. `special` is its use after RFC 6154 ("sent", "junk", …)."""

    name: str
    special: str | None = None


_SPECIAL = {
    rb"\sent": "sent",
    rb"\junk": "junk",
    rb"\trash": "trash",
    rb"\drafts": "drafts",
    rb"\archive": "archive",
    rb"\all": "all",
    rb"\allmail": "all",
    rb"\spam": "junk",
}


def list_folders(client: imapclient.IMAPClient) -> list[Folder]:
    """The folders of the account that can be opened, INBOX first."""
    found = [
        Folder(name, _special_use(flags))
        for flags, _, name in client.list_folders()
        if not {flag.lower() for flag in flags} & {rb"\noselect", rb"\nonexistent"}
    ]
    return sorted(found, key=lambda one: (one.name.upper() != "INBOX", one.name.casefold()))


def _special_use(flags: tuple[bytes, ...]) -> str | None:
    return next((_SPECIAL[flag.lower()] for flag in flags if flag.lower() in _SPECIAL), None)


def find_sent_folder(folders: list[Folder]) -> Folder | None:
    """Where sent mail belongs: by special use, else by one of its many names."""
    for folder in folders:
        if folder.special == "sent":
            return folder
    for folder in folders:
        if folder.name.casefold() in SENT_NAMES:
            return folder
    for folder in folders:
        if re.split(r"[/.\\]", folder.name.casefold())[-1] in SENT_NAMES:
            return folder
    return None


def append_mail(client: Any, data: bytes, message_id: str | None) -> str | None:
    """File `data` in Sent; see `ImapAccount.append_to_sent`. Makes "Sent" when there is none."""
    folder = find_sent_folder(list_folders(client))
    name = folder.name if folder else _create_sent(client)
    if folder and message_id and _is_there(client, name, message_id):
        return None
    lines = re.sub(rb"\r?\n|\r", b"\r\n", data)
    client.append(name, lines, flags=[rb"\Seen"], msg_time=datetime.now(UTC))
    return name


def _is_there(client: Any, folder: str, message_id: str) -> bool:
    client.select_folder(folder, readonly=True)
    return bool(client.search(["HEADER", "Message-ID", message_id]))


def _create_sent(client: Any) -> str:
    for name in ("Sent", "INBOX.Sent"):
        with suppress(imapclient.exceptions.IMAPClientError):
            client.create_folder(name)
            with suppress(imapclient.exceptions.IMAPClientError):
                client.subscribe_folder(name)
            return name
    raise FolderMissing(say("This mailbox has no folder for sent mail, and none could be made."))
