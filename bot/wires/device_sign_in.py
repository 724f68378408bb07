"""Signing in by code (Microsoft): begun in Slack, entered on any device, asked after by Canal.

What was begun is kept sealed in the database until the code expires, so that a restart of Canal
loses none. However many Canals run, one of them asks the provider whether the code was entered.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bot.wires.sign_in import SignIns, WantedGrant
from bot.wires.sign_in_steps import (
    BegunDevice,
    FinishedSignIn,
    Heard,
    Watcher,
    finished,
    watcher_of,
)
from handlers.channels.connection_settings import OAuthChoice
from handlers.channels.pending_sign_ins import PendingSignIn, PendingSignIns
from handlers.errors import UserError
from mail.errors import DeadGrant, MailError

_log = logging.getLogger(__name__)
_LOOK_EVERY = 5.0


class _NotOurs(Exception):  # noqa: N818 - an outcome: another asks, or there is nothing to ask
    """Ends the asking without a word."""


class DeviceSignIns:
    """`run` until `end`: it asks after what was begun here, or anywhere before."""

    def __init__(self, sign_ins: SignIns, pending: PendingSignIns) -> None:
        self._sign_ins = sign_ins
        self._pending = pending
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._begun = asyncio.Event()
        self._ended = False
        self.on_heard: Heard | None = None

    async def begin(
        self, name: str, provider: str, watcher: Watcher | None = None, use: str | None = None
    ) -> BegunDevice:
        """A code to enter, for what the channel needs first, or for `use`.

        Raises UserError, or MailError (DeviceCodeBlocked among them).
        """
        wanted, then = await self._sign_ins.first_wanted(name, provider, use)
        return await self._begin(wanted, then, watcher)

    async def run(self) -> None:
        while not self._ended:
            self._begun.clear()
            try:
                await self._look()
            except Exception:  # noqa: BLE001 - logged; the next look tries again
                _log.exception("sign-ins by code could not be looked up")
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY):
                    await self._begun.wait()
        for task in self._asked.values():
            task.cancel()
        if self._asked:
            await asyncio.wait(self._asked.values())

    def end(self) -> None:
        self._ended = True
        self._begun.set()

    async def _begin(
        self, wanted: WantedGrant, then: tuple[str, ...], watcher: Watcher | None
    ) -> BegunDevice:
        secrets = await self._sign_ins.kept_secrets(wanted)
        login = await self._sign_ins.start_device(wanted, secrets)
        kept = {
            "state": "",  # no answer that comes by browser is its end
            "device": asdict(login),
            "choice": wanted.choice.to_json(),
            "then": list(then),
            "watcher": asdict(watcher) if watcher else None,
        }
        until = datetime.fromtimestamp(login.expires_at, UTC)
        await self._pending.keep(wanted.channel_name, wanted.choice.use, kept, until)
        self._begun.set()
        return BegunDevice(login.user_code, login.verification_uri)

    async def _look(self) -> None:
        self._asked = {code: task for code, task in self._asked.items() if not task.done()}
        for one in await self._pending.list():
            login = one.kept.get("device")
            if login and login["device_code"] not in self._asked:
                self._asked[login["device_code"]] = asyncio.create_task(self._ask(one))

    async def _ask(self, pending: PendingSignIn) -> None:
        """Until it ends, as long as it is for this process to ask."""
        outcome: FinishedSignIn | MailError
        try:
            outcome = await self._finish(pending)
        except _NotOurs:
            return
        except UserError as error:  # the channel has changed meanwhile
            outcome = DeadGrant(str(error))
        except MailError as error:
            outcome = error
        except Exception:  # noqa: BLE001 - logged; the next look asks again
            _log.exception("a sign-in by code could not be finished")
            return
        if isinstance(outcome, MailError):
            await self._pending.forget(pending)
        if self.on_heard is not None:
            self.on_heard(pending, outcome)

    async def _finish(self, pending: PendingSignIn) -> FinishedSignIn:
        from mail.oauth.tokens import DeviceLogin

        kept: dict[str, Any] = dict(pending.kept)
        choice = OAuthChoice(**kept["choice"])
        wanted = await self._sign_ins.wanted_again(pending.channel_name, choice)
        secrets = await self._sign_ins.kept_secrets(wanted)
        if not await self._pending.take(pending):
            raise _NotOurs
        tokens = await self._sign_ins.wait_for_device(
            wanted, secrets, DeviceLogin(**kept["device"]), partial(self._pause, pending)
        )
        await self._sign_ins.save(wanted, secrets, tokens)
        await self._pending.forget(pending)
        following = None
        if kept["then"]:
            then = OAuthChoice(choice.provider, use=kept["then"][0])
            again = await self._sign_ins.wanted_again(pending.channel_name, then)
            following = await self._begin(again, tuple(kept["then"][1:]), watcher_of(pending))
        return finished(wanted, tokens, following)

    async def _pause(self, pending: PendingSignIn, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if not await self._pending.take(pending):
            raise _NotOurs
