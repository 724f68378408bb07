"""Email channels and their connections: set up, tried, watched over."""

from __future__ import annotations
