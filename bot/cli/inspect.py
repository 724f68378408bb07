"""`canal parse` and `canal render`: how Canal reads a mail, and what it would post.

They need no database and import nothing of it, so that they start at once (`bot.cli.start`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.slack.cards import build_card
from bot.slack.i18n import Catalogs
from bot.slack.texts import Texts
from handlers.posts import FileLine, MailText, Mark, Place, TicketCard
from mail.mime.subjects import strip_prefixes
from mail.model import Address, ParsedMail
from mail.reading.parse import parse_mail
from mail.reading.report import build_report

inspect_app = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


@inspect_app.command()
def parse(
    files: Annotated[list[Path], typer.Argument(help="Mails as .eml files; - for standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show how Canal reads mails. Needs no database."""
    raise typer.Exit(0 if print_parsed(files, as_json=as_json) else 1)


@inspect_app.command()
def render(
    files: Annotated[list[Path], typer.Argument(help="Mails as .eml files; - for standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the Slack messages that mails would become. Needs no database."""
    raise typer.Exit(0 if print_rendered(files, as_json=as_json) else 1)


@inspect_app.command("version")
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(installed("canal"))


def print_parsed(files: Sequence[Path], *, as_json: bool) -> bool:
    """One JSON object a line, or the mail in words; False when a file could not be read."""
    ok = True
    for path, data in _read(files):
        if data is None:
            ok = False
            continue
        report = build_report(str(path), parse_mail(data))
        typer.echo(json.dumps(report, ensure_ascii=False) if as_json else _in_words(report))
    return ok


def print_rendered(files: Sequence[Path], *, as_json: bool) -> bool:
    """The posts that a mail would become; False when a file could not be read."""
    ok = True
    for _, data in _read(files):
        if data is None:
            ok = False
            continue
        rendered = render_mail(parse_mail(data))
        if as_json:
            typer.echo(json.dumps(rendered, ensure_ascii=False))
        else:
            typer.echo("\n\n".join(post["text"] for post in rendered["posts"]))
    return ok


def render_mail(mail: ParsedMail) -> dict[str, Any]:
    """`{"posts": [{text, blocks}], "files": […]}` as a new ticket would show the mail."""
    card = TicketCard(
        place=Place("C0000000000"),
        mark=Mark(1, 1),
        number=1,
        channel_name="Support",
        subject=strip_prefixes(mail.subject),
        customer=mail.from_ or Address(""),
        text=MailText(
            mail.visible,
            mail.folded_lines,
            tuple(FileLine(one.filename, one.size, one.summary) for one in mail.attachments),
            mail.defects,
        ),
        to=mail.to,
        cc=mail.cc,
    )
    payload = build_card(
        card, Texts(Catalogs().translator(None)), assignee="", now=datetime.now(UTC)
    )
    return {
        "posts": [{"text": payload["text"], "blocks": payload["blocks"]}],
        "files": [
            {"filename": one.filename, "content_type": one.content_type, "size": one.size}
            for one in mail.attachments
        ],
    }


def _read(files: Sequence[Path]) -> Iterator[tuple[Path, bytes | None]]:
    for path in files:
        try:
            yield path, sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        except OSError as error:
            typer.echo(f"{path}: cannot be read: {error.strerror}", err=True)
            yield path, None


def _in_words(report: dict[str, Any]) -> str:
    sender = report["from"] or {}
    lines = [
        f"{report['file']}: {report['kind']}",
        f"  From: {sender.get('name', '')} <{sender.get('address', '')}>",
        f"  Subject: {report['subject']}",
        *(f"  File: {one['filename']} ({one['size']} bytes)" for one in report["attachments"]),
        *(f"  ⚠ {one}" for one in report["defects"]),
        report["visible_text"],
    ]
    return "\n".join(lines)
