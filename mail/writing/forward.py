"""Mails passed on below a mail of ours: a separator, the original's header lines, its words.

In one language, in the words that the mail clients of that language use, so that every other mail
program (ours too: `mail.forwards`) recognises whose mail it was. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final

from mail.document import Document
from mail.model import Address
from mail.writing.attributions import LANGUAGES, language_key, local_moment
from mail.writing.headers import one_line

MOST_NAMED: Final = 50
"""Addresses of one line; a mail to a thousand people is not passed on with all their names."""
_WORDS: Final[dict[str, str]] = {
    # language: separator|From|Date|Subject|To|Cc
    "en": "Forwarded message|From|Date|Subject|To|Cc",
    "ar": "رسالة معاد توجيهها|من|التاريخ|الموضوع|إلى|نسخة",
    "bg": "Препратено съобщение|От|Дата|Относно|До|Копие",
    "ca": "Missatge reenviat|De|Data|Assumpte|A|Cc",
    "cs": "Přeposlaná zpráva|Od|Datum|Předmět|Komu|Kopie",
    "da": "Videresendt besked|Fra|Dato|Emne|Til|Cc",
    "de": "Weitergeleitete Nachricht|Von|Datum|Betreff|An|Cc",
    "el": "Προωθημένο μήνυμα|Από|Ημερομηνία|Θέμα|Προς|Κοιν.",
    "es": "Mensaje reenviado|De|Fecha|Asunto|Para|Cc",
    "et": "Edastatud kiri|Saatja|Kuupäev|Teema|Saaja|Cc",
    "fi": "Välitetty viesti|Lähettäjä|Päiväys|Aihe|Vastaanottaja|Kopio",
    "fr": "Message transféré|De|Date|Objet|À|Cc",
    "he": "הודעה שהועברה|מאת|תאריך|נושא|אל|עותק",
    "hr": "Proslijeđena poruka|Od|Datum|Predmet|Za|Kopija",
    "hu": "Továbbított üzenet|Feladó|Dátum|Tárgy|Címzett|Másolat",
    "id": "Pesan yang diteruskan|Dari|Tanggal|Perihal|Kepada|Tembusan",
    "it": "Messaggio inoltrato|Da|Data|Oggetto|A|Cc",
    "ja": "転送されたメッセージ|差出人|日付|件名|宛先|Cc",
    "ko": "전달된 메시지|보낸 사람|날짜|제목|받는 사람|참조",
    "lt": "Persiųstas laiškas|Nuo|Data|Tema|Kam|Cc",
    "lv": "Pārsūtīts ziņojums|No|Datums|Temats|Kam|Cc",
    "nb": "Videresendt melding|Fra|Dato|Emne|Til|Kopi",
    "nl": "Doorgestuurd bericht|Van|Datum|Onderwerp|Aan|Cc",
    "pl": "Przekazana wiadomość|Od|Data|Temat|Do|DW",
    "pt": "Mensagem encaminhada|De|Data|Assunto|Para|Cc",
    "ro": "Mesaj redirecționat|De la|Data|Subiect|Către|Cc",
    "ru": "Пересылаемое сообщение|От|Дата|Тема|Кому|Копия",
    "sk": "Preposlaná správa|Od|Dátum|Predmet|Komu|Cc",
    "sl": "Posredovano sporočilo|Od|Datum|Zadeva|Za|Cc",
    "sv": "Vidarebefordrat meddelande|Från|Datum|Ämne|Till|Kopia",
    "th": "ข้อความที่ส่งต่อ|จาก|วันที่|เรื่อง|ถึง|สำเนา",
    "tr": "Yönlendirilen ileti|Kimden|Tarih|Konu|Kime|Bilgi",
    "uk": "Переслане повідомлення|Від|Дата|Тема|Кому|Копія",
    "vi": "Thư được chuyển tiếp|Từ|Ngày|Chủ đề|Đến|Cc",
    "zh": "转发的邮件|发件人|日期|主题|收件人|抄送",
    "zh_Hant": "轉寄的郵件|寄件者|日期|主旨|收件者|副本",
}
assert set(LANGUAGES) == set(_WORDS)


@dataclass(frozen=True, slots=True)
class ForwardedMail:
    """A mail that is passed on, as its reader shall see it."""

    author: Address
    document: Document
    date: datetime | None = None
    subject: str = ""
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    label: str
    text: str = ""
    people: tuple[Address, ...] = ()


def forward_text(mail: ForwardedMail, language: str, body: str) -> str:
    """The block as plain text; `body` is the mail's words as text."""
    head = "\n".join(
        f"{line.label}: {', '.join(map(_person, line.people)) or line.text}"
        for line in _lines(mail, language)
    )
    parts = [f"{_separator(language)}\n{head}", body]
    return "\n\n".join(part for part in parts if part)


def forward_html(mail: ForwardedMail, language: str, body: str, attributes: str = "") -> str:
    """The block as HTML, the way Gmail writes it; `body` is the mail's words as HTML."""
    head = "<br>\n".join(
        f"{escape(line.label)}: {', '.join(map(_link, line.people)) or escape(line.text)}"
        for line in _lines(mail, language)
    )
    return (
        f'<div class="gmail_quote">\n<div class="gmail_attr"{attributes}>'
        f"{escape(_separator(language))}<br>\n{head}<br></div>\n<br>\n{body}</div>\n"
    )


def _separator(language: str) -> str:
    return f"---------- {_words(language)[0]} ---------"


def _words(language: str) -> list[str]:
    return _WORDS[language_key(language)].split("|")


def _lines(mail: ForwardedMail, language: str) -> Iterator[_Line]:
    _, author, date, subject, to, copy = _words(language)
    yield _Line(author, people=(mail.author,))
    if mail.date is not None:
        yield _Line(date, local_moment(mail.date, language))
    yield _Line(subject, one_line(mail.subject))
    if mail.to:
        yield _Line(to, people=tuple(_some(mail.to)))
    if mail.cc:
        yield _Line(copy, people=tuple(_some(mail.cc)))


def _some(people: Iterable[Address]) -> list[Address]:
    return list(people)[:MOST_NAMED]


def _person(person: Address) -> str:
    return one_line(str(person))


def _link(person: Address) -> str:
    name, address = escape(one_line(person.name)), escape(one_line(person.address))
    link = f'<a href="mailto:{address}">{address}</a>'
    return f"<b>{name}</b> &lt;{link}&gt;" if name else link
