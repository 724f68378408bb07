"""Milliseconds to read a mail, beside the bare parse of the standard library.

    python -m tests.bench parse [--rounds N] [--json FILE]

CPU time, medians over rounds in which the readers take turns. The mails are made here, from a seed.

stdlib         email.message_from_bytes with the default policy, and the text of the best part
canal          all that `canal parse` prints: charsets, the best text, HTML as a document, files,
               kind, bounce, forward, quotes and signatures folded
canal+blocks   the same and the blocks of the post in Slack: what `canal render` prints
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from bot.cli.inspect import render_mail
from mail.reading.parse import parse_mail

_WORDS = ["the", "pump", "order", "please", "send", "box", "Thursday", "thank", "água", "größer"]


def _text(dice: random.Random, size: int) -> str:
    """Lines of words, about `size` characters."""
    lines: list[str] = []
    length = 0
    while length < size:
        lines.append(" ".join(dice.choices(_WORDS, k=11)))
        length += len(lines[-1]) + 1
    return "\n".join(lines)


def _mail(subject: str) -> EmailMessage:
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = "Ana López <ana@customer.invalid>"
    mail["To"] = "help@acme.invalid"
    mail["Subject"] = subject
    mail["Date"] = "Mon, 02 Mar 2026 10:00:00 +0000"
    mail["Message-ID"] = "<one@customer.invalid>"
    mail["In-Reply-To"] = "<two@acme.invalid>"
    return mail


def small_mail() -> bytes:
    """A reply of 2 kB in plain text above a quote."""
    dice = random.Random(1)
    quote = "\n".join(f"> {line}" for line in _text(dice, 900).split("\n"))
    mail = _mail("Re: Order 12")
    attribution = "On Mon, Mar 2, 2026 at 9:00 AM Help <help@acme.invalid> wrote:"
    mail.set_content(f"{_text(dice, 700)}\n\n{attribution}\n{quote}")
    return mail.as_bytes()


def html_mail(size: int = 100_000) -> bytes:
    """A reply as Outlook and newsletters write them: styles, layout tables, links, a quote."""
    dice = random.Random(2)
    rows: list[str] = []
    while sum(map(len, rows)) < size:
        rows.append(
            '<tr><td style="font-family:Arial;font-size:11pt;color:#333">'
            f'<p class="MsoNormal"><span lang="EN">{_text(dice, 200)}</span></p>'
            f'<a href="https://shop.invalid/{len(rows)}?utm=1" style="color:#06c">'
            f"<b>{_text(dice, 20)}</b></a></td></tr>"
        )
    middle = len(rows) * 2 // 3
    mail = _mail("Re: Catalogue")
    mail.set_content("See the HTML.")
    mail.add_alternative(
        "<html><head><style>.MsoNormal{margin:0}</style></head><body>"
        f"<table role='presentation'>{''.join(rows[:middle])}</table>"
        f"<blockquote type='cite'><table>{''.join(rows[middle:])}</table></blockquote>",
        subtype="html",
    )
    return mail.as_bytes()


def big_mail(size: int = 10_000_000) -> bytes:
    """A short text and three files, 10 MB in all."""
    dice = random.Random(3)
    mail = _mail("Re: Photos")
    mail.set_content(_text(dice, 500))
    for number in range(3):
        data = dice.randbytes(size * 3 // 4 // 3)
        mail.add_attachment(data, "image", "jpeg", filename=f"photo {number}.jpg")
    return mail.as_bytes()


MAILS: dict[str, tuple[Callable[[], bytes], int]] = {
    # name: (mail, how often it is read in a round)
    "small, 2 kB": (small_mail, 200),
    "HTML, 100 kB": (html_mail, 20),
    "files, 10 MB": (big_mail, 3),
}


def by_stdlib(data: bytes) -> None:
    message = message_from_bytes(data, policy=policy.default)
    body = message.get_body(("plain", "html"))
    if body is not None:
        body.get_content()
    for part in message.iter_attachments():
        part.get_content()


READERS: dict[str, Callable[[bytes], object]] = {
    "stdlib": by_stdlib,
    "canal": parse_mail,
    "canal+blocks": lambda data: render_mail(parse_mail(data)),
}


def measure(rounds: int) -> dict[str, Any]:
    figures: dict[str, dict[str, list[float]]] = {}
    for name, (make, times) in MAILS.items():
        data = make()
        figures[name] = {reader: [] for reader in READERS}
        for read in READERS.values():
            read(data)
        for _ in range(rounds):
            for reader, read in READERS.items():
                start = time.process_time()
                for _ in range(times):
                    read(data)
                figures[name][reader].append((time.process_time() - start) / times * 1000)
    return {"rounds": rounds, "ms_per_mail": figures}


def render(result: dict[str, Any]) -> str:
    lines = [f"{'ms a mail':<16}" + "".join(f"{name:>14}" for name in READERS)]
    for name, figures in result["ms_per_mail"].items():
        medians = (statistics.median(figures[reader]) for reader in READERS)
        lines.append(f"  {name:<14}" + "".join(f"{value:14.2f}" for value in medians))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(
        prog="parse", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = parser.parse_args(arguments)
    result = measure(options.rounds)
    print(render(result))
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=1))
    return result


if __name__ == "__main__":
    main()
