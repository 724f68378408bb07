"""Block Kit: what Slack accepts in messages, modals and Home."""

from __future__ import annotations
