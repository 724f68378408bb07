"""Delivery reports of RFC 3464, also the broken ones: recipients, actions, status, diagnostics."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from mail.bounces.parts import Fields
from mail.bounces.status import find_enhanced, find_status, is_delay
from mail.model import BounceAction, BounceRecipient

_MOST_RECIPIENTS: Final = 200
_TYPED = re.compile(r"^\s*[A-Za-z0-9-]{1,20}\s*;\s*")
_ANGLED = re.compile(r"<\s?([^<>\s]{1,320})\s?>")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"]{1,64}@[^\s<>()\[\],;:\"]{1,255}")
_ACTIONS: Final = {
    "failed": BounceAction.FAILED,
    "failure": BounceAction.FAILED,
    "fail": BounceAction.FAILED,
    "error": BounceAction.FAILED,
    "failed-permanently": BounceAction.FAILED,
    "bounced": BounceAction.FAILED,
    "delayed": BounceAction.DELAYED,
    "delay": BounceAction.DELAYED,
    "deferred": BounceAction.DELAYED,
    "transient": BounceAction.DELAYED,
    "warning": BounceAction.DELAYED,
    "delivered": BounceAction.DELIVERED,
    "deliverable": BounceAction.DELIVERED,
    "success": BounceAction.DELIVERED,
    "relayed": BounceAction.RELAYED,
    "expanded": BounceAction.EXPANDED,
}
_RECIPIENT_FIELDS: Final = (
    "original-recipient",
    "final-recipient",
    "x-actual-recipient",
    "x-original-recipient",
    "recipient",
    "x-recipient",
)


def recipients_of(
    blocks: Sequence[Fields], explanation: str, originals: Sequence[str]
) -> list[BounceRecipient]:
    """One entry a recipient that the report names, at most 200; no address twice."""
    result: dict[str, BounceRecipient] = {}
    named = [block for block in blocks if any(name in block for name in _RECIPIENT_FIELDS)]
    if not named:
        named = [block for block in blocks if "action" in block or "status" in block]
    alone = len(named) == 1
    known = {address.lower() for address in originals}
    for block in named[:_MOST_RECIPIENTS]:
        address = _recipient(block, known) or (
            originals[0] if alone and len(originals) == 1 else ""
        )
        if address:
            entry = _entry(address, block, explanation if alone else "")
            result.setdefault(address.lower(), entry)
    return list(result.values())


def _recipient(block: Fields, known: set[str]) -> str:
    """The address of a block as we wrote it, where the report tells that.

    Original-Recipient is what the sender wrote (RFC 3461), Final-Recipient what became of it on
    the way; an address of the returned mail's own recipients stands above both.
    """
    found = [address_in(block[name]) for name in _RECIPIENT_FIELDS if block.get(name)]
    full = [address for address in found if "@" in address.strip("@")]
    ours = [address for address in full if address.lower() in known]
    return next(iter([*ours, *full]), next((address for address in found if address), ""))


def address_in(value: str) -> str:
    """The address in a field such as "rfc822; <jo@x.example> (Jo)"; "" when there is none."""
    bare = _TYPED.sub("", value[:1000]).strip().replace("&lt;", "<").replace("&gt;", ">")
    angled = _ANGLED.search(bare)
    if angled and "@" in angled.group(1):
        return angled.group(1).strip("\"'. ")
    found = _ADDRESS.search(bare)
    if found:
        return found.group(0).strip("\"'.")
    single = bare.strip("<>\"' ")
    return single if single and " " not in single and "/" not in single[:1] else ""


def _entry(address: str, block: Fields, explanation: str) -> BounceRecipient:
    raw = block.get("diagnostic-code") or block.get("x-supplementary-info") or ""
    diagnostic = _TYPED.sub("", raw).strip()
    declared = block.get("status") or block.get("x-status") or ""
    action = _action(block.get("action", ""), declared, explanation)
    if action in (BounceAction.DELIVERED, BounceAction.RELAYED, BounceAction.EXPANDED):
        return BounceRecipient(address, action, _success(declared), diagnostic or None)
    status = find_status(declared, diagnostic or declared, "" if diagnostic else explanation)
    return BounceRecipient(address, action, status, (diagnostic or _said(declared)) or None)


def _action(value: str, declared: str, explanation: str) -> BounceAction:
    word = re.split(r"[\s;(,]", value.strip().lower(), maxsplit=1)[0]
    known = _ACTIONS.get(word)
    if known:
        return known
    status = declared.strip()[:1]
    if status == "2":
        return BounceAction.DELIVERED
    return BounceAction.DELAYED if is_delay(explanation) and status != "5" else BounceAction.FAILED


def _success(declared: str) -> str | None:
    found = re.search(r"2\.\d{1,3}\.\d{1,3}", declared[:100])
    return found.group(0) if found else None


def _said(declared: str) -> str:
    """Some servers put their sentence behind the code in Status."""
    return declared if find_enhanced(declared) and len(declared) > 12 else ""
