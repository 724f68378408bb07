"""Making a database ready: schema, canary of the secret key, signing key."""

from __future__ import annotations

import secrets

from sqlalchemy.exc import DBAPIError

from storage.engine import Database, Session, vault_of
from storage.errors import MovedAway
from storage.queries import meta
from storage.schema import SERVES_KEY, look, serves_of_this_version, unusable, upgrade

_CANARY = "canary"
_SIGNING_KEY = "signing_key"
REQUIRED = (_CANARY, _SIGNING_KEY)
"""What every database has from its first start on."""
MOVED_TO = "moved_to"
"""Where `canal db copy` has taken everything: from then on this database is only a memory."""


async def prepare(database: Database) -> bytes:
    """Migrate, check the key, and return the key that tokens in addresses are signed with.

    The signing key lives sealed in the database, apart from CANAL_SECRET_KEY: rotating that one
    must not orphan the Reply-To addresses that customers already hold.

    Raises:
        WrongKey, NewerDatabase, Unreachable, MovedAway: each with its sentence.
    """
    is_newest = await upgrade(database)
    try:
        async with database.write() as tx:
            await _refuse_moved(tx)
            if is_newest and await meta.find(tx, SERVES_KEY) != serves_of_this_version():
                await meta.put(tx, SERVES_KEY, serves_of_this_version())
            await _check_canary(tx)
            return await _signing_key(tx)
    except DBAPIError as error:
        raise unusable(database, error) from error


async def _refuse_moved(tx: Session) -> None:
    """Raises MovedAway: a Canal that worked on here too would post and send everything twice."""
    place = await meta.find(tx, MOVED_TO)
    if place is not None:
        raise MovedAway(
            f"This database was moved to {place.decode()}: set CANAL_DATABASE_URL to that, or run "
            "“canal db reopen” to go back to this one."
        )


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


async def verify(database: Database, *, even_moved: bool = False) -> None:
    """Look whether `prepare` would succeed, and change nothing.

    Raises:
        WrongKey, NewerDatabase, Unreachable, and unless `even_moved` MovedAway.
    """
    if await look(database) is None:
        return
    try:
        async with database.read() as tx:
            if not even_moved:
                await _refuse_moved(tx)
            sealed = await meta.find(tx, _CANARY)
            if sealed is not None:
                vault_of(tx).open(_CANARY, sealed)
    except DBAPIError as error:
        raise unusable(database, error) from error
