"""One attempt at one reply, and what the servers said to it: values and pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.replies.compose_reply import ReplyParts
from mail.sending.results import Outcome, RecipientResult
from storage.records import DeliveryRecord


@dataclass(frozen=True, slots=True)
class MailAttempt:
    """One attempt at one reply: what it says, by what it leaves, and who has answered before."""

    parts: ReplyParts
    secret: Mapping[str, Any]
    deliveries: Sequence[DeliveryRecord]

    @property
    def before(self) -> list[dict[str, Any]]:
        """What servers said at earlier attempts, as `delivery_row`."""
        return [
            {name: getattr(one, name) for name in ("address", "state", "code", "status", "reply")}
            for one in self.deliveries
        ]

    @property
    def settled(self) -> set[str]:
        """Who needs no further attempt."""
        final = ("accepted", "permanent", "bounced")
        return {one.address for one in self.deliveries if one.state in final}


def refusals(
    everything: Sequence[Mapping[str, Any]], results: Sequence[RecipientResult]
) -> dict[str, Any]:
    """Who will not get the reply and why, and who has it."""
    return {
        "recipients": [
            {
                "address": one["address"],
                "code": one["code"],
                "status": one["status"] or "",
                "reply": one["reply"][:300],
                "reason": _reason_for(results, one["address"]),
            }
            for one in everything
            if one["state"] in ("permanent", "bounced")
        ],
        "reached": [one["address"] for one in everything if one["state"] == "accepted"],
    }


def given_up(result: RecipientResult) -> RecipientResult:
    if result.outcome is not Outcome.TEMPORARY:
        return result
    return RecipientResult(
        result.address, Outcome.PERMANENT, result.code, result.enhanced, result.text, result.reason
    )


def delivery_row(result: RecipientResult) -> dict[str, Any]:
    return {
        "address": result.address[:320],
        "state": result.outcome.value,
        "code": result.code,
        "status": result.enhanced,
        "reply": result.text[:2000],
    }


def _reason_for(results: Sequence[RecipientResult], address: str) -> str:
    found = next((one for one in results if one.address == address), None)
    return found.reason.value if found and found.reason else "other"
