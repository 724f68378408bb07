"""Tests of the sandbox: its Slack, its mail, its page."""

from __future__ import annotations
