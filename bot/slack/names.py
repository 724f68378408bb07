"""Who and what a message mentions, and how that is written in a mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class MentionKind(StrEnum):
    """What a mention points at."""

    USER = "user"
    GROUP = "usergroup"
    CHANNEL = "channel"
    BROADCAST = "broadcast"


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention; `label` is what the message itself says of it, often nothing."""

    kind: MentionKind
    id: str
    label: str = ""


@dataclass(slots=True)
class Names:
    """Names of ids for one conversion; it notes the ids that had none.

    A mail says "Ana", not "@Ana": signs of Slack mean nothing to a customer.
    """

    known: Mapping[str, str]
    unknown: str = "someone"
    unresolved: list[str] = field(default_factory=list)

    def label(self, mention: Mention) -> str:
        """The words for a mention: its name, what the message calls it, or `unknown`."""
        if mention.kind is MentionKind.BROADCAST:
            return f"@{mention.id}"
        name = (self.known.get(mention.id) or mention.label).strip().lstrip("@#").strip()
        if name:
            return name
        if mention.id not in self.unresolved:
            self.unresolved.append(mention.id)
        return self.unknown
