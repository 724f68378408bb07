"""Settings and the key: read, checked, explained."""

from __future__ import annotations
