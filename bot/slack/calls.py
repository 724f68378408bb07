"""One Web API call and its error, translated once: from HTTP and Slack's codes to ChatErrors."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from handlers.errors import (
    ChatClosed,
    ChatError,
    ChatRateLimited,
    ChatRefused,
    ChatUnavailable,
    ChatUncertain,
)

Json = dict[str, Any]
_TIMEOUT = aiohttp.ClientTimeout(total=120, sock_connect=10)
_CLOSED = frozenset({
    "not_in_channel", "channel_not_found", "is_archived", "account_inactive", "invalid_auth",
    "token_revoked", "token_expired", "not_authed", "missing_scope", "team_access_not_granted",
    "restricted_action", "org_login_required", "ekm_access_denied", "no_permission",
    "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
    "restricted_action_non_threadable_channel", "restricted_action_thread_locked", "is_inactive",
    "access_denied", "accesslimited", "not_allowed_token_type", "two_factor_setup_required",
    "enterprise_is_restricted",
})  # fmt: skip
"""Codes that an admin has to mend; the content is fine and waits."""
_PASSING = frozenset({"request_timeout", "team_added_to_org", "message_limit_exceeded"})
_HALF_DONE = frozenset({"internal_error", "fatal_error", "service_unavailable"})
"""Slack's documentation says of these that some of it may have succeeded."""


class SlackCalls:
    """Calls by method name, with a shared session and no repetition of its own."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self.team_id = ""
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(self, method: str, arguments: Mapping[str, Any] | None = None) -> Json:
        """Slack's answer.

        Raises:
            ChatError: one of its children says whether to wait, look, mend or give up.
        """
        url = urljoin(self._client.base_url, method)
        headers = {"Authorization": f"Bearer {self._client.token}"}
        try:
            async with self._open_session().post(
                url, data=_form(arguments or {}), headers=headers, allow_redirects=False
            ) as response:
                data = _json_of(await response.read())
                status, retry_after = response.status, response.headers.get("Retry-After")
        except aiohttp.ClientConnectorError as error:
            raise ChatUnavailable("unreachable", str(error)) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ChatUncertain("connection_lost", f"{type(error).__name__}: {error}") from error
        if status == 200 and data.get("ok"):
            return data
        raise _translate(status, data, retry_after)

    async def send_bytes(self, url: str, filename: str, data: bytes) -> None:
        """Send a file's bytes to the address that Slack gave for it."""
        form = aiohttp.FormData()
        form.add_field("file", data, filename=filename)
        try:
            async with self._open_session().post(self._absolute(url), data=form) as response:
                if response.status >= 500:
                    raise ChatUnavailable(f"upload_{response.status}")
                if response.status >= 300:
                    raise ChatRefused(f"upload_{response.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # Nothing is shared before the last step, so this is safe to repeat.
            raise ChatUnavailable("upload_failed", str(error)) from error

    async def fetch_bytes(self, url: str, *, limit: int) -> bytes:
        """A private file, with the bot's token, which goes to Slack's own host only."""
        if not self._is_slacks(url):
            raise ChatRefused("foreign_url")
        headers = {"Authorization": f"Bearer {self._client.token}"}
        try:
            async with self._open_session().get(
                url, headers=headers, allow_redirects=False
            ) as response:
                if response.status >= 500 or response.status == 429:
                    raise ChatUnavailable(f"download_{response.status}")
                if response.status != 200:
                    raise ChatRefused(f"download_{response.status}")
                return await _read(response, limit)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ChatUnavailable("download_failed", str(error)) from error

    async def respond(self, response_url: str, body: Json) -> None:
        """Post to a response_url that Slack gave with a payload."""
        if not self._is_slacks(response_url):
            raise ChatRefused("foreign_url")
        try:
            async with self._open_session().post(response_url, json=body) as response:
                if response.status >= 300:
                    raise ChatRefused(f"response_url_{response.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ChatUnavailable("response_url_failed", str(error)) from error

    def _absolute(self, url: str) -> str:
        return urljoin(self._client.base_url, url)

    def _is_slacks(self, url: str) -> bool:
        """Slack's file hosts, or the host of the API that we were told to use."""
        host = URL(url).host or ""
        own = URL(self._client.base_url).host
        return (
            host == own or host == "slack.com" or host.endswith((".slack.com", ".slack-edge.com"))
        )

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self._session


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    chunks = []
    size = 0
    async for chunk in response.content.iter_chunked(1 << 16):
        size += len(chunk)
        if size > limit:
            raise ChatRefused("file_too_large")
        chunks.append(chunk)
    return b"".join(chunks)


def _form(arguments: Mapping[str, Any]) -> Json:
    """Form fields, structures as JSON: the one encoding that every Web API method takes."""
    form: Json = {}
    for key, value in arguments.items():
        if isinstance(value, bool):
            form[key] = "true" if value else "false"
        elif isinstance(value, dict | list):
            form[key] = json.dumps(value)
        elif value is not None:
            form[key] = str(value)
    return form


def _json_of(body: bytes) -> Json:
    """The answer as an object; whatever is none counts as an empty one."""
    try:
        data = json.loads(body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _translate(status: int, data: Json, retry_after: str | None) -> ChatError:
    code = str(data.get("error") or f"http_{status}")
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return ChatRateLimited(_seconds(retry_after))
    is_verdict = data.get("error") or (data and status == 404)
    if status >= 500 or not is_verdict or code in _HALF_DONE:
        # None of these says whether the message was posted before it.
        return ChatUncertain(code)
    if code in _PASSING:
        return ChatUnavailable(code)
    if code in _CLOSED:
        return ChatClosed(code)
    details = (data.get("response_metadata") or {}).get("messages") or []
    return ChatRefused(code, f"{code} {' '.join(map(str, details))}".strip())


def _seconds(value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        return 1.0
    return 1.0 if math.isnan(seconds) else min(max(seconds, 0.1), 3600.0)


async def within(seconds: float, call: Any, default: Any) -> Any:
    """The call's answer, or `default` when Slack takes too long or fails: for comforts only."""
    try:
        async with asyncio.timeout(seconds):
            return await call
    except (ChatError, TimeoutError):
        return default
