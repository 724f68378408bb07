"""`canal outbox …`: what waits to be posted or sent, and what was given up."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from bot.cli.support import Offline, run_offline, say, say_json
from handlers.outbox.desk import OutboxDesk
from storage.records import OutboxRecord

outbox_app = typer.Typer(
    help="The outbox: what waits to be posted or sent, and what was given up.",
    no_args_is_help=True,
)
Json = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
Ids = Annotated[list[int] | None, typer.Argument(help="Numbers of items.")]
_STATES = ("ready", "claimed", "dead")


@outbox_app.command("list")
def list_items(
    state: Annotated[str | None, typer.Option(help="Only ready, claimed or dead ones.")] = None,
    as_json: Json = False,
) -> None:
    """What is in the outbox, oldest first; at most a thousand."""
    if state not in (None, *_STATES):
        raise typer.BadParameter(f"is one of {', '.join(_STATES)}.", param_hint="--state")
    items = run_offline(lambda offline: OutboxDesk(offline.context).list(state))
    if as_json:
        say_json([item_to_json(item) for item in items])
        return
    if not items:
        say("The outbox is empty." if state is None else f"Nothing in the outbox is {state}.")
    for item in items:
        error = f"  {item.last_error}" if item.last_error else ""
        say(f"{item.id}  {item.state}  {item.kind}  {item.lane}  tried {item.attempts}×{error}")


@outbox_app.command("show")
def show(
    item_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the item.")],
    as_json: Json = False,
) -> None:
    """One item with all that is known of it."""
    item = run_offline(lambda offline: OutboxDesk(offline.context).show(item_id))
    if as_json:
        say_json(item_to_json(item))
        return
    for key, value in item_to_json(item).items():
        say(f"{key}: {json.dumps(value, ensure_ascii=False) if key == 'payload' else value}")


@outbox_app.command("retry")
def retry(
    item_ids: Ids = None,
    all_dead: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
) -> None:
    """Try items again, at once and with all their attempts."""
    _require(item_ids, all_dead)

    async def work(offline: Offline) -> int:
        desk = OutboxDesk(offline.context)
        chosen = await desk.list_dead() if all_dead else item_ids or []
        for item_id in chosen:
            await desk.retry(item_id)
        return len(chosen)

    say(f"{_count(run_offline(work))} will be tried again.")


@outbox_app.command("drop")
def drop(
    item_ids: Ids = None,
    all_dead: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Never do these items. A reply that is dropped is not sent; its ticket stays."""
    _require(item_ids, all_dead)
    if not yes:
        what = "all that were given up" if all_dead else _count(len(item_ids or []))
        typer.confirm(f"Drop {what}? It cannot be undone.", abort=True)

    async def work(offline: Offline) -> int:
        desk = OutboxDesk(offline.context)
        chosen = await desk.list_dead() if all_dead else item_ids or []
        for item_id in chosen:
            await desk.drop(item_id)
        return len(chosen)

    say(f"{_count(run_offline(work))} dropped.")


def item_to_json(item: OutboxRecord) -> dict[str, Any]:
    """An item for scripts. The field names are fixed."""
    return {
        "id": item.id,
        "kind": item.kind,
        "state": item.state,
        "lane": item.lane,
        "order_key": item.order_key,
        "attempts": item.attempts,
        "uncertain": item.uncertain,
        "not_before": item.not_before.isoformat(),
        "created_at": item.created_at.isoformat(),
        "last_error": item.last_error,
        "payload": item.payload,
    }


def _require(item_ids: list[int] | None, all_dead: bool) -> None:
    if bool(item_ids) == all_dead:
        raise typer.BadParameter("give the numbers of items, or --all.", param_hint="IDS")


def _count(number: int) -> str:
    return "1 item" if number == 1 else f"{number} items"
