"""A guess at the charset of bytes that nothing describes and that are not UTF-8.

Each candidate decodes the text; the letters that its languages use most are counted against those
that they hardly use. It is right for a sentence or two, which is what matters here.
"""

from __future__ import annotations

import re

_SAMPLE = 20_000
_COMMON = {
    "cp1251": frozenset("оеаинтсрвлкмдпуяыь"),
    "cp1253": frozenset("αοιετσνηυρπκμλςόίάέ"),
    "cp1255": frozenset("יוהלאתרמבנש"),
    "cp1256": frozenset("اليمنوتربهة"),
}
_COMMON["koi8_r"] = _COMMON["cp866"] = _COMMON["cp1251"]
_LETTERS = {
    "cp1251": re.compile("[а-яёіїєґ№«»–—]"),
    "cp1253": re.compile("[ά-ώ]"),
    "cp1255": re.compile("[א-ת]"),
    "cp1256": re.compile("[ء-يً-ْ]"),
}
_LETTERS["koi8_r"] = _LETTERS["cp866"] = _LETTERS["cp1251"]
_CAPITALS = re.compile("[А-ЯЁІЇЄҐΆ-Ϋ]")
_HIGH_RUN = re.compile(rb"[\x80-\xff]{3,}")


def guess_charset(data: bytes) -> str:
    """The most likely codec; cp1252 when nothing speaks for another."""
    sample = data[:_SAMPLE]
    high = sum(len(run) for run in _HIGH_RUN.findall(sample))
    total_high = sum(1 for byte in sample if byte > 0x7F)
    if total_high == 0 or high * 3 < total_high or high < 4:
        return "cp1252"  # lone accents between ASCII letters: a Western language
    scores = {codec: _score(sample, codec) for codec in _CANDIDATES}
    best = max(scores, key=lambda codec: scores[codec])
    return best if scores[best] > 0.25 else "cp1252"


_CANDIDATES = (
    "cp1251",
    "koi8_r",
    "cp866",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5hkscs",
    "cp949",
    "cp1253",
    "cp1255",
    "cp1256",
    "cp874",
)


def _score(sample: bytes, codec: str) -> float:
    """Share of characters that are typical of the codec's languages, less the untypical."""
    text = sample.decode(codec, "replace")
    foreign = [char for char in text[:-1] if char > "\x7f"]
    if not foreign:
        return 0.0
    if codec in _COMMON:
        return _alphabet_score(foreign, codec)
    good = sum(1 for char in foreign if _typical(char, codec))
    bad = sum(1 for char in foreign if char == "\ufffd" or 0xE000 <= ord(char) < 0xF900)
    return (good - 4 * bad) / len(foreign)


def _alphabet_score(foreign: list[str], codec: str) -> float:
    """The frequent letters of the alphabet speak for it; capitals a little against it."""
    common, letter = _COMMON[codec], _LETTERS[codec]
    score = 0.0
    for char in foreign:
        if char in common:
            score += 1.3
        elif letter.match(char):
            score += 0.2
        elif _CAPITALS.match(char):
            score -= 0.5
        else:
            score -= 2
    return score / len(foreign)


def _typical(char: str, codec: str) -> bool:
    code = ord(char)
    kana = 0x3040 <= code <= 0x30FF or 0x3000 <= code <= 0x3002
    match codec:
        case "cp932" | "euc_jp":
            return kana or (0x4E00 <= code <= 0x9FFF and _fits(char, "shift_jis", 0x98))
        case "gb18030":
            return (0x4E00 <= code <= 0x9FFF and _fits(char, "gb2312", 0xD8)) or code in _CJK_MARKS
        case "big5hkscs":
            return (0x4E00 <= code <= 0x9FFF and _fits(char, "big5", 0xC7)) or code in _CJK_MARKS
        case "cp949":
            return 0xAC00 <= code <= 0xD7A3 and _fits(char, "euc_kr", 0xFF)
        case _:
            return 0xE01 <= code <= 0xE4E


_CJK_MARKS = frozenset({0x3001, 0x3002, 0xFF0C, 0xFF1A, 0xFF01, 0xFF1F, 0x300C, 0x300D})


def _fits(char: str, codec: str, first_rare_lead: int) -> bool:
    """Whether the character is in the everyday half of the codec's table."""
    try:
        return char.encode(codec)[0] < first_rare_lead
    except UnicodeEncodeError:
        return False
