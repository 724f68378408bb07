"""Whom a bounce without a standard report is about: addresses in its text, weighed by their place.

An address alone at the start of a line, or behind a word such as "Recipient:", is meant; one in
the middle of a sentence may be; the sender's, the server's and those inside Message-IDs are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mail.bounces.status import find_enhanced, find_reply, status_of_words

_MOST_CANDIDATES: Final = 60
_MOST_LINES: Final = 400
_LONGEST: Final = 400
_MOST_DIAGNOSTICS: Final = 20
_ATOM: Final = r"[\w!#$%&*+/?^{}~.-]"
_LOCAL: Final = rf"(?a:{_ATOM}{{1,64}})(?:=(?a:{_ATOM}{{1,60}}))?"
_ADDR: Final = rf"(?P<address>{_LOCAL}@(?a:[\w.-]{{1,253}}\w))"
_ANYWHERE = re.compile(_ADDR)
_LINE_START = re.compile(
    rf"[\s>*|#+-]{{0,20}}(?:\d{{1,3}}[.)]\s|rfc822;\s?|e?smtp:?\s|local\s)?[<(\[\"']{{0,2}}{_ADDR}[>)\]\"']{{0,2}}"
    r"\s{0,8}(?:<<<|[:;,.]*\s*$|\.\.\.|:\s|\s+on\s|\s?[(\[]|\s-\s|\s+[45]\d\d\b|\s+\S{0,40}:|;)"
)
_ARROWS = re.compile(rf">{{2,3}}\s*<?{_ADDR}>?\s*<{{2,3}}")
_LABELLED = re.compile(
    r"(?:^|[\s>*(])(?:(?:failed |final[- ]|original[- ]|intended |invalid |unknown |the |mail |"
    r"e-?mail |actual[- ]|bounced |undeliverable |unreachable )*(?:recipients?|addressee|"
    r"rcpt|address(?:es)?|destination|users?|mailbox|account)"
    r"(?:\(s\)|\(es\))?(?: address(?:es)?| name)?(?: (?:is|was|were|failed))?"
    r"|rcpt to|(?:deliver(?:y|ed)?|message|mail|e-?mail|sent|send|undeliverable|forward) "
    r"(?:\w{1,12} ){0,3}?to"
    r"(?: (?:the )?(?:following )?(?:recipient|address|user|mailbox)(?:\(s\)|s)?)?"
    r"|to|pour|an|para|per|kepada|for|empfänger|destinataires?|destinat[aá]rios?|destinatari[oi]?|"
    r"ontvanger|odbiorca|adresat|получател\w|кому|адрес\w*|adresse|dirección|endereço|indirizzo|"
    r"收件人|收信人|收件者|宛先|受信者|받는 ?사람|수신자?)"
    rf"\s?[:：=]?\s*(?:rfc822;|smtp:|mailto:)?\s*[<(\[\"']{{0,2}}(?<![a-z]){_ADDR}",
    re.IGNORECASE,
)
_TYPE = re.compile(r"^(?:mailto|smtp|rfc-?822)[:=]", re.IGNORECASE)
_X400 = re.compile(rf"(?:^|[\s;:])(?:smtp|rfc-?822)={_ADDR}", re.IGNORECASE)
_ECHO = re.compile(r"\s{0,20}(?:to|cc|subject|sent|date)\s{0,3}:", re.IGNORECASE)
"""The head of our mail, as some servers repeat it above what they have to say."""
_BEFORE = re.compile(
    r"(?:^|\s)(?:mail|mails|messages?|sent|received) from\s{1,3}<?$", re.IGNORECASE
)
"""What stands before a sender."""
_SENDER_LINE = re.compile(
    r"^[\s>*|]{0,20}(?:from|sender|reply-to|return-path|message-id|date|subject|mail from|"
    r"reporting-mta|in-reply-to|references|cc|received|x-[\w-]{1,40}|contact|arrival-date|"
    r"postmaster|von|de|da|absender|от|发件人|差出人)\b[^:]{0,20}:",
    re.IGNORECASE,
)
_HELPERS: Final = (
    "postmaster@",
    "mailer-daemon@",
    "abuse@",
    "support@",
    "helpdesk@",
    "mailmaster@",
    "hostmaster@",
    "webmaster@",
    "admin@",
    "noreply@",
    "no-reply@",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address in the explanation: how surely it is the recipient, and on which line."""

    address: str
    line: int
    weight: int


