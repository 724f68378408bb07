"""OAuth2 tokens for mailboxes."""

from __future__ import annotations
