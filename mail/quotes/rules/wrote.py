"""The verbs of attribution lines ("On Monday Jo wrote:"), lower case, in every language."""

from __future__ import annotations

import re
from typing import Final

SPACED: Final = (
    # Directly before the colon, in scripts that put spaces between words.
    "wrote|writes|has written|said|says|sent|schrieb|hat geschrieben|schrieben|geschrieben|"
    "schrieb folgendes|a écrit|a écrit ce qui suit|écrivait|ecrit|a ecrit|a envoyé|"
    "escribió|escribio|ha escrito|escribe|escreveu|escreveram|escrevia|escreve|ha scritto|"
    "scrive|"
    "scrisse|schreef|heeft geschreven|het volgende geschreven|geschreven|schreef het volgende|"
    "napisał|napisała|napisał(a)|napisał/a|napisał(-a)|napisali|pisze|pisał|pisal|napisal|"
    "пишет|писал|писала|писал(а)|написал|написала|написал(а)|написали|вы писали|пише|написав|"
    "написала|написав(ла)|написав/написала|писав|написа|написао|написао/ла|napisao|napisala|"
    "napisao/la|napisao je|napisala je|je napisao|je napisala|je napisao/la|piše|skrev|skriver|"
    "skrev följande|skrev følgende|skreiv|kirjoitti|kirjoittaa|kirjoitti näin|napsal|napsala|"
    "napsal(a)|napsal/a|napísal|napísala|napísal(a)|napísal/a|píše|yazdı|yazmış|yazdi|"
    "şunu yazdı|"
    "şunları yazdı|tarihinde şunu yazdı|a scris|au scris|írta|ezt írta|a következőt írta|írt|"
    "έγραψε|έγραψαν|έγραψες|γράφει|đã viết|viết|da viet|menulis|rašė|parašė|rakstīja|"
    "uzrakstīja|kirjutas|kirjutas järgmist|skrifaði|va escriure|ha escrit|escriviu|idatzi zuen|"
    "escribiu|je oseba|je pisal|je napisal|je pisala|je napisala|napisal(a)|כתב|כתבה|"
    "כתב/ה|כתב‎|"
    "כתבת|كتب|كتبت|كتب ما يلي|تمت كتابة ما يلي|نوشت|نوشته است|ने लिखा|laskrev|mendesak|scribed"
)

UNSPACED: Final = (
    "写道|寫道|写到|写信|写了|寫了|撰寫|寫|書きました|書いた|のメール|さんは書きました|"
    "の書き込み|"
    "작성|작성함|씀|썼습니다|쓴 글|님이 작성|님의 글|เขียน|เขียนว่า|ได้เขียนว่า"
)

MIDDLE: Final = (
    # These may stand before the name or the date: "Am … schrieb Jo:".
    "schrieb|schrieb folgendes|schreef|skrev|skreiv|pisze|napisał|napisał(a)|napsal|napsal(a)|"
    "odesílatel|odosielateľ|wrote|wrote on|escribió|escreveu|a écrit|ha scritto|писали|"
    "вы писали|"
    "писал|писал(а)|написал|написала|пише|כתב|כתבה|מאת|كتب|ezt írta|írta|kirjoitti|yazdı|"
    "je oseba|skrifaði|kirjutas|rašė|έγραψε|написа|написао|napisao|đã viết|menulis|a scris|"
    "écrivait|napísal|you wrote|du schriebst|sie schrieben|vous écriviez|usted escribió|"
    "você escreveu|napisana przez|dnia"
)

QUOTING: Final = (
    "quoting",
    "zitat von",
    "zitiere",
    "citando a",
    "citando",
    "citation de",
    "quoting from",
    "cytowanie",
    "citerar",
    "citat från",
    "citerer",
    "citaat van",
    "citován",
    "цитирование",
    "lainaus",
    "idézet",
    "in reply to",
    "reply to",
)

_STARTS: Final = """
on le el em a à il op am den d w dnia dne dňa på вы в на în la στις u v vào vao pada at in
في בתאריך ב ‏בתאריך in date: el en lúc ngày dia da den. die do le lo der o em: on: datum: il: ngày
tanggal در เมื่อ को kuupäeval þann d. kl. az a(z) quoting zitat citando citation il: gio o. um
"""
STARTS: Final = frozenset(_STARTS.split())
"""First words of attribution lines. A line may also start with a date or with a name."""


def _words(alternatives: str) -> str:
    longest_first = sorted(set(alternatives.split("|")), key=len, reverse=True)
    return "|".join(re.escape(word) for word in longest_first)


VERB_AT_END: Final = re.compile(
    rf"(?:(?:^|[\s,;>)\]\"'»”’|/])(?:{_words(SPACED)})|(?:{_words(UNSPACED)}))"
    r"[\s\"'»”.,]{0,3}$"
)
"""Matches a lower-case line without its colon that ends in a verb of writing."""

VERB_INSIDE: Final = re.compile(rf"(?:^|[\s,;>)\]])(?:{_words(MIDDLE)})(?=[\s,:(]|$)")
