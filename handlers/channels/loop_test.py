"""A mail through the whole loop: out by the channel, over its provider, and in again.

The probe is marked so that it never becomes a ticket, even where a relay gives it another
Message-ID. Whether it came back is looked up where it must end: in the mailbox itself, or among
what Canal's own SMTP server has taken in.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.parser import BytesHeaderParser

from handlers.channels.channels import Channels
from handlers.context import Context
from handlers.ports import DomainCheck, MailboxLook, MailConnection, MailTransport, Step
from handlers.tokens import PROBE_TICKET
from mail.connections import ImapCursor
from mail.document import Document
from mail.errors import MailError
from mail.model import Address
from mail.sentences import say, together
from mail.writing.compose import OutgoingMail, compose
from storage.queries import arrivals
from storage.records import ChannelRecord

SECONDS = 45.0
_LOOK_EVERY = 1.0
_MAILBOX_EVERY = 3.0
_CLOCK_MARGIN = timedelta(seconds=5)


class LoopTest:
    def __init__(
        self,
        context: Context,
        channels: Channels,
        transport: MailTransport,
        look: MailboxLook,
        check_domain: DomainCheck,
        *,
        seconds: float = SECONDS,
    ) -> None:
        self._context = context
        self._channels = channels
        self._transport = transport
        self._look = look
        self._check_domain = check_domain
        self._seconds = seconds

    async def run(self, name: str) -> list[Step]:
        """Each hop as a step. Takes up to `seconds` where the mail does not come back.

        Raises NotFound when there is no such channel.
        """
        channel = (await self._channels.show(name)).channel
        incoming = await self._channels.open_connection(name, "in")
        outgoing = await self._channels.open_connection(name, "out")
        nonce = secrets.token_hex(8)
        try:
            cursor = await self._begin(incoming)
        except MailError as error:
            return [
                Step(False, say("In: {why}", why=str(error))),
                *await self._domain(channel, None),
            ]
        message_id, data = self._compose(channel, nonce)
        sent_at = self._context.clock.now()
        out = await self._send(outgoing, channel, data)
        if not out.ok:
            return [out, *await self._domain(channel, None)]
        received = await self._wait(channel, incoming, cursor, nonce, sent_at)
        if received is None:
            return [out, self._lost(channel), *await self._domain(channel, None)]
        took = (self._context.clock.now() - sent_at).total_seconds()
        back = Step(True, say("Loop: the test mail came back after {took} s.", took=f"{took:.1f}"))
        return [
            out,
            back,
            _compare_ids(message_id, received),
            *await self._domain(channel, received),
        ]

    async def _begin(self, incoming: MailConnection) -> ImapCursor | None:
        """Where the mailbox ends now: what comes later is looked through."""
        if incoming.kind != "imap":
            return None
        cursor, _ = await self._look.fetch_since(incoming, None)
        return cursor

    def _compose(self, channel: ChannelRecord, nonce: str) -> tuple[str, bytes]:
        sender = Address(channel.from_email, channel.from_name)
        tokens = self._context.tokens
        message_id = tokens.new_message_id(PROBE_TICKET, sender.domain)
        words = "Canal sends this to see whether mail goes out and comes back. Ignore it."
        mail = OutgoingMail(
            message_id=message_id,
            from_=sender,
            to=(Address(channel.primary_address),),
            subject=f"Canal test {nonce}",
            body=Document.from_text(words),
            date=self._context.clock.now(),
            auto_submitted=True,
            marker=tokens.marker_for(PROBE_TICKET),
        )
        return message_id, compose(mail)

    async def _send(self, outgoing: MailConnection, channel: ChannelRecord, data: bytes) -> Step:
        try:
            result = await self._transport.send(
                outgoing,
                sender=channel.from_email,
                recipients=[channel.primary_address],
                data=data,
                on_handover=_nothing,
            )
        except MailError as error:
            return Step(False, say("Out: {why}", why=str(error)))
        refused = [one for one in result.recipients if one not in result.accepted]
        if refused:
            one = refused[0]
            return Step(
                False,
                say(
                    "Out: {address} was refused: {codes} {text}",
                    address=one.address,
                    codes=one.codes,
                    text=one.text,
                ),
            )
        return Step(
            True,
            say(
                "Out: accepted for {address}: {reply}",
                address=channel.primary_address,
                reply=result.reply[:200],
            ),
        )

    async def _wait(
        self,
        channel: ChannelRecord,
        incoming: MailConnection,
        cursor: ImapCursor | None,
        nonce: str,
        sent_at: datetime,
    ) -> bytes | None:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._seconds
        mark = nonce.encode()
        while loop.time() < end:
            if incoming.kind == "imap":
                try:
                    cursor, mails = await self._look.fetch_since(incoming, cursor)
                except MailError:
                    mails = []  # it has just worked: a passing failure, asked again
                pause = _MAILBOX_EVERY
            else:
                mails = await self._arrived(channel, sent_at)
                pause = _LOOK_EVERY
            for data in mails:
                if mark in data:
                    return data
            await asyncio.sleep(min(pause, max(0.0, end - loop.time())))
        return None

    async def _arrived(self, channel: ChannelRecord, sent_at: datetime) -> Sequence[bytes]:
        async with self._context.db.read() as tx:
            return await arrivals.list_raw_since(tx, channel.id, sent_at - _CLOCK_MARGIN)

    def _lost(self, channel: ChannelRecord) -> Step:
        if channel.incoming == "internal":
            why = say(
                "Is mail to {address} forwarded to {inbound_address}, and does Canal run?",
                address=channel.primary_address,
                inbound_address=channel.inbound_address,
            )
        else:
            why = say(
                "Is mail to {address} delivered into this mailbox and folder?",
                address=channel.primary_address,
            )
        return Step(
            False,
            say(
                "Loop: the test mail did not come back within {seconds} s. {why} A spam filter "
                "may have it too.",
                seconds=f"{self._seconds:.0f}",
                why=why,
            ),
        )

    async def _domain(self, channel: ChannelRecord, received: bytes | None) -> list[Step]:
        found = await self._check_domain(channel.from_email, received)
        # What a domain lacks is told, but does not make the channel fail.
        marks = {True: "", False: "⚠ ", None: ""}
        return [Step(True, together([marks[one.ok], one.sentence], between="")) for one in found]


def _compare_ids(sent: str, received: bytes) -> Step:
    """Whether answers will name our Message-ID."""
    head = BytesHeaderParser().parsebytes(received)
    found = str(head.get("Message-ID") or "").strip()
    if found == sent:
        return Step(True, say("Message-ID: survived, so that answers are matched by it."))
    shown = "".join(c for c in found if c.isprintable())[:120]
    changed = (
        say("Message-ID: ⚠ changed on the way to {changed}.", changed=shown)
        if shown
        else say("Message-ID: ⚠ lost on the way.")
    )
    instead = say("Answers are matched by the hidden marker and the ticket's address instead.")
    return Step(True, together([changed, instead]))


async def _nothing() -> None:
    return None
