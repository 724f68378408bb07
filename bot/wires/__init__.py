"""The ports of `handlers/` to mail servers, satisfied."""

from __future__ import annotations
