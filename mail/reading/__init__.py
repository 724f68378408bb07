"""A whole mail read: its text, its files, and what sort of mail it is."""

from __future__ import annotations
