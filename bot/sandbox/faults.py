"""Faults on order: the next calls of a method go wrong in a chosen way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

DROP = "drop"
DROP_BEFORE = "drop_before"


@dataclass(slots=True)
class Gate:
    """Stops one caller at a known point, so that a test can end it there.

    `reached` is set when a caller stands at the gate; it stands until `opened` is set, and then
    its connection ends without an answer.
    """

    done: bool
    """Whether what was asked for is done before the caller is stopped."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def stand(self) -> None:
        self.reached.set()
        await self.opened.wait()


@dataclass(slots=True)
class Fault:
    """`kind`: an error code, "drop" (done, but the answer is lost) or "drop_before"."""

    kind: str
    status: int = 200
    times: int = 1
    retry_after: int | None = None


class Faults:
    """What is still to go wrong, by method. The method "*" stands for any."""

    def __init__(self) -> None:
        self._by_method: dict[str, list[Fault]] = {}
        self._gates: dict[str, Gate] = {}

    def add(self, method: str, fault: Fault) -> None:
        self._by_method.setdefault(method, []).append(fault)

    def put_gate(self, method: str, gate: Gate) -> None:
        self._gates[method] = gate

    def take_gate(self, method: str) -> Gate | None:
        """The gate at which this call stops; it stops one call."""
        return self._gates.pop(method, None)

    def clear(self) -> None:
        self._by_method.clear()
        for gate in self._gates.values():
            gate.opened.set()
        self._gates.clear()

    def take(self, method: str) -> Fault | None:
        """The fault for this call, counted off."""
        for key in (method, "*"):
            waiting = self._by_method.get(key)
            if waiting:
                fault = waiting[0]
                fault.times -= 1
                if fault.times <= 0:
                    waiting.pop(0)
                return fault
        return None
