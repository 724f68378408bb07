"""HTML of a mail to a document."""

from __future__ import annotations
