"""The app behind an HTTP request URL: signed POSTs, as the Events API and interactivity send them.

One URL takes everything, as Bolt's /slack/events does.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.sandbox.delivery import Parcel, UndeliveredError
from bot.sandbox.errors import SandboxError
from bot.sandbox.ids import new_secret
from bot.sandbox.world import World


class HttpWire:
    """The wire of HTTP mode."""

    def __init__(self, world: World, url: str) -> None:
        self._world = world
        self._url = url
        self._session: ClientSession | None = None

    @property
    def connected(self) -> bool:
        return True

    async def wait_connected(self) -> None:
        return

    async def verify(self) -> None:
        """Asks the URL to repeat a challenge. Raises SandboxError when it does not."""
        challenge = new_secret(40)
        token = self._world.identity["verification_token"]
        body = {"token": token, "challenge": challenge, "type": "url_verification"}
        try:
            answer = await self._post(json.dumps(body), "application/json", 3.0, {})
        except UndeliveredError as error:
            raise SandboxError(f"{self._url} did not answer: {error.reason}.") from error
        said = answer if isinstance(answer, dict) else {}
        if challenge not in (said.get("challenge"), said.get("text")):  # JSON or plain text
            raise SandboxError(f"{self._url} did not answer with the challenge.")

    async def send(self, parcel: Parcel, within: float) -> Any:
        """One signed POST; the answer's body is the ack's payload. Raises UndeliveredError."""
        if parcel.kind == "events_api":
            headers = {}
            if parcel.attempt:
                headers["X-Slack-Retry-Num"] = str(parcel.attempt)
                headers["X-Slack-Retry-Reason"] = _RETRY_REASONS.get(parcel.reason, "http_error")
            return await self._post(json.dumps(parcel.payload), "application/json", within, headers)
        if parcel.kind == "slash_commands":
            body = urlencode({key: str(value) for key, value in parcel.payload.items()})
        else:
            body = urlencode({"payload": json.dumps(parcel.payload)})
        return await self._post(body, "application/x-www-form-urlencoded", within, {})

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _post(self, body: str, kind: str, within: float, extra: dict[str, str]) -> Any:
        if self._session is None:
            self._session = ClientSession()
        headers = {"Content-Type": kind, **self._signature(body), **extra}
        limit = ClientTimeout(total=within)
        try:
            async with self._session.post(
                self._url, data=body.encode(), headers=headers, timeout=limit
            ) as answer:
                text = await answer.text()
                if answer.status // 100 != 2:
                    again = answer.headers.get("X-Slack-No-Retry") != "1"
                    raise UndeliveredError("http_error", again=again)
        except TimeoutError:
            raise UndeliveredError("timeout") from None
        except ClientError as error:
            raise UndeliveredError("connection_failed") from error
        return _payload(text)

    def _signature(self, body: str) -> dict[str, str]:
        """X-Slack-Signature: HMAC-SHA256 over version, time and body with the signing secret."""
        timestamp = str(int(self._world.clock()))
        secret = self._world.identity["signing_secret"].encode()
        digest = hmac.new(secret, f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}


_RETRY_REASONS = {
    "timeout": "http_timeout",
    "http_error": "http_error",
    "connection_failed": "connection_failed",
}


def _payload(text: str) -> Any:
    """An ack's body: JSON, plain text (a command's answer), or nothing."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        return {"text": text}
