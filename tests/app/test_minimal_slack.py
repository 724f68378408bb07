"""A Slack-compatible API that has next to nothing: mails and replies work in full all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import Canal
from bot.config.settings import load_settings
from tests.app.harness import Harness
from tests.app.minimal_slack import CHANNEL, Json, MinimalSlack


class MinimalHarness(Harness):
    """The catcher and Canal of the harness, with another Slack."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.slack = MinimalSlack()

    async def start(self) -> None:
        await self.catcher.start()
        await self.slack.start()
        self.support = CHANNEL
        await self.start_canal()

    async def start_canal(self) -> None:
        env = {
            **self.settings_without_slack(),
            "SLACK_BOT_TOKEN": "xoxb-minimal",
            "SLACK_APP_TOKEN": "xapp-minimal",
            "SLACK_API_URL": f"http://{self.slack.base}/api/",
        }
        self.canal = Canal(load_settings(env, for_run=True))
        await self.canal.start()
        self.smtp_address = self.canal.smtp.server.address

    async def stop(self) -> None:
        await self.canal.stop()
        await self.slack.stop()
        await self.catcher.stop()

    def settings_without_slack(self) -> dict[str, str]:
        return {
            "CANAL_DATA_DIR": str(self.folder / "data"),
            "CANAL_SMTP_LISTEN": "127.0.0.1:0",
            "CANAL_HTTP_LISTEN": "127.0.0.1:0",
            "CANAL_SMARTHOST_URL": self.catcher.smarthost_url,
        }

    def thread(self, root: str) -> list[Json]:
        return [one for one in self.slack.posts.values() if one.get("thread_ts") == root]

    async def root(self, count: int = 1) -> str:
        """The ts of the newest card."""
        found = await self.slack.wait_for(
            lambda: [one["ts"] for one in self.slack.posts.values() if "thread_ts" not in one][
                count - 1 :
            ]
        )
        return str(found[-1])


@pytest.fixture
async def canal(tmp_path: Path) -> AsyncIterator[MinimalHarness]:
    harness = MinimalHarness(tmp_path)
    await harness.start()
    await harness.add_channel()
    try:
        yield harness
    finally:
        await harness.stop()


async def test_a_whole_conversation(canal: MinimalHarness) -> None:
    await canal.write("The first question", message_id="<1@cust.example>")
    root = await canal.root()
    assert "The first question" in canal.slack.posts[root]["blocks"]
    await canal.slack.say(root, "The *answer* &amp; more :tada:")
    sent = await canal.sent()
    assert "The answer & more 🎉" in str(sent.text)
    assert "<b>answer</b>" in str(sent.html).replace("strong", "b")
    await canal.write("The second question", headers={"In-Reply-To": sent.header("Message-ID")})
    await canal.slack.wait_for(
        lambda: any("The second question" in one["blocks"] for one in canal.thread(root))
    )
    await canal.slack.say(root, "note: just for us")
    await canal.slack.say(root, "The last answer")
    await canal.sent(2)
    assert len(canal.catcher.mails) == 2
    await canal.idle()


async def test_files_are_named_with_the_reason_and_hold_up_nothing(canal: MinimalHarness) -> None:
    await canal.write("With a file", files={"plan.bin": b"\x00\x01"})
    root = await canal.root()
    assert "With a file" in canal.slack.posts[root]["blocks"]
    await canal.slack.wait_for(
        lambda: any(
            "plan.bin" in one["text"] and "no file upload" in one["text"]
            for one in canal.thread(root)
        )
    )
    await canal.idle()


async def test_a_failure_is_said_in_the_thread(canal: MinimalHarness) -> None:
    canal.catcher.refuse("jo@cust.example", "550 5.1.1 no such user")
    await canal.write()
    root = await canal.root()
    await canal.slack.say(root, "Hello")
    await canal.slack.wait_for(
        lambda: any("did not reach jo@cust.example" in one["text"] for one in canal.thread(root))
    )


async def test_where_nothing_can_be_looked_up_twice_is_better_than_never(
    canal: MinimalHarness,
) -> None:
    canal.slack.hang_up_after("chat.postMessage")
    await canal.write("Only once, perhaps twice")
    await canal.root(2)
    await canal.idle()
    assert len(canal.slack.posts) == 2


async def test_everything_works_after_a_restart(canal: MinimalHarness) -> None:
    await canal.write()
    root = await canal.root()
    await canal.canal.stop()
    await canal.start_canal()
    await canal.slack.say(root, "After the restart")
    assert "After the restart" in str((await canal.sent()).text)
