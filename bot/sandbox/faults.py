"""Faults on order: the next calls of a method go wrong in a chosen way."""

from __future__ import annotations

from dataclasses import dataclass

DROP = "drop"
DROP_BEFORE = "drop_before"


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

    def add(self, method: str, fault: Fault) -> None:
        self._by_method.setdefault(method, []).append(fault)

    def clear(self) -> None:
        self._by_method.clear()

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
