"""Send mail through Microsoft Graph: `sendMail` with the MIME as it is, large mails as a draft.

Graph takes the recipients from the headers and has one answer for all of them: 202, accepted. What
does not fit into one request (4 MB with base64) becomes a draft without its large attachments;
these are uploaded one by one, then the draft is sent. Sent mail is filed by Exchange itself.
"""

from __future__ import annotations

import asyncio
import base64
import email.policy
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from io import BytesIO
from typing import Any
from urllib.parse import quote

import aiohttp

from mail.errors import AddressError, ComposeError, TooLarge
from mail.sending.graph_errors import graph_error, lost_error, retry_after_of
from mail.sending.graph_large import detach_large
from mail.sending.results import Outcome, RecipientResult, SendResult
from mail.sentences import say

GRAPH = "https://graph.microsoft.com"
REQUEST_LIMIT = 4 * 1000 * 1000
"""Bytes of one request, base64 included."""
MAIL_LIMIT = 150 * 1024 * 1024
CONCURRENT = 4
"""Exchange serves so many requests at once for one mailbox."""
TIMEOUT = aiohttp.ClientTimeout(total=180, connect=15, sock_read=120)

TokenSource = Callable[[bool], Awaitable[str]]
"""An access token for Graph; True when the last one was refused."""
OnHandover = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class GraphAccount:
    """A mailbox at Microsoft 365. `user` is its address, or "me" for whoever signed in."""

    token: TokenSource = field(repr=False)
    user: str = "me"
    graph_url: str = GRAPH

    @property
    def base(self) -> str:
        root = self.graph_url.rstrip("/")
        return f"{root}/v1.0/" + ("me" if self.user == "me" else f"users/{quote(self.user)}")


async def _no_handover() -> None:
    return None


class GraphSender:
    """Sends for one account. Safe for many tasks."""

    def __init__(self, session: aiohttp.ClientSession, account: GraphAccount) -> None:
        self.account = account
        self._session = session
        self._slots = asyncio.Semaphore(CONCURRENT)

    async def send(
        self,
        envelope_from: str,
        recipients: Sequence[str],
        data: bytes,
        *,
        on_handover: OnHandover = _no_handover,
    ) -> SendResult:
        """Hand one mail over; all recipients share the answer.

        Recipients that no header names get the mail as Bcc. `on_handover` is awaited right before
        the request after which a lost connection leaves it open whether the mail was taken.

        Raises:
            AddressError: there are no recipients.
            ComposeError: a header names somebody who is not among `recipients`.
            TooLarge, LoginFailed, Refused, Deferred (with `retry_after`), ConnectFailed: nothing
                was sent.
            Ambiguous: the mail may have left.
        """
        del envelope_from  # Exchange takes From, and checks that the account may use it
        if not recipients:
            raise AddressError(say("The mail has no recipient."))
        mime = _with_bcc(data, recipients)
        async with self._slots:
            if _encoded_size(mime) <= REQUEST_LIMIT:
                await self._send_at_once(mime, on_handover)
            else:
                await self._send_large(mime, on_handover)
        text = "Accepted by Microsoft 365"
        results = [RecipientResult(one, Outcome.ACCEPTED, 250, None, text) for one in recipients]
        return SendResult(tuple(results), "202 Accepted")

    async def _send_at_once(self, mime: bytes, on_handover: OnHandover) -> None:
        headers = {"Content-Type": "text/plain"}
        body = base64.b64encode(mime)
        await on_handover()
        await self.request("POST", "/sendMail", body, headers, handover=True)

    async def _send_large(self, mime: bytes, on_handover: OnHandover) -> None:
        if len(mime) > MAIL_LIMIT:
            raise TooLarge(
                say(
                    "The mail has {size} MB; Microsoft 365 takes {limit}. Send the file by a link "
                    "instead.",
                    size=len(mime) // 2**20,
                    limit=MAIL_LIMIT // 2**20,
                )
            )
        rest, attachments = await asyncio.to_thread(detach_large, mime, REQUEST_LIMIT)
        draft = await self.request(
            "POST", "/messages", base64.b64encode(rest), {"Content-Type": "text/plain"}
        )
        place = f"/messages/{quote(str(draft['id']), safe='')}"
        try:
            for attachment in attachments:
                await attachment.attach(self, place)
            await on_handover()
        except BaseException:
            await self._discard(place)
            raise
        await self.request("POST", f"{place}/send", b"", {}, handover=True)

    async def _discard(self, place: str) -> None:
        """Leave no half-made draft in the mailbox, as far as that is possible now."""
        try:
            await asyncio.shield(self.request("DELETE", place, b"", {}))
        except Exception:  # noqa: BLE001 - the first error is the one to tell
            return

    async def request(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, str],
        *,
        handover: bool = False,
    ) -> dict[str, Any]:
        """One request as the account; a refused token is renewed once. Gives the JSON answer."""
        refused = False
        while True:
            token = await self.account.token(refused)
            own = {"Authorization": f"Bearer {token}", **headers}
            status, answer, wait = await self.exchange(
                method, self.account.base + path, body, own, handover=handover
            )
            if status < 300:
                return answer
            if status == 401 and not refused:
                refused = True
                continue
            raise graph_error(status, answer, wait, self.account.user)

    async def exchange(
        self, method: str, url: str, body: bytes, headers: dict[str, str], *, handover: bool = False
    ) -> tuple[int, dict[str, Any], float | None]:
        """Status, JSON ({} without) and Retry-After of one request. Raises only MailErrors."""
        try:
            async with self._session.request(
                method,
                url,
                data=BytesIO(body),
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
            ) as response:
                try:
                    answer = await response.json(content_type=None)
                except ValueError:
                    answer = {}
                wait = retry_after_of(response.headers.get("Retry-After"))
                return response.status, answer if isinstance(answer, dict) else {}, wait
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise lost_error(error, handover=handover) from None


def _encoded_size(mime: bytes) -> int:
    return (len(mime) + 2) // 3 * 4


def _with_bcc(data: bytes, recipients: Sequence[str]) -> bytes:
    """`data` with a Bcc header for those whom no header names."""
    head: Message = BytesHeaderParser(policy=email.policy.compat32).parsebytes(data)
    named = {
        address.casefold()
        for name in ("To", "Cc", "Bcc")
        for _, address in getaddresses([str(value) for value in head.get_all(name, [])])
        if address
    }
    wanted = {one.casefold(): one for one in recipients}
    strangers = named - set(wanted)
    if strangers:
        # Graph would send to them although nobody decided so.
        raise ComposeError(
            say(
                "Microsoft 365 sends to everybody in To and Cc, but {strangers} is not to get "
                "this mail.",
                strangers=", ".join(sorted(strangers)),
            )
        )
    hidden = [address for key, address in wanted.items() if key not in named]
    if not hidden:
        return data
    if any(char in address for address in hidden for char in "\r\n,<>"):
        raise ComposeError(say("A recipient's address holds characters that no header may hold."))
    line = "Bcc: " + ",\r\n ".join(hidden) + "\r\n"
    return line.encode() + data
