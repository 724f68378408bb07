"""`canal dkim …`: the keys that outgoing mail is signed with."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from bot.cli.support import open_offline, say, say_json
from bot.runtime import run
from handlers.channels.dkim_keys import DkimKeys, PublishedKey

T = TypeVar("T")

dkim_app = typer.Typer(
    help="DKIM keys for mail that leaves through CANAL_SMARTHOST_URL.", no_args_is_help=True
)
Domain = Annotated[str, typer.Argument(help="Domain of the From address, such as acme.example.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


@dkim_app.command("new")
def new(
    domain: Domain,
    selector: Annotated[str, typer.Option(help="Name of the key in the DNS.")] = "canal",
    replace: Annotated[bool, typer.Option("--replace", help="Replace an existing key.")] = False,
    as_json: Json = False,
) -> None:
    """Make a key and print the DNS record to publish. Mail is signed from then on."""
    key = _with_keys(lambda keys: keys.new(domain, selector=selector, replace=replace))
    _show(key, as_json)


@dkim_app.command("show")
def show(domain: Domain, as_json: Json = False) -> None:
    """Print the DNS record of a domain's key."""
    _show(_with_keys(lambda keys: keys.show(domain)), as_json)


@dkim_app.command("remove")
def remove(domain: Domain) -> None:
    """Forget a key. Mail from the domain is not signed any more."""
    _with_keys(lambda keys: keys.remove(domain))
    say(f"The key of {domain} is removed. Its DNS record may go in a week.")


def _show(key: PublishedKey, as_json: bool) -> None:
    if as_json:
        say_json({"domain": key.domain, "selector": key.selector, "record": key.record})
        return
    say(key.record)


def _with_keys(work: Callable[[DkimKeys], Awaitable[T]]) -> T:
    async def main() -> T:
        async with open_offline(os.environ) as offline:
            return await work(DkimKeys(offline.context.db))

    return run(main())
