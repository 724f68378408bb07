"""The text and the files of a mail, from its parts.

HTML is preferred where it says something; a twin in plain text stands in where it does not.
winmail.dat is unpacked, uuencoded files are taken out of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mail.document import Document, Image, Paragraph, Span
from mail.html.read import HtmlBody, parse_html
from mail.mime.filenames import clean_filename
from mail.mime.parts import MimeTree, Part
from mail.mime.transfer import find_uu_files
from mail.model import MailAttachment
from mail.quotes.fold import find_marker, tag_text
from mail.quotes.model import TaggedBlock
from mail.reading.attachments import (
    SUB_FILE,
    File,
    as_attachment,
    content_id,
    part_bytes,
    part_file,
    read_part_tnef,
    signed_files,
    signed_tree,
    tnef_files,
    uu_files,
)
from mail.reading.attempt import attempt
from mail.reading.body import (
    Choice,
    TextPart,
    choose_parts,
    has_name,
    is_html,
    part_text,
    plain_text,
    tidy,
)
from mail.reading.calendars import calendar_summary
from mail.reading.enriched import enriched_text
from mail.reading.rtf import rtf_html, rtf_text
from mail.reading.text_links import link_block
from mail.reading.tnef import Tnef
from mail.sentences import say

MAX_TEXTS = 50
MAX_TOTAL = 1_500_000
"""Characters of text over all parts."""

_TAG = re.compile(r"<[^<>]{0,2000}>")
_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class Contents:
    blocks: list[TaggedBlock] = field(default_factory=list)
    text: str = ""
    from_html: bool = False
    html_present: bool = False
    marker: str | None = None
    attachments: tuple[MailAttachment, ...] = ()
    defects: list[str] = field(default_factory=list)

    @property
    def document(self) -> Document:
        return Document(tuple(item.block for item in self.blocks))


def read_contents(tree: MimeTree) -> Contents:
    """Text and files of a mail that `split_mime` took apart."""
    choice = choose_parts(tree.root)
    return _Reader(choice).read()


class _Reader:
    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.found = Contents(html_present=choice.html_present)
        self.texts: list[str] = []
        self.content_ids: set[str] = set()
        self.room = MAX_TOTAL
        self.names = {
            content_id(part): clean_filename(name, part.content_type)
            for part in choice.files
            if content_id(part) and (name := has_name(part))
        }

    def read(self) -> Contents:
        texts = self.choice.texts
        if len(texts) > MAX_TEXTS:
            note = f"The mail has more than {MAX_TEXTS} text parts: the others are files."
            self.found.defects.append(note)
            self.choice.files.extend(item.part for item in texts[MAX_TEXTS:])
        uu: list[File] = []
        for item in texts[:MAX_TEXTS]:
            self._read_text(item)
            if not item.is_html:
                uu.extend(uu_files(item.part))
        files = [*self._files(), *uu]
        self.found.text = "\n\n".join(text for text in self.texts if text)
        if self.found.marker is None:
            self.found.marker = find_marker(self.found.text)
        self._calendar_text(files)
        self.found.attachments = tuple(as_attachment(f, inline=self._inline(f)) for f in files)
        return self.found

    def _read_text(self, item: TextPart) -> None:
        if self.room <= 0:
            self.choice.files.append(item.part)
            return
        defects: list[str] = []
        if item.is_html:
            source = part_text(item.part, defects)
            twin = plain_text(item.instead, defects) if item.instead is not None else ""
            body = attempt("HTML", lambda: parse_html(source), HtmlBody(), defects)
            if not body.blocks and not twin and defects and defects[-1].startswith("Canal"):
                twin = tidy(_TAG.sub(" ", source))
            if _is_better(twin, body):
                self._add_plain(twin)
            else:
                self._add_html(body)
        else:
            self._add_plain(self._plain(item.part, defects))
        self.found.defects.extend(defects)

    def _plain(self, part: Part, defects: list[str]) -> str:
        if part.content_type in ("text/enriched", "text/richtext"):
            return tidy(enriched_text(part_text(part, defects)))
        if part.content_type.startswith("multipart/"):
            return tidy(part_text(part, defects))
        if b"begin " in part.body and find_uu_files(part_bytes(part)):
            return tidy(_without_uu(part_text(part, defects)))
        return plain_text(part, defects)

    def _add_html(self, body: HtmlBody) -> None:
        body = replace(body, blocks=tuple(map(self._named, body.blocks)))
        text = body.document.to_text()
        self.room -= len(text)
        self.content_ids |= body.content_ids
        self.found.marker = self.found.marker or body.marker
        if body.cut:
            self.found.defects.append(say("The HTML is too long: its end stays in the original."))
        if body.blocks:
            self.found.from_html = True
            self.found.html_present = True
            self.found.blocks.extend(replace(b, block=link_block(b.block)) for b in body.blocks)
            self.texts.append(text)

    def _named(self, item: TaggedBlock) -> TaggedBlock:
        """A picture in its place knows the name of its file."""
        image = item.block
        if isinstance(image, Image) and image.content_id in self.names:
            return replace(item, block=replace(image, file_name=self.names[image.content_id]))
        return item

    def _add_plain(self, text: str) -> None:
        text = text[: max(self.room, 0)]
        self.room -= len(text)
        if text:
            tagged = tag_text(text)
            self.found.blocks.extend(replace(b, block=link_block(b.block)) for b in tagged)
            self.texts.append(text)

    def _files(self) -> Iterator[File]:
        for part in self.choice.files:
            file = part_file(part)
            if not file.data:
                continue
            signed = signed_tree(part, file.data)
            if signed is not None:
                yield file
                yield from signed_files(part, self._take_signed(signed))
                continue
            tnef = read_part_tnef(part, file.data)
            if tnef is None:
                yield file
                continue
            inner = list(tnef_files(part, tnef))
            took_text = self._take_tnef_text(tnef)
            if not tnef.complete:
                self.found.defects.append(
                    say("winmail.dat is damaged: what could be read is shown.")
                )
            if not inner and not took_text:
                yield file
            yield from inner

    def _take_signed(self, signed: MimeTree) -> list[Part]:
        """The text of a mail in a signed envelope joins ours; returns the files in there."""
        inner = choose_parts(signed.root)
        self.found.html_present |= inner.html_present
        for item in inner.texts[:MAX_TEXTS]:
            self._read_text(item)
        return [part for part in inner.files if part.body_end > part.body_start]

    def _take_tnef_text(self, tnef: Tnef) -> bool:
        """The text inside winmail.dat, where the mail itself has none."""
        if self.texts:
            return bool(tnef.text or tnef.html or tnef.rtf)
        html = tnef.html or (rtf_html(tnef.rtf) if tnef.rtf else "")
        if html:
            self._add_html(parse_html(html))
        if not self.texts and (text := tnef.text or (rtf_text(tnef.rtf) if tnef.rtf else "")):
            self._add_plain(tidy(text.replace("\r\n", "\n").replace("\r", "\n")))
        return bool(self.texts)

    def _inline(self, file: File) -> bool:
        """Shown in the text, or said to be by a mail that cannot point at it."""
        if file.content_id and file.content_id in self.content_ids:
            return True
        return file.disposition == "inline" and not file.content_id

    def _calendar_text(self, files: list[File]) -> None:
        """An invitation that comes without a word of text speaks through its summary."""
        if self.texts:
            return
        for file in files:
            if file.content_type == "text/calendar" and (line := calendar_summary(file.data)):
                self.found.blocks.append(TaggedBlock(Paragraph((Span(line),)), lines=(line,)))
                self.found.text = line
                return


def _is_better(twin: str, body: HtmlBody) -> bool:
    """Whether the plain twin says what the HTML does not: it is empty, or a mere stub."""
    if not twin.strip():
        return False
    words = len(_WORD.findall(body.document.to_text()))
    if words == 0:
        return not any(body.content_ids)
    return words * 10 < len(_WORD.findall(twin))


def _without_uu(text: str) -> str:
    data = text.encode("utf-8", "replace")
    out = bytearray()
    position = 0
    for found in find_uu_files(data):
        out += data[position : found.start]
        position = found.end
    out += data[position:]
    return out.decode("utf-8", "replace")


__all__ = ["SUB_FILE", "Contents", "is_html", "read_contents"]
