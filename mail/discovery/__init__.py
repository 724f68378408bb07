"""From an address to its servers: known providers, autoconfig, DNS."""

from __future__ import annotations
