"""Which parts of a mail are its text, and which are files.

One answer per container type of RFC 2046, 2387, 1847 and 3462; everything that is not the text is
a file. Plain text is unfolded here (format=flowed of RFC 3676); HTML is read in `mail.html`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mail.mime.charsets import decode_text
from mail.mime.cleaning import clean_text
from mail.mime.parts import Part
from mail.mime.transfer import decode_transfer
from mail.sentences import say

TEXT_TYPES = frozenset(
    {
        "text/plain",
        "text/html",
        "text/enriched",
        "text/richtext",
        "text/markdown",
        "text/x-markdown",
    }
    | {"text/x-plain", "application/xhtml+xml", "text/x-amp-html", "text/watch-html"}
)
_RANK = {
    "text/html": 5,
    "application/xhtml+xml": 5,
    "text/enriched": 3,
    "text/richtext": 3,
    "text/markdown": 2,
    "text/plain": 2,
    "text/watch-html": 0,
    "text/x-amp-html": 0,
}
MAX_BODY_BYTES = 1_000_000

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([A-Za-z0-9_-]{2,40})", re.IGNORECASE)
_BLANK_RUN = re.compile(r"\n{4,}")


@dataclass(slots=True)
class Choice:
    """The text parts in order, each with what stands in for it; the parts that are files."""

    texts: list[TextPart] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    inline: set[int] = field(default_factory=set)
    """Indexes of parts that belong into the HTML they came with."""
    html_present: bool = False


@dataclass(slots=True)
class TextPart:
    """A chosen part. `instead` is its plain twin from multipart/alternative."""

    part: Part
    instead: Part | None = None

    @property
    def is_html(self) -> bool:
        return is_html(self.part)


def is_html(part: Part) -> bool:
    return part.content_type in ("text/html", "application/xhtml+xml")


def choose_parts(root: Part) -> Choice:
    """What is text and what is a file, for a whole mail."""
    choice = Choice()
    _choose(root, choice, is_root=True)
    if not choice.texts:
        _take_named_text(choice)
    return choice


def _choose(part: Part, choice: Choice, *, is_root: bool = False) -> None:
    """Recursion is bounded by `mail.mime.MAX_DEPTH`."""
    if not part.is_multipart:
        _choose_leaf(part, choice, is_root=is_root)
        return
    match part.content_type:
        case "multipart/alternative":
            _choose_alternative(part, choice)
        case "multipart/related":
            _choose_related(part, choice)
        case "multipart/appledouble":
            for child in part.children:
                if child.content_type != "application/applefile":
                    _choose(child, choice)
        case _:
            for child in part.children:
                _choose(child, choice)


def _choose_leaf(part: Part, choice: Choice, *, is_root: bool) -> None:
    if part.content_type == "text/html":
        choice.html_present = True
    attached = part.disposition.value == "attachment"
    named = bool(has_name(part))
    if part.content_type in TEXT_TYPES and not attached and (is_root or not named):
        if part.body.strip() or is_root:
            choice.texts.append(TextPart(part))
        return
    if is_root and part.content_type.startswith("multipart/"):
        choice.texts.append(TextPart(part))
        return
    choice.files.append(part)


def _choose_alternative(part: Part, choice: Choice) -> None:
    """The best of the children; the last of equals, as RFC 2046 says. Others may hold files."""
    ranked = [(_rank(child), at, child) for at, child in enumerate(part.children)]
    texts = [item for item in ranked if item[0] >= 0]
    best = max(texts, key=lambda item: (item[0], item[1]), default=None)
    if best is None:
        for child in part.children:
            _choose(child, choice)
        return
    before = len(choice.texts)
    _choose(best[2], choice)
    plain = _plain_twin(part, best[2])
    if len(choice.texts) == before and plain is not None:
        choice.texts.append(TextPart(plain))
    elif len(choice.texts) == before + 1 and choice.texts[-1].is_html:
        choice.texts[-1].instead = plain
    for rank, _, child in ranked:
        if child is best[2]:
            continue
        if rank < 0:
            _choose(child, choice)
            continue
        choice.html_present |= any(is_html(item) for item in child.walk())
        if child.is_multipart:
            _files_only(child, choice)


def _plain_twin(part: Part, best: Part) -> Part | None:
    """The text/plain among the children, also when it is wrapped once more."""
    for child in reversed(part.children):
        if child is best:
            continue
        for item in child.walk():
            if item.content_type == "text/plain" and item.disposition.value != "attachment":
                return item
    return None


def _files_only(part: Part, choice: Choice) -> None:
    """The files of an alternative whose text was not chosen."""
    for item in part.walk():
        if not item.is_multipart and item.content_type not in TEXT_TYPES:
            choice.files.append(item)


def _rank(part: Part) -> int:
    """How well an alternative is shown; below 0 it is no text."""
    if part.disposition.value == "attachment":
        return -1
    if not part.is_multipart:
        return _RANK.get(part.content_type, 1 if part.content_type in TEXT_TYPES else -1)
    return max((_RANK.get(item.content_type, -1) for item in part.walk()), default=-1)


def _choose_related(part: Part, choice: Choice) -> None:
    """RFC 2387: the root is the part that `start` names, else the first; the others are inline."""
    start = part.parameters.get("start", "").strip("<> ")
    root = part.children[0]
    for child in part.children:
        if start and child.headers.text("Content-ID").strip("<> ") == start:
            root = child
    if not root.is_multipart and root.content_type not in TEXT_TYPES:
        root = next((c for c in part.children if _rank(c) >= 0), root)
    _choose(root, choice)
    for child in part.children:
        if child is not root:
            before = len(choice.files)
            _choose(child, choice)
            choice.inline.update(
                item.index
                for item in choice.files[before:]
                if item.disposition.value != "attachment"
            )


def _take_named_text(choice: Choice) -> None:
    """No text was found: the first text part that is not expressly attached is it after all."""
    for part in choice.files:
        if (
            part.content_type in ("text/plain", "text/html")
            and part.disposition.value != "attachment"
        ):
            choice.files.remove(part)
            choice.texts.append(TextPart(part))
            return


def has_name(part: Part) -> str:
    """The file name that the part gives itself, not cleaned."""
    return part.disposition.parameters.get("filename", "") or part.parameters.get("name", "")


def part_text(part: Part, defects: list[str]) -> str:
    """A text part as characters with \\n line ends; notes what was wrong with it."""
    raw = part.data[part.body_start : min(part.body_end, part.body_start + MAX_BODY_BYTES)]
    if part.body_end - part.body_start > MAX_BODY_BYTES:
        defects.append(say("The text is longer than 1 MB: its end stays in the original."))
    moved = decode_transfer(raw, part.encoding, is_text=True)
    charset = part.parameters.get("charset") or (
        _meta_charset(moved.data) if is_html(part) else None
    )
    decoded = decode_text(moved.data, charset)
    defects.extend(defect for defect in (moved.defect, decoded.defect) if defect)
    return normalise_newlines(decoded.text)


def _meta_charset(data: bytes) -> str | None:
    """What the HTML says of itself counts only where the mail says nothing."""
    found = _META_CHARSET.search(data[:4000])
    return found[1].decode("ascii") if found else None


def normalise_newlines(text: str) -> str:
    if "\r" not in text:
        return text
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")


def plain_text(part: Part, defects: list[str]) -> str:
    """A text/plain part as its writer saw it: unflowed, cleaned, without trailing white space."""
    text = part_text(part, defects)
    if part.parameters.get("format", "").strip().casefold() == "flowed":
        text = unflow(text, delsp=part.parameters.get("delsp", "").strip().casefold() == "yes")
    return tidy(text)


def tidy(text: str) -> str:
    """No trailing white space (save in the signature mark), no long runs of blank lines."""
    text = clean_text(text)
    lines = [line if line == "-- " else line.rstrip() for line in text.split("\n")]
    return _BLANK_RUN.sub("\n\n\n", "\n".join(lines)).strip("\n")


def unflow(text: str, *, delsp: bool = False) -> str:
    """RFC 3676: lines that end in a space go on in the next line of the same quote depth."""
    out: list[str] = []
    open_depth = -1
    parts: list[str] = []
    for line in text.split("\n"):
        depth, content = _flowed_line(line)
        flowed = content.endswith(" ") and content != "-- "
        if parts and depth != open_depth:
            out.append(_quoted(open_depth, "".join(parts)))
            parts = []
        if parts and content == "-- ":
            out.append(_quoted(open_depth, "".join(parts)))
            parts = []
        open_depth = depth
        parts.append(content[:-1] if flowed and delsp else content)
        if not flowed:
            out.append(_quoted(depth, "".join(parts)))
            parts = []
    if parts:
        out.append(_quoted(open_depth, "".join(parts)))
    return "\n".join(out)


def _flowed_line(line: str) -> tuple[int, str]:
    content = line.lstrip(">")
    depth = len(line) - len(content)
    return depth, content.removeprefix(" ")


def _quoted(depth: int, text: str) -> str:
    return f"{'>' * depth} {text}" if depth else text
