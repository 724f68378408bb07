"""Modals: a pure builder for each view, and what happens when it is submitted."""

from __future__ import annotations
