"""The services of handlers/, with fakes at their ports."""

from __future__ import annotations
