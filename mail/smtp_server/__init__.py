"""Canal's own SMTP server."""

from __future__ import annotations
