"""A mail came: durable first, then understood, then in its ticket."""

from __future__ import annotations
