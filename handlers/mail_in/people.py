"""Who is on a mail, and who gets the answer to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from handlers.mail_in.address_index import AddressIndex
from handlers.tokens import without_tokens
from mail.model import Address, ParsedMail
from mail.reading.kinds import is_noreply
from storage.records import ChannelRecord, MessageRecord

Recipients = list[dict[str, Any]]
"""[{role: to|cc|bcc, address, name}] as tickets and messages store them."""


def participants_of(mail: ParsedMail, index: AddressIndex) -> Recipients:
    """Who gets the reply to this mail: Reply-To or From, then To, then Cc, minus our own.

    A mail that staff sent from their own mail client comes from one of our addresses: then its
    To and Cc are the customers. One that staff passed on from there to us has none of these: then
    it is whoever wrote the mail that was passed on.
    """
    first = index.without_own(_author(mail, index) + mail.to)
    copies = index.without_own(mail.cc)
    if not first and not copies and mail.forwarded is not None:
        first = index.without_own((mail.forwarded.from_,))
    taken = {item.key for item in first}
    return [
        *(recipient_row("to", item) for item in first),
        *(recipient_row("cc", item) for item in copies if item.key not in taken),
    ]


def _author(mail: ParsedMail, index: AddressIndex) -> tuple[Address, ...]:
    """Reply-To where somebody reads it; a mail may name us there, or an address that is no one's.

    Then it is From, unless nobody reads that either.
    """
    writer = (mail.from_,) if mail.from_ else ()
    wanted = index.without_own(mail.reply_to)
    read = tuple(one for one in wanted if not is_noreply(one.address))
    if read:
        return read
    if wanted and all(is_noreply(one.address) for one in writer):
        return wanted
    return writer


def is_web_form(mail: ParsedMail, index: AddressIndex) -> bool:
    """Whether a web site's form wrote this in our own name: the visitor stands in Reply-To."""
    if mail.from_ is None or not index.is_own(mail.from_.address):
        return False
    return bool(index.without_own(mail.reply_to)) and not index.without_own((*mail.to, *mail.cc))


def is_passed_on(mail: ParsedMail, index: AddressIndex) -> bool:
    """Whether one of our addresses only hands a customer's mail on to us, as a closed one does."""
    if mail.forwarded is None or mail.from_ is None or not index.is_own(mail.from_.address):
        return False
    return not index.without_own((*mail.to, *mail.cc, *mail.reply_to))


def everybody_on(mail: ParsedMail) -> list[tuple[str, str]]:
    """(address, name) of all whom the headers name; they may join the ticket by Message-ID."""
    named: Iterable[Address] = (
        *((mail.from_,) if mail.from_ else ()),
        *mail.reply_to,
        *mail.to,
        *mail.cc,
    )
    return [(item.address, item.name) for item in named if "@" in item.address]


def participants_of_message(message: MessageRecord, index: AddressIndex) -> Recipients:
    """The same from a stored mail."""
    mail = ParsedMail(
        from_=Address(message.author_address, message.author_name)
        if message.author_address
        else None,
        reply_to=tuple(
            Address(one["address"], one["name"]) for one in message.details.get("reply_to", ())
        ),
        to=addresses_in(message.recipients, "to"),
        cc=addresses_in(message.recipients, "cc"),
    )
    return participants_of(mail, index)


def everybody_of_message(message: MessageRecord) -> list[tuple[str, str]]:
    """(address, name) of all on a stored mail, whichever way it went."""
    named = [(message.author_address, message.author_name)]
    named += [(one["address"], one["name"]) for one in message.details.get("reply_to", ())]
    named += [(one["address"], one.get("name", "")) for one in message.recipients]
    return [one for one in named if "@" in one[0]]


def addresses_in(recipients: Recipients, role: str) -> tuple[Address, ...]:
    return tuple(
        Address(item["address"], item.get("name", ""))
        for item in recipients
        if item["role"] == role
    )


def named_in(message: MessageRecord, role: str, channel: ChannelRecord) -> tuple[Address, ...]:
    """As the mail named them, our own inbound address by the name that the world knows it by."""
    found = []
    for one in addresses_in(message.recipients, role):
        address = without_tokens(one.address)
        if channel.inbound_address and address.casefold() == channel.inbound_address.casefold():
            address = channel.primary_address
        found.append(Address(address, without_tokens(one.name)))
    return tuple({one.key: one for one in found}.values())


def all_addresses(recipients: Recipients) -> tuple[str, ...]:
    """Every address once, in order."""
    return tuple(dict.fromkeys(item["address"] for item in recipients))


def with_copy(recipients: Recipients, channel: ChannelRecord) -> Recipients:
    """The recipients and the channel's copy address; nobody for nobody."""
    found = list(recipients)
    if found and channel.copy_to:
        role = "bcc" if channel.copy_as_bcc else "cc"
        found.append({"role": role, "address": channel.copy_to, "name": ""})
    return found


def recipient_row(role: str, item: Address) -> dict[str, Any]:
    """One recipient as it is stored."""
    return {"role": role, "address": item.address, "name": item.name}
