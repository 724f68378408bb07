"""Slack's Web API, family by family."""

from __future__ import annotations
