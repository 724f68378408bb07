"""The words that mail clients write around quoted mail, by meaning and in every language."""

from __future__ import annotations
