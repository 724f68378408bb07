"""What servers write in bounces, by meaning and in every language."""

from __future__ import annotations
