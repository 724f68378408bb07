"""Mails by which servers say that a mail of ours did not arrive."""

from __future__ import annotations
