"""Running something until it is told to stop, on the fastest event loop there is."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end, under uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


async def wait_for_signal() -> None:
    """Return at SIGINT, SIGTERM, or SIGHUP (its terminal was closed), unless nohup wants none.

    A second one ends the process at once.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)

    def tell() -> None:
        stop.set()
        for number in numbers:
            loop.remove_signal_handler(number)

    for number in numbers:
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, tell)
    await stop.wait()
