"""All that is sealed in a database: whether it opens, and sealing it anew under the newest key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy import Update, select, update

from storage.engine import Session, vault_of
from storage.errors import StorageError
from storage.models import Connection, EmailChannel, Meta

_FERNET = b"gAAAA"
"""How everything sealed begins: version 0x80 and the first bytes of a time."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A secret, what it is called, and the row and column where it is."""

    place: str
    secret: bytes
    row: Update
    column: str


async def list_unreadable(tx: Session) -> list[str]:
    """The places whose secret the vault's keys do not open, or that was made for another place."""
    vault = vault_of(tx)
    bad = []
    async for one in _everything(tx):
        try:
            if one.place.startswith("connection:"):
                vault.open(one.place, one.secret)
            else:
                vault.rotate(one.secret)  # only whether it opens
        except StorageError:
            bad.append(one.place)
    return bad


async def rotate_all(tx: Session) -> int:
    """Seal everything anew under the newest key; returns how many secrets there are.

    Raises:
        WrongKey: one of them opens with none of the keys; the transaction must end without effect.
    """
    vault = vault_of(tx)
    count = 0
    async for one in _everything(tx):
        await tx.execute(one.row.values({one.column: vault.rotate(one.secret)}))
        count += 1
    return count


async def _everything(tx: Session) -> AsyncIterator[_Sealed]:
    rows = await tx.execute(
        select(EmailChannel.uid, Connection.direction, Connection.secret, Connection.id)
        .join(EmailChannel, EmailChannel.id == Connection.email_channel_id)
        .where(Connection.secret.is_not(None))
    )
    for uid, direction, secret, connection_id in rows.all():
        row = update(Connection).where(Connection.id == connection_id)
        yield _Sealed(f"connection:{uid}:{direction}", secret or b"", row, "secret")
    for key, value in (await tx.execute(select(Meta.key, Meta.value))).all():
        if value.startswith(_FERNET):
            yield _Sealed(key, value, update(Meta).where(Meta.key == key), "value")
