"""All tables; importing this package makes `Base.metadata` complete."""

from __future__ import annotations

from storage.models.base import Base
from storage.models.channels import AgentSignature, ChannelAddress, Connection, EmailChannel
from storage.models.digests import Digest, FoldedCard
from storage.models.mails import Arrival, RawMail
from storage.models.tickets import (
    Attachment,
    Delivery,
    Message,
    MessageIndex,
    Ticket,
    TicketPerson,
)
from storage.models.work import OutboxItem
from storage.models.workspace import Lease, Meta, Workspace

__all__ = [
    "AgentSignature",
    "Arrival",
    "Attachment",
    "Base",
    "ChannelAddress",
    "Connection",
    "Delivery",
    "Digest",
    "EmailChannel",
    "FoldedCard",
    "Lease",
    "Message",
    "MessageIndex",
    "Meta",
    "OutboxItem",
    "RawMail",
    "Ticket",
    "TicketPerson",
    "Workspace",
]
