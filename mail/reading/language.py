"""The language that a mail is written in, as far as its words tell: for the lines above quotes.

The script decides where only one language is written in it; else the small words that every text
has. What the mail says of itself (Content-Language) counts only where the words do not tell: most
programs put the language of their menus there. Pure.
"""

from __future__ import annotations

import re
from typing import Final

_MOST_TEXT: Final = 800
_MOST_WORDS: Final = 80
_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?")
_SCRIPTS: Final[tuple[tuple[str, str], ...]] = (
    ("ja", "[\u3040-\u30ff]"),
    ("ko", "[\uac00-\ud7af]"),
    ("zh", "[\u4e00-\u9fff]"),
    ("he", "[\u0590-\u05ff]"),
    ("ar", "[\u0600-\u06ff]"),
    ("th", "[\u0e00-\u0e7f]"),
    ("el", "[\u0370-\u03ff]"),
)
_TRADITIONAL = re.compile("[們這個來時對說國會學過還沒問題請謝關於訂單電話點無為與]")
_SIMPLIFIED = re.compile("[们这个来时对说国会学过还没问题请谢关于订单电话点无为与]")
_SMALL_WORDS: Final[dict[str, str]] = {
    "en": (
        "the and you for with this that have are not please your our from was would can "
        "has been will thanks hello dear which it is of to"
    ),
    "de": (
        "und der die das ich ist nicht mit sie ein eine für auf den von wir haben bitte "
        "zu im wie dass wurde hallo danke grüße habe bei mir"
    ),
    "fr": (
        "le la les des est une pour vous nous je pas que dans avec sur merci bonjour "
        "cordialement votre mais être avons ce cette suis du au"
    ),
    "es": (
        "el los las que una para con por está no su usted gracias hola pero como más este "
        "esta tengo saludos mi muy buenos necesito y del"
    ),
    "pt": (
        "não uma para com que você obrigado obrigada olá meu minha está são mais em um os "
        "as favor foi tenho preciso por do da"
    ),
    "it": (
        "che non una per con sono del della grazie buongiorno ho questo è gli il lo nel "
        "saluti vorrei mia mio cordiali anche alla ma"
    ),
    "nl": (
        "het een van ik niet met voor zijn dat op hebben wij u bedankt hallo graag mijn "
        "heb naar deze en is wordt kunt groeten de"
    ),
    "pl": (
        "nie jest się na do że proszę dziękuję dzień dobry dla mam mnie czy jak to przez "
        "pozdrawiam ale tego bardzo od"
    ),
    "cs": (
        "není jsem na že prosím děkuji dobrý den pro mám mi jak by ale se si přes ještě "
        "pozdravem který objednávka bych"
    ),
    "sk": (
        "nie som na že prosím ďakujem dobrý deň pre mám mi ako by ale sa si ešte "
        "pozdravom ktorý objednávka"
    ),
    "sv": (
        "och att det jag inte är en för med på av till har ni tack hej vi kan som min mvh "
        "hälsningar"
    ),
    "da": (
        "og at det jeg ikke er en for med på af til har i tak hej vi kan som min mvh "
        "hilsen hvad bliver"
    ),
    "nb": (
        "og at det jeg ikke er en for med på av til har dere takk hei vi kan som min mvh "
        "hilsen hva blir"
    ),
    "fi": (
        "ja on ei että se en minun kiitos hei olen mutta kun voi tai myös ovat tämä "
        "terveisin teidän mitä"
    ),
    "hu": (
        "és a az hogy nem egy van kérem köszönöm üdvözlettel jó napot meg de már vagyok "
        "ezt nekem is"
    ),
    "ro": (
        "și nu este pentru că cu din la vă mulțumesc bună ziua am sunt mai o această îmi "
        "dar stimate"
    ),
    "tr": (
        "bir ve bu için merhaba teşekkürler değil ile çok var mı ben lütfen siparişim "
        "olarak ama iyi günler da de"
    ),
    "hr": ("je i na da se nije za sam molim hvala dobar dan koji što ali sa od bi pozdrav moj"),
    "sl": ("je in na da se ni za sem prosim hvala dober dan ki kaj ampak od bi pozdrav moj lep"),
    "lt": "ir yra ne į su kad prašau ačiū laba diena mano bet už dėl galite pagarbiai",
    "lv": "un ir nav uz ar ka lūdzu paldies labdien mans bet par jūs cieņā",
    "et": "ja on ei et see ma tere palun aitäh minu aga kas oma lugupidamisega ning",
    "id": ("yang dan di ini itu untuk saya tidak dengan ada terima kasih mohon anda sudah dari"),
    "vi": "và là của không tôi cho có được xin cảm ơn với này bạn chào",
    "ca": "el els les que una per amb és no gràcies hola però com més aquest meva teniu",
    "ru": (
        "и в не на что я с это как вы по но из здравствуйте спасибо пожалуйста мой у меня "
        "был заказ для"
    ),
    "uk": ("і в не на що я з це як ви по але із вітаю дякую будь ласка мій у мене був для та є"),
    "bg": ("и в не на че аз с това как вие по но от здравейте благодаря моля мой съм да за се"),
}


def _by_word() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for language, words in _SMALL_WORDS.items():
        for word in words.split():
            found.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in found.items()}


_LANGUAGES_OF: Final = _by_word()


def detect_language(text: str, declared: str = "") -> str | None:
    """A tag such as `de` or `zh-Hant`; None where nothing tells. `declared` is Content-Language."""
    sample = text[:_MOST_TEXT]
    return _by_script(sample) or _by_words(sample) or _declared(declared)


def _by_script(text: str) -> str | None:
    if text.isascii():
        return None
    letters = sum(map(str.isalpha, text))
    if not letters:
        return None
    for language, pattern in _SCRIPTS:
        if len(re.findall(pattern, text)) * 5 >= letters:
            return _chinese(text) if language == "zh" else language
    return None


def _chinese(text: str) -> str:
    traditional, simplified = len(_TRADITIONAL.findall(text)), len(_SIMPLIFIED.findall(text))
    return "zh-Hant" if traditional > simplified else "zh"


def _by_words(text: str) -> str | None:
    """The language whose small words are there most, and clearly more than any other's."""
    hits = dict.fromkeys(_SMALL_WORDS, 0)
    for word in _WORD.findall(text.casefold())[:_MOST_WORDS]:
        for language in _LANGUAGES_OF.get(word, ()):
            hits[language] += 1
    best = max(hits, key=hits.__getitem__)
    most = hits.pop(best)
    next_most = max(hits.values())
    return best if most >= 2 and most > next_most else None


def _declared(value: str) -> str | None:
    found = _TAG.match(value.strip())
    return found.group(0).replace("_", "-") if found else None
