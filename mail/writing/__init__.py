"""A mail written out: text, HTML, headers, signatures."""

from __future__ import annotations
