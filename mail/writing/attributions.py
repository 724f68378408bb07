"""The line above a quote: "On June 3, 2024 at 2:03 PM, Jo Miller <jo@x.example> wrote:".

In the customer's language, in the words that the mail clients of that language use, so that every
other mail program recognises and folds the quote.
"""

from __future__ import annotations

from datetime import UTC, datetime

_WORDS: dict[str, tuple[str, str]] = {
    # language: (with a date, without one)
    "en": ("On {date} at {time}, {author} wrote:", "{author} wrote:"),
    "ar": ("في {date} الساعة {time}، كتب {author}:", "كتب {author}:"),
    "bg": ("На {date} в {time} {author} написа:", "{author} написа:"),
    "ca": ("El {date} a les {time}, {author} va escriure:", "{author} va escriure:"),
    "cs": ("Dne {date} v {time} {author} napsal(a):", "{author} napsal(a):"),
    "da": ("Den {date} kl. {time} skrev {author}:", "{author} skrev:"),
    "de": ("Am {date} um {time} schrieb {author}:", "{author} schrieb:"),
    "el": ("Στις {date} στις {time}, ο/η {author} έγραψε:", "Ο/Η {author} έγραψε:"),
    "es": ("El {date} a las {time}, {author} escribió:", "{author} escribió:"),
    "et": ("{date} kell {time} kirjutas {author}:", "{author} kirjutas:"),
    "fi": ("{author} kirjoitti {date} klo {time}:", "{author} kirjoitti:"),
    "fr": ("Le {date} à {time}, {author} a écrit :", "{author} a écrit :"),
    "he": ("בתאריך {date} בשעה {time}, ‏{author} כתב/ה:", "‏{author} כתב/ה:"),
    "hr": ("Dana {date} u {time} {author} napisao/la je:", "{author} napisao/la je:"),
    "hu": ("{author} ezt írta ({date} {time}):", "{author} ezt írta:"),
    "id": ("Pada {date} pukul {time}, {author} menulis:", "{author} menulis:"),
    "it": ("Il giorno {date} alle ore {time} {author} ha scritto:", "{author} ha scritto:"),
    "ja": ("{date} {time} {author}:", "{author}:"),
    "ko": ("{date} {time}, {author}님이 작성:", "{author}님이 작성:"),
    "lt": ("{date} {time} {author} rašė:", "{author} rašė:"),
    "lv": ("{date} plkst. {time} {author} rakstīja:", "{author} rakstīja:"),
    "nb": ("Den {date} kl. {time} skrev {author}:", "{author} skrev:"),
    "nl": ("Op {date} om {time} schreef {author}:", "{author} schreef:"),
    "pl": ("W dniu {date} o {time} {author} napisał(a):", "{author} napisał(a):"),
    "pt": ("Em {date} às {time}, {author} escreveu:", "{author} escreveu:"),
    "ro": ("Pe {date} la {time}, {author} a scris:", "{author} a scris:"),
    "ru": ("{date} в {time}, {author} написал(а):", "{author} написал(а):"),
    "sk": ("Dňa {date} o {time} {author} napísal(a):", "{author} napísal(a):"),
    "sl": ("Dne {date} ob {time} je {author} napisal/-a:", "{author} je napisal/-a:"),
    "sv": ("Den {date} kl. {time} skrev {author}:", "{author} skrev:"),
    "th": ("เมื่อ {date} เวลา {time} {author} เขียนว่า:", "{author} เขียนว่า:"),
    "tr": ("{author}, {date} {time} tarihinde şunu yazdı:", "{author} şunu yazdı:"),
    "uk": ("{date} о {time}, {author} пише:", "{author} пише:"),
    "vi": ("Vào {date} lúc {time}, {author} đã viết:", "{author} đã viết:"),
    "zh": ("{author} 于 {date} {time} 写道：", "{author} 写道："),
    "zh_Hant": ("{author} 於 {date} {time} 寫道：", "{author} 寫道："),
}
_ALIASES = {"no": "nb", "nn": "nb", "iw": "he", "in": "id"}
_TRADITIONAL = {"Hant", "TW", "HK", "MO"}

LANGUAGES = tuple(sorted(_WORDS))


def attribution(author: str, date: datetime | None, language: str) -> str:
    """The line that introduces a quote.

    `author` is put in as it is (so it may be escaped HTML); the date is written in its own time
    zone, UTC when it has none. An unknown language is English.
    """
    with_date, without_date = _WORDS[language_key(language)]
    if date is None:
        return without_date.replace("{author}", author)
    day, time = _day_and_time(date, language)
    return with_date.replace("{date}", day).replace("{time}", time).replace("{author}", author)


def local_moment(date: datetime, language: str) -> str:
    """Date and time in the words of a language, for a line such as "Date: …"."""
    return ", ".join(_day_and_time(date, language))


def language_key(language: str) -> str:
    """Which of LANGUAGES a tag such as `pt-BR` is; `en` for one that is none of them."""
    return _language(language)[0]


def _day_and_time(date: datetime, language: str) -> tuple[str, str]:
    from babel.dates import format_date, format_time

    locale = _language(language)[1]
    moment = date if date.tzinfo else date.replace(tzinfo=UTC)
    day = format_date(moment, "long", locale=locale)
    time = format_time(moment, "short", tzinfo=moment.tzinfo, locale=locale)
    return _plain(day), _plain(time)


def _language(tag: str) -> tuple[str, str]:
    """`pt-BR` to the words to use and the locale of dates."""
    from babel import Locale, UnknownLocaleError

    language, *rest = tag.replace("_", "-").split("-")
    language = language.lower()
    language = _ALIASES.get(language, language)
    key = "zh_Hant" if language == "zh" and _TRADITIONAL & set(rest) else language
    if key not in _WORDS:
        return "en", "en"
    for name in ("_".join([language, *rest]), key, language):
        try:
            return key, str(Locale.parse(name))
        except (UnknownLocaleError, ValueError):
            continue
    return "en", "en"


def _plain(text: str) -> str:
    """Ordinary spaces for the narrow ones that Babel writes before PM."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")
