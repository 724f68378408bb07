"""DKIM keys, one a domain, sealed like every secret."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

from sqlalchemy import delete

from storage.engine import Session, vault_of
from storage.models import Meta
from storage.queries import meta

_PREFIX = "dkim:"


@dataclass(frozen=True, slots=True)
class DkimKey:
    """`private_key` is PEM. The repr never shows it."""

    domain: str
    selector: str
    private_key: str

    def __repr__(self) -> str:
        return f"DkimKey({self.domain!r}, {self.selector!r}, …)"


async def find(tx: Session, domain: str) -> DkimKey | None:
    """The key of exactly this domain."""
    name = domain.casefold().rstrip(".")
    sealed = await meta.find(tx, _key(name))
    if sealed is None:
        return None
    return DkimKey(**vault_of(tx).open(_place(name), sealed))


async def find_for(tx: Session, domain: str) -> DkimKey | None:
    """The key of the domain, or of the nearest domain above it."""
    labels = domain.casefold().rstrip(".").split(".")
    for start in range(len(labels) - 1):
        found = await find(tx, ".".join(labels[start:]))
        if found is not None:
            return found
    return None


async def put(tx: Session, key: DkimKey) -> None:
    sealed = vault_of(tx).seal(_place(key.domain), asdict(key))
    await meta.put(tx, _key(key.domain), sealed)


async def remove(tx: Session, domain: str) -> bool:
    """False when there is none."""
    result = await tx.execute(
        delete(Meta).where(Meta.key == _key(domain.casefold().rstrip("."))).returning(Meta.key)
    )
    return result.first() is not None


def _key(domain: str) -> str:
    """A key of `meta` has 64 characters, a domain up to 253."""
    return _PREFIX + hashlib.sha256(domain.encode()).hexdigest()[:40]


def _place(domain: str) -> str:
    return f"dkim:{domain}"
