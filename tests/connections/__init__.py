"""Mailboxes and how Canal gets at them: IMAP, OAuth2, Graph, discovery."""

from __future__ import annotations
