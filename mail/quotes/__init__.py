"""Quoted history and signatures: found and folded, never thrown away."""

from __future__ import annotations
