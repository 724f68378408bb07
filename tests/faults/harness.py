"""Many mails and replies around a Canal that is killed again and again, counted from outside.

Customers send like mail servers do: again, until they have heard 250. An agent answers every card
once. What Slack (the sandbox) and the smarthost (the catcher) have in the end is what counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiosmtplib

from bot.cli.support import open_offline
from storage.queries import messages, outbox
from tests.app.harness import Json, words_of
from tests.app.process import CanalProcess, ProcessHarness
from tests.faults.points import Point
from tests.servers.ports import free_port

PATIENCE = 300.0 if os.environ.get("CANAL_FAULTS") == "full" else 90.0
_EVERY_THIRD = 3
_BETWEEN_WAVES = 0.1


class Crashing(ProcessHarness):
    """Starts Canal with a point at which it kills itself; it keeps its ports over restarts."""

    def __init__(self, folder: Path, *, database_url: str | None = None) -> None:
        env = {"CANAL_SMTP_LISTEN": f"127.0.0.1:{free_port()}"}
        if database_url:
            env["CANAL_DATABASE_URL"] = database_url
        super().__init__(folder, env=env)
        self.seen_file = folder / "seen"
        self.crashes: list[Point] = []
        self._number = 0
        self._handing_in: list[asyncio.Task[None]] = []
        self._answering: asyncio.Task[None] | None = None
        self.said: dict[int, str] = {}
        """Number of a mail → ts of the agent's answer to it."""
        self._numbers: dict[str, int | None] = {}
        """Of the cards, by their ts: looked for once, however often they are gone through."""

    async def start_canal(self) -> None:
        if not hasattr(self, "inbound"):
            await self.add_channel(undo_seconds=1)
        self._answering = asyncio.create_task(self._answer_every_card())
        host, _, port = self._env["CANAL_SMTP_LISTEN"].rpartition(":")
        self.smtp_address = (host, int(port))

    async def stop_canal(self) -> None:
        for task in (self._answering, *self._handing_in):
            if task is not None:
                task.cancel()
        await super().stop_canal()

    async def run_until_it_dies_at(
        self, point: Point, mails: int, *, wave: int | None = None, within: float = 20.0
    ) -> bool:
        """Hand mails in and let Canal die at the point; False when it never came there.

        They come together, or a `wave` at a time: mails that come together share their commits.
        """
        self._launch(point)
        died = asyncio.create_task(self._start_and_die())
        for _ in range(3):
            for number in range(0, mails, wave or mails):
                self.hand_in(min(wave or mails, mails - number))
                await asyncio.wait({died}, timeout=_BETWEEN_WAVES if wave else 0)
                if died.done():
                    break
            done, _ = await asyncio.wait({died}, timeout=within)
            if done:
                assert died.result() == -9, await self.process.errors()
                self.crashes.append(point)
                return True
        await self.process.kill()
        await died
        return False

    async def run_undisturbed(self) -> None:
        self._launch(None)
        await self.process.start()

    def hand_in(self, count: int) -> None:
        for _ in range(count):
            self._handing_in.append(asyncio.create_task(self._send_like_a_server(self._number)))
            self._number += 1

    @property
    def count(self) -> int:
        return self._number

    def _launch(self, point: Point | None) -> None:
        env = {**self.environment(), "FAULT_SEEN": str(self.seen_file)}
        if point is not None:
            env |= {"FAULT_STEP": point.step, "FAULT_WHEN": point.when, "FAULT_HIT": str(point.hit)}
        self.process = CanalProcess(env, module="tests.faults.crashing")

    async def _start_and_die(self) -> int:
        with contextlib.suppress(AssertionError):  # it may die in its start, of earlier work
            await self.process.start()
        return await self.process.died()

    async def _send_like_a_server(self, number: int) -> None:
        files = {f"file{number:04}.bin": b"\x00" * 64} if number % _EVERY_THIRD == 0 else None
        while True:
            try:
                await self.write(f"Mail {number:04}.", message_id=f"<{number}@f.example>",
                                 sender=f"Jo <jo{number}@cust.example>", files=files)  # fmt: skip
            except (aiosmtplib.SMTPException, OSError):
                await asyncio.sleep(0.1)
            else:
                return

    async def _answer_every_card(self) -> None:
        while True:
            await self.sandbox.wait_for(lambda: any(self._unanswered()), 3600)
            for number, card in list(self._unanswered()):
                self.said[number] = ""
                self.said[number] = await self.say(card, f"Reply {number:04}.")

    def _unanswered(self) -> Iterator[tuple[int, Json]]:
        for card in self.roots():
            number = self._number_of(card)
            if number is not None and number not in self.said:
                yield number, card

    def _number_of(self, card: Json) -> int | None:
        ts = str(card["ts"])
        if ts not in self._numbers:
            self._numbers[ts] = number_in(card, "Mail")
        return self._numbers[ts]

    async def until_all_is_done(self) -> None:
        """Everything has come through, and the agent has been asked where nobody can know."""
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self._handing_in)
        await self.sandbox.wait_for(lambda: len(self.said) >= self.count, PATIENCE)
        try:
            await self.sandbox.wait_for(lambda: not self._undecided(), PATIENCE)
        except TimeoutError as error:
            left = await self._what_is_left()
            await self.process.kill()
            said = (await self.process.errors())[-3000:]
            raise AssertionError(f"{left}\nCanal said: {said}") from error

    def _undecided(self) -> list[str]:
        return [ts for ts in self.said.values() if not ts or not self._is_decided(ts)]

    async def _what_is_left(self) -> str:
        async with open_offline(self.environment()) as offline, offline.context.db.read() as tx:
            items = await outbox.list_items(tx)
            left = [await messages.find_by_ts(tx, self.support, ts) for ts in self._undecided()]
        return f"undecided: {left}, in the outbox: {items}"

    def _is_decided(self, ts: str) -> bool:
        return bool(self.reactions(ts) & {"white_check_mark", "x"})

    async def answer_questions(self) -> int:
        """The agent sends again what she was asked of and the customer has not; how often."""
        asked = [n for n, ts in self.said.items() if self.reactions(ts) == {"x"}]
        for number in asked:
            if not self.sent_replies()[number]:
                await self._press_send(number)
        await self.sandbox.wait_for(
            lambda: all(self.sent_replies()[number] for number in asked), PATIENCE
        )
        return len(asked)

    async def _press_send(self, number: int) -> None:
        card = next(one for one in self.roots() if self._number_of(one) == number)
        question = await self.sandbox.wait_for(lambda: self._question(card), PATIENCE)
        assert question is not None
        await self.sandbox.click(self.ana, self.support, question["ts"], "reply_send")

    def _question(self, card: Json) -> Json | None:
        return next((one for one in self.replies(card) if "reply_send" in json.dumps(one)), None)

    def posted_mails(self) -> Counter[int | None]:
        return Counter(number_in(card, "Mail") for card in self.roots())

    def sent_replies(self) -> Counter[int]:
        found = (re.search(rb"Reply (\d{4})\.", one.data or b"") for one in self.catcher.mails)
        return Counter(int(match[1]) for match in found if match)

    def shared_files(self) -> Counter[str]:
        posts = (post for card in self.roots() for post in self.replies(card))
        return Counter(file["name"] for post in posts for file in post.get("files") or ())

    def wanted_files(self) -> Counter[str]:
        return Counter(f"file{number:04}.bin" for number in range(0, self.count, _EVERY_THIRD))


def number_in(message: dict[str, Any], word: str) -> int | None:
    match = re.search(rf"{word} (\d{{4}})\.", words_of(message))
    return int(match[1]) if match else None