def find_candidates(explanation: str, excluded: Iterable[str]) -> list[Candidate]:
    """Every address that may be meant, each once with its best weight, in order of appearance."""
    unwanted = {address.lower() for address in excluded}
    best: dict[str, Candidate] = {}
    lines = explanation.split("\n")[:_MOST_LINES]
    for number, line in enumerate(lines):
        if "@" not in line:
            continue
        found = [(item, 0) for item in _echoed(lines, number)] or _in_line(line[:_LONGEST])
        for address, weight in found:
            key = address.lower()
            known = best.get(key)
            if key in unwanted or (known is None and len(best) >= _MOST_CANDIDATES):
                continue
            if known is None or known.weight < weight:
                best[key] = Candidate(address, number, weight)
    return list(best.values())


def _in_line(line: str) -> list[tuple[str, int]]:
    if _SENDER_LINE.match(line):
        return []
    arrows = _ARROWS.search(line)
    first = _LINE_START.match(line)
    if arrows or first:
        found = arrows or first
        return [(_clean(found["address"]), 4)] if found else []
    telling = bool(find_reply(line) or find_enhanced(line) or status_of_words(line))
    named = [(_clean(found["address"]), 4) for found in _X400.finditer(line)]
    named += [(_clean(found["address"]), 3) for found in _LABELLED.finditer(line)]
    others = [
        (_clean(found["address"]), 2 if telling else 1)
        for found in _ANYWHERE.finditer(line)
        if not _BEFORE.search(line[max(0, found.start() - 20) : found.start()])
    ]
    return [item for item in (*named, *others) if not item[0].lower().startswith(_HELPERS)]


def _echoed(lines: Sequence[str], number: int) -> list[str]:
    """The addresses of a "To:" line that stands among others of our mail's own head."""
    line = lines[number][:_LONGEST]
    if not _ECHO.match(line):
        return []
    near = [*lines[max(0, number - 2) : number], *lines[number + 1 : number + 3]]
    if not any(_ECHO.match(other[:_LONGEST]) for other in near):
        return []
    return [_clean(found["address"]) for found in _ANYWHERE.finditer(line)]


def _clean(address: str) -> str:
    return _TYPE.sub("", address.strip(".,;:'\""))


def choose(candidates: Sequence[Candidate], originals: Sequence[str]) -> list[Candidate]:
    """Those that are meant: named in their own place, or else among the mail's own recipients."""
    known = {address.lower() for address in originals}
    for weight in (4, 3):
        top = [item for item in candidates if item.weight == weight]
        if weight == 4 and known & {item.address.lower() for item in top}:
            return top
        mine = [item for item in candidates if item.address.lower() in known]
        if top:
            mine = [item for item in mine if item.weight]
        if top and not mine:
            return top
        if mine:
            return mine
    telling = [item for item in candidates if item.weight == 2]
    return telling[:1] or list(candidates[:1])


def diagnostics_for(
    explanation: str, candidates: Sequence[Candidate], chosen: Sequence[Candidate]
) -> dict[str, str]:
    """What the server said about each recipient, by its address in lower case.

    That is in the lines from its own to the next recipient's, or else anywhere. Only the first
    twenty are looked at one by one.
    """
    lines = explanation.split("\n")[:_MOST_LINES]
    anywhere = _telling(lines)
    starts = sorted({item.line for item in candidates if item.weight == 4})
    result: dict[str, str] = {}
    for item in chosen[:_MOST_DIAGNOSTICS]:
        later = next((line for line in starts if line > item.line), len(lines))
        near = _telling(lines[item.line : min(later, item.line + 12)])
        result[item.address.lower()] = near or anywhere
    return result


def _telling(lines: Sequence[str]) -> str:
    """The first line with a reply code and what goes on from it, or else with a known phrase."""
    for find in (find_reply, find_enhanced, status_of_words):
        for index, line in enumerate(lines):
            if line.strip() and find(line[:_LONGEST]):
                return _continued(lines, index)
    return ""


def _continued(lines: Sequence[str], index: int) -> str:
    """The line and those that go on with the sentence, at most four, as one."""
    parts = [lines[index].strip()]
    for line in lines[index + 1 : index + 4]:
        if not line.strip() or "@" in line[:60] or line.lstrip().startswith(("---", "===", ">>>")):
            break
        parts.append(line.strip())
    return " ".join(parts)[:1000]
