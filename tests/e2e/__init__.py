"""Canal as a newcomer meets it: the real commands, real sockets, a real browser."""

from __future__ import annotations
