"""A written mail handed over: SMTP and Microsoft Graph."""

from __future__ import annotations
