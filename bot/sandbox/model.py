"""The things in a workspace. Messages, files and views are Slack's own JSON objects.

Keys of a stored message that begin with "_" are the sandbox's own and never leave it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

Json = dict[str, Any]

COLORS = ("9f69e7", "4bbe2e", "e7392d", "3c989f", "d58247", "e96699", "674b1b", "2b6836")


@dataclass(slots=True)
class Person:
    """Somebody with a user id: a person, or the app's bot user."""

    id: str
    name: str
    real_name: str
    email: str = ""
    title: str = ""
    locale: str = "en-US"
    is_admin: bool = False
    is_guest: bool = False
    is_bot: bool = False
    deleted: bool = False
    color: str = COLORS[0]
    updated: int = 0

    def to_json(self) -> Json:
        return asdict(self)


@dataclass(slots=True)
class Usergroup:
    id: str
    handle: str
    name: str
    users: list[str]
    created: int = 0

    def to_json(self) -> Json:
        return asdict(self)


@dataclass(slots=True)
class Channel:
    """A conversation. `messages` is by ts, oldest first; `threads` lists the replies of a root."""

    id: str
    name: str
    is_private: bool = False
    is_im: bool = False
    is_archived: bool = False
    topic: str = ""
    purpose: str = ""
    creator: str = ""
    created: int = 0
    members: list[str] = field(default_factory=list)
    read: dict[str, str] = field(default_factory=dict)
    """The newest ts that each person has seen."""
    messages: dict[str, Json] = field(default_factory=dict)
    threads: dict[str, list[str]] = field(default_factory=dict)
    last_us: int = 0

    @property
    def kind(self) -> str:
        """Slack's `channel_type`: channel, group or im."""
        if self.is_im:
            return "im"
        return "group" if self.is_private else "channel"

    def to_json(self) -> Json:
        """All but the messages, which are stored one by one."""
        skipped = {"messages", "threads", "last_us"}
        return {key: value for key, value in asdict_shallow(self).items() if key not in skipped}

    def add(self, message: Json) -> None:
        """Puts a message in its place. Messages must come oldest first."""
        ts = message["ts"]
        self.messages[ts] = message
        root = message.get("thread_ts")
        if root and root != ts:
            self.threads.setdefault(root, []).append(ts)

    def remove(self, ts: str) -> None:
        message = self.messages.pop(ts)
        root = message.get("thread_ts")
        if root and root != ts:
            self.threads[root].remove(ts)
            if not self.threads[root]:
                del self.threads[root]

    def replies(self, root: str) -> list[Json]:
        return [self.messages[ts] for ts in self.threads.get(root, ())]


def asdict_shallow(channel: Channel) -> Json:
    """`dataclasses.asdict` without its deep copy of every message."""
    return {name: getattr(channel, name) for name in Channel.__slots__}


@dataclass(slots=True)
class OpenView:
    """A modal on somebody's screen, or their Home."""

    user: str
    view: Json


@dataclass(slots=True)
class Trigger:
    user: str
    made_at: float
    view_id: str | None = None
    """The modal that the interaction came from."""
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Where an app may answer an interaction: 5 times in 30 minutes."""

    user: str
    channel: str
    made_at: float
    ts: str | None = None
    """The message that held the button."""
    ephemeral: bool = False
    thread_ts: str | None = None
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Ping:
    """Somebody was really notified: the message and whom (U…, S…, channel, here, everyone)."""

    ts: str
    target: str
    channel: str = ""
