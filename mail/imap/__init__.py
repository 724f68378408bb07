"""Mailboxes read by IMAP."""

from __future__ import annotations
