"""The door of the Web API: reads a request, checks token, scope and limits, answers as Slack."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from aiohttp import hdrs, web

from bot.sandbox.errors import RateLimitedError, SlackError
from bot.sandbox.faults import DROP, DROP_BEFORE, Fault, Faults
from bot.sandbox.model import Json
from bot.sandbox.webapi import chat, conversations, files, people, response, views
from bot.sandbox.webapi.call import Args, Backend, Call, Method, missing_scope

log = logging.getLogger(__name__)


def all_methods() -> Mapping[str, Method]:
    """Every method that the sandbox has, by name."""
    families = (chat, conversations, files, people, views)
    return {name: method for family in families for name, method in family.METHODS.items()}


class WebApi:
    """Handles POST and GET /api/<method>."""

    def __init__(self, back: Backend, faults: Faults) -> None:
        self._back = back
        self._faults = faults
        self._methods = all_methods()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        try:
            args, is_json = await _read_args(request)
        except SlackError as error:
            return _refusal(error)
        noted = {key: value for key, value in args.items() if key != "token"}
        self._back.world.note_call(name, noted)
        fault = self._faults.take(name)
        if fault is not None and fault.kind != DROP:
            return _fail(request, fault)
        gate = self._faults.take_gate(name)
        if gate is not None and not gate.done:
            await gate.stand()
            return _cut(request)
        answer = await self._answer(request, name, args, is_json)
        await self._back.world.store.flush()  # what is promised is kept
        if gate is not None:
            await gate.stand()
        if fault is not None or gate is not None:
            return _cut(request)
        return answer

    async def handle_response(self, request: web.Request) -> web.StreamResponse:
        """POST /response/T…/<key>."""
        try:
            args, _ = await _read_args(request)
            payload = args.get("payload")
            body = json.loads(payload) if isinstance(payload, str) else args
            await response.answer(self._back, request.match_info["key"], body)
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        except SlackError as error:
            status = 404 if error.code in ("invalid_url", "expired_url", "used_url") else 400
            return web.Response(status=status, text=error.code)
        return web.Response(text="ok")

    async def _answer(
        self, request: web.Request, name: str, args: Json, is_json: bool
    ) -> web.Response:
        method = self._methods.get(name)
        if method is None:
            return _refusal(SlackError("unknown_method", req_method=name))
        try:
            self._check_token(method, _read_token(request, args, is_json))
            self._back.limits.take(name, method.tier)
            self._check_scope(method)
            kept = {} if is_json and method.form_only else args
            result = await method.handler(Call(self._back, Args(kept), name))
        except SlackError as error:
            self._back.world.note_refusal(name, error.code)
            return _refusal(error)
        scopes = ",".join(sorted(self._back.world.manifest.scopes))
        headers = {"X-OAuth-Scopes": scopes, "X-Accepted-OAuth-Scopes": ",".join(method.scopes)}
        return web.json_response({"ok": True, **result}, headers=headers)

    def _check_token(self, method: Method, token: str | None) -> None:
        """Raises SlackError as Slack does for a missing, wrong, revoked or other kind of token."""
        world = self._back.world
        if method.caller == "none":
            return
        if not token:
            raise SlackError("not_authed")
        tokens = {world.identity["bot_token"]: "bot", world.identity["app_token"]: "app"}
        kind = tokens.get(token)
        if kind is None:
            raise SlackError("invalid_auth")
        if kind == "bot" and world.revoked:
            raise SlackError("account_inactive")
        if method.caller not in ("any", kind):
            raise SlackError("not_allowed_token_type")

    def _check_scope(self, method: Method) -> None:
        scopes = self._back.world.manifest.scopes
        if method.scopes and not scopes.intersection(method.scopes):
            raise missing_scope(self._back.world, ",".join(method.scopes))


async def _read_args(request: web.Request) -> tuple[Json, bool]:
    """The arguments and whether they came as JSON. Raises SlackError."""
    args: dict[str, Any] = dict(request.query)
    kind = request.content_type
    if request.method == "GET" or not request.can_read_body:
        return args, False
    if kind == "application/json":
        try:
            body = json.loads(await request.text())
        except (ValueError, RecursionError):
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        return args | body, True
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        form = await request.post()
        return args | {key: value for key, value in form.items() if isinstance(value, str)}, False
    raise SlackError(
        "invalid_post_type" if hdrs.CONTENT_TYPE in request.headers else "missing_post_type"
    )


def _read_token(request: web.Request, args: Json, is_json: bool) -> str | None:
    """From the header, or a form's `token`. In JSON or in the URL Slack does not look."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    posted = args.get("token")
    in_form = request.method == "POST" and not is_json and "token" not in request.query
    return str(posted) if posted and in_form else None


def _refusal(error: SlackError) -> web.Response:
    body = {"ok": False, "error": error.code, **error.extra}
    if isinstance(error, RateLimitedError):
        headers = {"Retry-After": str(error.retry_after)}
        return web.json_response(body, status=429, headers=headers)
    return web.json_response(body)


def _fail(request: web.Request, fault: Fault) -> web.StreamResponse:
    """The wrong answer that a test ordered; nothing has happened."""
    if fault.kind == DROP_BEFORE:
        return _cut(request)
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    body = {"ok": False, "error": fault.kind}
    return web.json_response(body, status=fault.status, headers=headers)


def _cut(request: web.Request) -> web.StreamResponse:
    """Ends the connection without an answer."""
    transport = request.transport
    if transport is not None:
        transport.abort()
    return web.Response()
