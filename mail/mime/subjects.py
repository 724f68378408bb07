"""Reply and forward prefixes of subjects, in every language that mail clients write them in."""

from __future__ import annotations

import re
from typing import Final

_REPLY: Final = (
    "re|ré|réf|res|resp|aw|antw|antwort|sv|svar|vs|vast|odp|odpowiedź|отв|ответ|відп|"
    "відповідь|ha|"
    "ynt|yanıt|cvp|yan|回复|回覆|答复|答覆|回信|返信|답장|회신|re回复|השב|תגובה|תשובה|رد|"
    "ردّ|رد على|الرد|"
    "trả lời|tr lời|tl|atb|rv re|rif|r|ris|σχετ|απ|απάντηση|на|отг|отговор|odg|odgovor|"
    "rsp|răsp|"
    "vá|válasz|bls|balas|ตอบ|ตอบกลับ|پاسخ|जवाब|re aw|aw re|vs re|se|wa|reply|re^|sv^|ang|betr|"
    "kap|ats|atb|svb|re_|erantz|rép|reap|responder|respuesta|resposta"
)
_FORWARD: Final = (
    "fwd|fw|forward|forwarded|wg|weitergeleitet|tr|transf|trf|transfert|i|inoltra|"
    "inoltrato|enc|"
    "rv|reenv|reenviado|res env|encaminhado|encaminhada|doorst|doorgestuurd|dw|fwd^|pd|prz|"
    "przekazane|пер|переслано|пересл|переадр|fwd|пересл|переслати|vb|vidarebefordrat|vl|"
    "välitys|edelleenlähetetty|vs fwd|pv|předat|přeposláno|fw předano|ilt|i̇lt|ilet|yönl|"
    "转发|轉寄|轉發|"
    "転送|전달|fw전달|הועבר|העברה|העבר|إعادة توجيه|إعادة إرسال|تحويل|محول|chuyển tiếp|ct|"
    "továbbítás|továbbított|προωθ|πρθ|προώθηση|препр|препратено|proslijeđeno|prosleđeno|"
    "redirecționare|"
    "redir|fwd_|posredovano|teruskan|diteruskan|trs|ส่งต่อ|هدایت|अग्रेषित|persiųsta|pārsūt|"
    "edasi|fs|"
    "áframsent|videresendt|videresend|vf|resend"
)
_WORDS: Final = dict.fromkeys(_REPLY.split("|"), "reply") | dict.fromkeys(
    _FORWARD.split("|"), "forward"
)
_PREFIX: Final = re.compile(
    r"\s{0,20}(?P<word>[^\W\d_][^\W\d_^]{0,20}(?: [^\W\d_]{1,12})?)[\^_.]?\s{0,3}"
    r"(?:\[\d{1,4}\]|\(\d{1,4}\)|\^?\d{1,4}|\*\d{1,3})?\s{0,3}[:\uff1a\ufe55]"
)
_TAG: Final = re.compile(
    r"\s{0,20}[\[(<{*](?:ext|external|extern|externe|externo|externa|esterno|ext mail|"
    r"external mail|external email|external sender|caution|e-?xt|внешн\w*|外部|外部邮件|"
    r"외부|zewn\w*)"
    r"[\])>}*]:?",
    re.IGNORECASE,
)
_MOST_PREFIXES: Final = 30


def strip_prefixes(subject: str) -> str:
    """The subject without any reply or forward prefix and without "[EXT]" tags before them."""
    return _split(subject)[1]


def is_reply_subject(subject: str) -> bool:
    """Whether the first prefix says that the mail is a reply."""
    return _split(subject)[0] == "reply"


def is_forward_subject(subject: str) -> bool:
    """Whether the first prefix says that the mail is a forward."""
    kind, rest = _split(subject)
    return kind == "forward" or (kind is None and rest.rstrip().lower().endswith(("(fwd)", "(fw)")))


def _split(subject: str) -> tuple[str | None, str]:
    """The kind of the first prefix, and what is left without all of them."""
    first: str | None = None
    rest = subject
    for _ in range(_MOST_PREFIXES):
        tag = _TAG.match(rest)
        if tag:
            rest = rest[tag.end() :]
            continue
        found = _PREFIX.match(rest)
        kind = _WORDS.get(_folded(found["word"])) if found else None
        if not found or kind is None:
            break
        first = first or kind
        rest = rest[found.end() :]
    return first, rest.strip()


def _folded(word: str) -> str:
    return word.lower().replace("i̇", "i").strip()
