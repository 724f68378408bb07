"""Making a database ready: schema, canary of the secret key, signing key."""

from __future__ import annotations

import secrets

from storage.engine import Database, Session, vault_of
from storage.queries import meta
from storage.schema import SERVES_KEY, look, serves_of_this_version, upgrade

_CANARY = "canary"
_SIGNING_KEY = "signing_key"


async def prepare(database: Database) -> bytes:
    """Migrate, check the key, and return the key that tokens in addresses are signed with.

    The signing key lives sealed in the database, apart from CANAL_SECRET_KEY: rotating that one
    must not orphan the Reply-To addresses that customers already hold.

    Raises:
        WrongKey, NewerDatabase, Unreachable: each with its sentence.
    """
    is_newest = await upgrade(database)
    async with database.write() as tx:
        if is_newest and await meta.find(tx, SERVES_KEY) != serves_of_this_version():
            await meta.put(tx, SERVES_KEY, serves_of_this_version())
        await _check_canary(tx)
        return await _signing_key(tx)


async def _check_canary(tx: Session) -> None:
    vault = vault_of(tx)
    sealed = await meta.find(tx, _CANARY)
    if sealed is None:
        sealed = await meta.put_once(tx, _CANARY, vault.seal(_CANARY, "canal"))
    vault.open(_CANARY, sealed)


async def _signing_key(tx: Session) -> bytes:
    vault = vault_of(tx)
    sealed = await meta.find(tx, _SIGNING_KEY)
    if sealed is None:
        made = vault.seal(_SIGNING_KEY, secrets.token_bytes(32).hex())
        sealed = await meta.put_once(tx, _SIGNING_KEY, made)
    return bytes.fromhex(vault.open(_SIGNING_KEY, sealed))


async def verify(database: Database) -> None:
    """Look whether `prepare` would succeed, and change nothing.

    Raises:
        WrongKey, NewerDatabase, Unreachable: each with its sentence.
    """
    if await look(database) is None:
        return
    async with database.read() as tx:
        sealed = await meta.find(tx, _CANARY)
        if sealed is not None:
            vault_of(tx).open(_CANARY, sealed)
