"""What is fuzzed: each takes bytes and raises where Canal broke its word about them.

The word: no bytes raise, every file is found again by its index, and no mail makes a block that
Slack would refuse or that could ping somebody.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from bot.cli.inspect import render_mail
from bot.sandbox.blocks.blocks import check_blocks, count_characters
from bot.sandbox.blocks.check import Check
from mail.bounces.read import explain_bounce, parse_bounce
from mail.html.read import parse_html
from mail.mime.message_view import build_message
from mail.mime.parts import prepare, split_mime
from mail.mime.subjects import strip_prefixes
from mail.quotes.fold import visible_text
from mail.reading.forwards import find_forwarded, is_forward
from mail.reading.kinds import classify
from mail.reading.parse import dedupe_key, parse_mail, read_attachment
from mail.reading.report import build_report

MOST_BYTES: Final = 50_000
_PINGS: Final = frozenset({"user", "usergroup", "broadcast", "channel"})


def read(data: bytes) -> None:
    """A whole mail, with its files, as `canal parse` prints it."""
    mail = parse_mail(data)
    failed = [item for item in mail.defects if item.startswith("Canal could not")]
    if failed:
        raise AssertionError(failed)
    dedupe_key(data)
    json.dumps(build_report("x", mail)).encode()
    for attachment in mail.attachments[:3]:
        if len(read_attachment(data, attachment.index)) != attachment.size:
            raise AssertionError(attachment)


def render(data: bytes) -> None:
    """A whole mail as the post that it becomes."""
    post = render_mail(parse_mail(data))["posts"][0]
    check = Check()
    check_blocks(check, post["blocks"], "/blocks", "message")
    if check.problems or count_characters(post["blocks"]) > 12_000:
        raise AssertionError(check.problems)
    if "<!" in post["text"] or "<@" in post["text"] or _PINGS & set(_kinds(post["blocks"])):
        raise AssertionError(post)


def _kinds(value: object) -> list[str]:
    """The `type` of everything in blocks."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            found.append(str(one.get("type")))
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return found


def understand(data: bytes) -> None:
    """Quotes, HTML, forward and bounce code over the same bytes as text."""
    text = data.decode("utf-8", "replace")
    visible_text(text)
    parse_html(text)
    strip_prefixes(text[:200])
    message = build_message(split_mime(prepare(data)[0]).root)
    bounce = parse_bounce(message, text)
    for recipient in bounce.recipients if bounce else ():
        explain_bounce(recipient)
    classify(message)
    is_forward(message, text[:100], text)
    find_forwarded(message, text)


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "read": read,
    "render": render,
    "understand": understand,
}
