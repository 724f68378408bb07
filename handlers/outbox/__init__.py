"""Pending side effects: claimed, delivered, tried again, given up aloud."""

from __future__ import annotations
