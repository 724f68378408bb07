"""One POST to a token endpoint: bounded in time and size, every failure a MailError."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from mail.errors import Deferred
from mail.sentences import say

LIMIT = 256 * 1024
TIMEOUT = aiohttp.ClientTimeout(total=20, connect=10)


async def post_form(
    session: aiohttp.ClientSession, url: str, form: dict[str, str], provider: str
) -> tuple[int, dict[str, Any]]:
    """Status and JSON of the answer ({} when it is none). Raises Deferred without an answer."""
    try:
        async with session.post(
            url,
            data=form,
            headers={"Accept": "application/json"},
            timeout=TIMEOUT,
            allow_redirects=False,
        ) as response:
            body = await response.content.read(LIMIT)
            return response.status, _as_object(body)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        # The exception's text may hold the request, and so the secret: only its kind is told.
        raise Deferred(
            say(
                "{provider} could not be reached ({what}). Canal tries again by itself.",
                provider=provider,
                what=type(error).__name__,
            )
        ) from None


def _as_object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
