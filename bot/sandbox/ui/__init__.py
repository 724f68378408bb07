"""The HTTP side of the page: what BROWSER_API.md promises."""

from __future__ import annotations
