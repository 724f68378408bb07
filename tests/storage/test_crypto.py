"""Secrets at rest."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from storage.crypto import Vault
from storage.engine import Database, open_database
from storage.errors import StorageError, WrongKey
from storage.queries import channels
from storage.startup import prepare
from tests.storage.samples import KEY, add_channel


def new_key() -> str:
    return Fernet.generate_key().decode()


def test_what_is_sealed_can_be_opened() -> None:
    vault = Vault([new_key()])
    secret = {"password": "pa\x00ß 😀", "token": None, "n": 3}
    sealed = vault.seal("connection:1:in", secret)
    assert vault.open("connection:1:in", sealed) == secret
    assert b"password" not in sealed


def test_another_key_opens_nothing() -> None:
    sealed = Vault([new_key()]).seal("here", "x")
    with pytest.raises(WrongKey):
        Vault([new_key()]).open("here", sealed)
    with pytest.raises(WrongKey):
        Vault([new_key()]).rotate(sealed)


def test_a_secret_moved_to_another_place_is_not_opened() -> None:
    vault = Vault([new_key()])
    with pytest.raises(StorageError, match="was not made for it"):
        vault.open("connection:2:in", vault.seal("connection:1:in", "x"))


def test_a_changed_ciphertext_is_not_opened() -> None:
    vault = Vault([new_key()])
    sealed = bytearray(vault.seal("here", "x"))
    sealed[20] ^= 1
    with pytest.raises(WrongKey):
        vault.open("here", bytes(sealed))


def test_old_keys_open_and_the_newest_seals() -> None:
    old, new = new_key(), new_key()
    sealed = Vault([old]).seal("here", "x")
    both = Vault([new, old])
    assert both.open("here", sealed) == "x"
    with pytest.raises(WrongKey):
        Vault([old]).open("here", both.seal("here", "y"))


def test_a_rotated_secret_needs_only_the_new_key() -> None:
    old, new = new_key(), new_key()
    rotated = Vault([new, old]).rotate(Vault([old]).seal("here", "x"))
    assert Vault([new]).open("here", rotated) == "x"


@pytest.mark.parametrize("keys", [["short"], ["!" * 44], [KEY, "short"], [""], []])
def test_what_is_no_key_is_told_without_showing_it(keys: list[str]) -> None:
    with pytest.raises(StorageError, match="CANAL_SECRET_KEY") as told:
        Vault(keys)
    assert not any(key and key in str(told.value) for key in keys)


async def test_a_secret_is_sealed_in_the_database(db: Database) -> None:
    channel = await add_channel(db)
    async with db.write() as tx:
        await channels.set_connection(
            tx, channel, "in", "imap", {"host": "x"}, secret={"password": "hunter2"}
        )
    async with db.read() as tx:
        assert await channels.open_secret(tx, channel, "in") == {"password": "hunter2"}
        assert await channels.open_secret(tx, channel, "out") == {}


async def test_a_secret_copied_to_another_channel_opens_nothing(db: Database) -> None:
    from sqlalchemy import select, update

    from storage.models import Connection

    one, two = await add_channel(db, "One"), await add_channel(db, "Two")
    async with db.write() as tx:
        for channel in (one, two):
            await channels.set_connection(
                tx, channel, "in", "imap", {}, secret={"password": channel.name}
            )
        stolen = await tx.scalar(
            select(Connection.secret).where(Connection.email_channel_id == one.id)
        )
        await tx.execute(
            update(Connection).where(Connection.email_channel_id == two.id).values(secret=stolen)
        )
        with pytest.raises(StorageError, match="was not made for it"):
            await channels.open_secret(tx, two, "in")


async def test_the_canary_takes_a_rotated_key_and_refuses_a_foreign_one(database_url: str) -> None:
    old, new = new_key(), new_key()

    async def start(*keys: str) -> bytes:
        db = open_database(database_url, Vault(keys))
        try:
            return await prepare(db)
        finally:
            await db.close()

    first = await start(old)
    assert await start(new, old) == first
    with pytest.raises(WrongKey, match="CANAL_SECRET_KEY"):
        await start(new)
