"""Whose mail a forwarded one really is: offered to the agents, taken over by itself only where the
channel trusts the forwarder.

What is found inside a forwarded mail is only text that its sender wrote. So nobody becomes the
customer by it but through an agent's press of a button, or a forwarder whom an admin named. Pure.
"""

from __future__ import annotations

from typing import Any

from handlers.mail_in.address_index import AddressIndex
from mail.discovery.providers import find_provider
from mail.model import Address, ParsedMail
from storage.records import ChannelRecord, MessageRecord


def find_original(mail: ParsedMail, channel: ChannelRecord, index: AddressIndex) -> Address | None:
    """The writer of a mail that staff forwarded; None for everything else."""
    found, sender = mail.forwarded, mail.from_
    if found is None or sender is None or index.is_own(found.from_.address):
        return None
    if found.from_.key == sender.key or "@" not in found.from_.address:
        return None
    staff = is_staff(sender, channel) or is_trusted(sender, channel)
    return found.from_ if staff else None


def is_staff(sender: Address, channel: ChannelRecord) -> bool:
    """Somebody of the house: of the domain that the channel writes from, if it is our own and not
    one where everybody can have an address."""
    ours = {Address(one).domain for one in (channel.primary_address, channel.from_email)}
    return sender.domain in ours and find_provider(sender.address) is None


def is_trusted(sender: Address, channel: ChannelRecord) -> bool:
    """Whether the channel names this address, or its domain, among its trusted forwarders."""
    named = {str(one).casefold() for one in channel.options.get("trusted_forwarders", ())}
    return sender.key in named or sender.domain in named


def original_participants(original: Address) -> list[dict[str, Any]]:
    """Only the writer: who else was on the forward are colleagues, whom no customer shall see."""
    return [{"role": "to", "address": original.address, "name": original.name}]


def original_of(message: MessageRecord) -> Address | None:
    """The writer of the mail inside a stored one."""
    found = message.details.get("forwarded")
    return Address(found["address"], found["name"]) if found else None
