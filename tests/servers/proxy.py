"""A TCP proxy that a test can make misbehave: it drops, delays, half-closes, resets, or goes deaf.

    proxy = await TcpProxy.start("127.0.0.1", port)     # clients connect to proxy.port
    proxy.plan(Fault.RESET, after=1000)                 # the next connection, after 1,000 bytes
    proxy.cut(Fault.HALF_CLOSE)                         # every connection that is open now
    proxy.refusing = True                               # nobody listens any more

Faults strike in one direction: `upstream` (from the client to the server) or `downstream`. With a
fault after so many bytes upstream the server has had what was before it; downstream the server has
had everything and its answer is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

_CHUNK = 1 << 16


class Fault(StrEnum):
    DROP = "drop"
    """The connection ends, orderly, in both directions."""
    RESET = "reset"
    """The connection ends with RST in both directions."""
    HALF_CLOSE = "half-close"
    """One direction ends; the other stays open and is still carried."""
    HANG = "hang"
    """Nothing is carried in this direction any more, and nobody is told."""
    DELAY = "delay"
    """Every piece comes so many seconds later."""


@dataclass(frozen=True, slots=True)
class Plan:
    fault: Fault
    after: int = 0
    upstream: bool = True
    seconds: float = 0.0


class TcpProxy:
    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._plans: deque[Plan] = deque()
        self._always: Plan | None = None
        self._links: set[_Link] = set()
        self._server: asyncio.Server
        self.port = 0
        self.refusing = False
        """Connections are reset as soon as they are there."""
        self.struck = 0
        """Faults that have taken place."""

    @classmethod
    async def start(cls, host: str, port: int) -> Self:
        proxy = cls(host, port)
        proxy._server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
        proxy.port = proxy._server.sockets[0].getsockname()[1]
        return proxy

    @property
    def open_connections(self) -> int:
        return len(self._links)

    def plan(
        self, fault: Fault, *, after: int = 0, upstream: bool = True, seconds: float = 0.0
    ) -> None:
        """What befalls the next connection that has not been planned for."""
        self._plans.append(Plan(fault, after, upstream, seconds))

    def always(self, plan: Plan | None) -> None:
        """What befalls every connection that nothing else is planned for."""
        self._always = plan

    def cut(self, fault: Fault = Fault.RESET) -> int:
        """Strike every connection that is open; returns how many."""
        links = list(self._links)
        for link in links:
            link.strike(Plan(fault))
        return len(links)

    def heal(self) -> None:
        """Forget all faults that have not taken place."""
        self._plans.clear()
        self._always = None
        self.refusing = False

    async def stop(self) -> None:
        self._server.close()
        for link in list(self._links):
            link.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        plan = self._plans.popleft() if self._plans else self._always
        if self.refusing:
            _reset(writer)
            return
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        link = _Link(self, writer, server_writer, plan)
        self._links.add(link)
        try:
            await asyncio.gather(
                link.carry(reader, server_writer, upstream=True),
                link.carry(server_reader, writer, upstream=False),
            )
        finally:
            self._links.discard(link)
            link.abort()


class _Link:
    """One connection through the proxy."""

    def __init__(
        self,
        proxy: TcpProxy,
        client: asyncio.StreamWriter,
        server: asyncio.StreamWriter,
        plan: Plan | None,
    ) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._plan = plan
        self._hangs = asyncio.Event()

    async def carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, upstream: bool
    ) -> None:
        plan = self._plan if self._plan and self._plan.upstream is upstream else None
        left = plan.after if plan else 0
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                if plan is not None and plan.fault is Fault.DELAY:
                    await asyncio.sleep(plan.seconds)
                elif plan is not None and len(data) > left:
                    writer.write(data[:left])
                    await writer.drain()
                    if await self._goes_on_after(plan, writer):
                        continue
                    return
                left -= len(data)
                if self._hangs.is_set():
                    continue
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()

    async def _goes_on_after(self, plan: Plan, writer: asyncio.StreamWriter) -> bool:
        self._proxy.struck += 1
        if plan.fault is Fault.HANG:
            self._hangs.set()
            return True
        if plan.fault is Fault.HALF_CLOSE:
            writer.write_eof()
            return False
        self.strike(plan, counted=True)
        return False

    def strike(self, plan: Plan, *, counted: bool = False) -> None:
        self._proxy.struck += not counted
        match plan.fault:
            case Fault.RESET:
                _reset(self._client)
                _reset(self._server)
            case Fault.HALF_CLOSE:
                with contextlib.suppress(OSError, RuntimeError):
                    self._client.write_eof()
            case Fault.HANG:
                self._hangs.set()
            case _:
                self._client.close()
                self._server.close()

    def abort(self) -> None:
        for writer in (self._client, self._server):
            writer.transport.abort()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side gets RST."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
