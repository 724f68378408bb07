"""A PostgreSQL that takes a question and never answers: it is not waited for without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from storage.engine import Database, Session, open_database
from storage.trouble import is_trouble
from tests.servers.proxy import Fault, TcpProxy
from tests.storage.samples import VAULT

pytestmark = pytest.mark.postgres


async def _one(tx: Session) -> int:
    return int(await tx.scalar(text("SELECT 1")))


async def _through_a_session(db: Database) -> int:
    async with db.write() as tx:
        return await _one(tx)


async def _through_a_visit(db: Database) -> int:
    return await db.in_write(_one)


@pytest.fixture
async def proxy(postgres_url: str) -> AsyncIterator[TcpProxy]:
    proxy = await TcpProxy.start("127.0.0.1", make_url(postgres_url).port or 0)
    yield proxy
    await proxy.stop()


@pytest.fixture
async def db(postgres_url: str, proxy: TcpProxy) -> AsyncIterator[Database]:
    url = make_url(postgres_url).set(port=proxy.port)
    db = open_database(url.render_as_string(hide_password=False), VAULT)
    db.patience.seconds = 0.3
    yield db
    await db.close()


@pytest.mark.parametrize("ask", [_through_a_session, _through_a_visit])
async def test_a_connection_that_became_silent_is_given_up_for_a_new_one(
    db: Database, proxy: TcpProxy, ask: Callable[[Database], Awaitable[int]]
) -> None:
    assert await ask(db) == 1
    proxy.cut(Fault.HANG)
    async with asyncio.timeout(10):
        assert await ask(db) == 1


async def _cut_in_the_middle(db: Database, proxy: TcpProxy) -> None:
    async with db.write() as tx:
        await _one(tx)
        proxy.cut(Fault.HANG)
        await _one(tx)


async def test_a_transaction_that_hears_nothing_fails(db: Database, proxy: TcpProxy) -> None:
    async with asyncio.timeout(10):
        with pytest.raises(OperationalError, match="silent") as told:
            await _cut_in_the_middle(db, proxy)
        assert is_trouble(told.value)
        assert await _through_a_session(db) == 1


async def test_what_takes_its_time_is_waited_for_where_nobody_set_a_limit(
    postgres_url: str,
) -> None:
    db = open_database(postgres_url, VAULT)
    async with db.write() as tx:
        await tx.execute(text("SELECT pg_sleep(0.4)"))
    await db.close()
