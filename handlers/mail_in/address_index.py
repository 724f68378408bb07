"""Which addresses are ours, in memory: RCPT is answered from it, participants are told by it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from mail.mime.addresses import split_subaddress
from mail.model import Address
from storage.engine import Database
from storage.queries import channels, meta
from storage.records import ChannelRecord


@dataclass(frozen=True, slots=True)
class _Snapshot:
    version: int = -1
    by_address: dict[str, tuple[int, ...]] = field(default_factory=dict)
    receiving: dict[str, tuple[int, ...]] = field(default_factory=dict)
    channels: dict[int, ChannelRecord] = field(default_factory=dict)
    inbound_bases: frozenset[str] = frozenset()


class AddressIndex:
    """A snapshot of the channels' addresses, renewed when the configuration version moved."""

    def __init__(self, db: Database, team_id: str) -> None:
        self._db = db
        self._team_id = team_id
        self._now = _Snapshot()

    @property
    def version(self) -> int:
        """The configuration version that was loaded last; -1 before the first `refresh`."""
        return self._now.version

    async def refresh(self) -> bool:
        """Load what changed since the last look, by this process or another; True when it did."""
        async with self._db.read() as tx:
            version = await meta.config_version(tx)
            if version == self._now.version:
                return False
            records = {record.id: record for record in await channels.list_all(tx, self._team_id)}
            known = await channels.list_addresses(tx)
        addresses = [item for item in known if item.email_channel_id in records]
        by_address: dict[str, list[int]] = defaultdict(list)
        receiving: dict[str, list[int]] = defaultdict(list)
        for item in addresses:
            by_address[item.address].append(item.email_channel_id)
            internal = records[item.email_channel_id].incoming == "internal"
            if internal and item.kind in ("inbound", "primary", "additional"):
                receiving[item.address].append(item.email_channel_id)
        self._now = _Snapshot(
            version,
            {key: tuple(dict.fromkeys(ids)) for key, ids in by_address.items()},
            {key: tuple(dict.fromkeys(ids)) for key, ids in receiving.items()},
            records,
            frozenset(item.address for item in addresses if item.kind == "inbound"),
        )
        return True

    def channels_for(self, recipient: str) -> tuple[ChannelRecord, ...]:
        """The channels that take mail to this envelope recipient; empty when it is not ours."""
        now = self._now
        return tuple(
            now.channels[channel_id] for channel_id in now.receiving.get(self._base(recipient), ())
        )

    def is_own(self, address: str) -> bool:
        """Whether an address is one of ours, with or without a ticket token in it."""
        return address.casefold() in self._now.by_address or self._base(address) in (
            self._now.by_address
        )

    def is_own_of(self, channel_id: int, address: str) -> bool:
        ids = self._now.by_address.get(address.casefold()) or self._now.by_address.get(
            self._base(address), ()
        )
        return channel_id in ids

    def without_own(self, addresses: tuple[Address, ...]) -> tuple[Address, ...]:
        """The addresses that are somebody else's, each once."""
        unique = {item.key: item for item in reversed(addresses) if not self.is_own(item.address)}
        return tuple(reversed(unique.values()))

    def get(self, channel_id: int) -> ChannelRecord | None:
        return self._now.channels.get(channel_id)

    def all(self) -> tuple[ChannelRecord, ...]:
        return tuple(self._now.channels.values())

    def _base(self, address: str) -> str:
        """The address without `+detail`: only our inbound addresses carry our tokens there."""
        local, detail, domain = split_subaddress(address.casefold())
        return f"{local}@{domain}" if detail is not None else address.casefold()
