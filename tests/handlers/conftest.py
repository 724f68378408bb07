"""Databases for the handlers' tests: the ones of the storage tests."""

from __future__ import annotations

from tests.storage.conftest import channel, db, open_db, other, prepared_url

__all__ = ["channel", "db", "open_db", "other", "prepared_url"]
