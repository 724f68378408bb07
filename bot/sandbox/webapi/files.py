"""files.*: the external-upload flow, and the bytes themselves.

files.getUploadURLExternal gives a URL, the bytes are posted there, files.completeUploadExternal
shares them a moment later: its answer comes before the message does.
"""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Mapping
from typing import Any

from aiohttp import hdrs, web

from bot.sandbox.errors import SlackError
from bot.sandbox.ids import new_secret
from bot.sandbox.messages import app_fields, new_file
from bot.sandbox.model import Channel, Json
from bot.sandbox.rendering import render_file
from bot.sandbox.webapi.call import Call, Method
from bot.sandbox.webapi.chat import read_thread
from bot.sandbox.webapi.content import read_blocks
from bot.sandbox.world import World

SHARE_AFTER = 0.05
"""Seconds between the answer of files.completeUploadExternal and the message."""
MAX_FILE = 100 * 1024 * 1024


async def get_upload_url(call: Call) -> Json:
    filename, _ = call.args.need("filename", "length")
    length = call.args.number("length", 0)
    if length <= 0:
        raise SlackError("invalid_arguments", messages=["must be more than 0: length"])
    if length > MAX_FILE:
        raise SlackError("file_upload_size_restricted")
    if len(filename) > 255:
        raise SlackError("invalid_arguments", messages=["must be less than 256 characters"])
    world = call.world
    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    file = new_file(world, world.bot_user_id, filename, length, kind)
    file |= {"_state": "waiting", "_upload_key": new_secret(32)}
    if call.args.text("alt_txt"):
        file["alt_txt"] = call.args.text("alt_txt")
    world.files[file["id"]] = file
    world.save_file(file)
    url = f"{world.base_url}/upload/v1/{file['id']}/{file['_upload_key']}"
    return {"upload_url": url, "file_id": file["id"]}


async def complete_upload(call: Call) -> Json:
    call.args.require("files")
    chosen = _chosen(call)
    channels = [call.args.text("channel_id") or "", *call.args.words("channels")]
    targets = [_target(call, one) for one in channels if one]
    message: Json = {"text": call.args.text("initial_comment") or ""}
    blocks = read_blocks(call)
    if blocks and not message["text"]:  # Slack ignores blocks beside a comment
        message["blocks"] = blocks
    if call.args.text("thread_ts"):
        if len(targets) > 1:
            raise SlackError("invalid_arguments", messages=["thread_ts needs one channel"])
        message |= {
            key: value for target in targets for key, value in read_thread(call, target).items()
        }
    for file, title in chosen:
        file["_state"] = "complete"
        file["title"] = title or file["title"]
        call.world.save_file(file)
    files = [file for file, _ in chosen]
    if targets:
        call.back.tasks.start(_share(call, targets, files, message))
    return {"files": [{**render_file(call.world, file)} for file in files]}


def _chosen(call: Call) -> list[tuple[Json, str | None]]:
    wanted = call.args.json("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise SlackError("invalid_arguments", messages=["must be an array: files"])
    chosen: list[tuple[Json, str | None]] = []
    for one in wanted:
        if not isinstance(one, dict) or not one.get("id"):
            raise SlackError("invalid_arguments", messages=["missing required field: id"])
        file = call.world.files.get(str(one["id"]))
        if file is None or file.get("_state") != "uploaded":  # unknown, no bytes came, or done
            raise SlackError("file_not_found")
        chosen.append((file, str(one["title"]) if one.get("title") else None))
    return chosen


def _target(call: Call, wanted: str) -> Channel:
    channel = call.world.channels.get(wanted)
    if channel is None or (channel.is_private and not call.is_member(channel)):
        raise SlackError("channel_not_found")
    if channel.is_archived:
        raise SlackError("is_archived")
    if not call.is_member(channel):
        raise SlackError("not_in_channel")
    return channel


async def _share(call: Call, targets: list[Channel], files: list[Json], message: Json) -> None:
    """Posts the file message, a little later as Slack does."""
    await asyncio.sleep(SHARE_AFTER)
    fields = app_fields(call.world) | message | {"upload": False, "display_as_bot": False}
    for channel in targets:
        posted = fields | {"files": [file["id"] for file in files]}
        posted.setdefault("subtype", "file_share")
        thread_ts = posted.get("thread_ts")
        if thread_ts and thread_ts not in channel.messages:
            posted.pop("thread_ts")  # the root went meanwhile
        call.back.messages.post(channel, posted)
    await call.world.store.flush()


async def info(call: Call) -> Json:
    [wanted] = call.args.need("file")
    file = call.world.files.get(wanted)
    if file is None or file.get("_state", "complete") != "complete":
        raise SlackError("file_not_found")
    seen = any(
        call.world.bot_user_id in call.world.channels[one].members for one in file["_channels"]
    )
    if not seen and file["user"] != call.world.bot_user_id:
        raise SlackError("file_not_found")
    return {
        "file": render_file(call.world, file),
        "comments": [],
        "response_metadata": {"next_cursor": ""},
    }


async def delete(call: Call) -> Json:
    [wanted] = call.args.need("file")
    file = call.world.files.get(wanted)
    if file is None:
        raise SlackError("file_not_found")
    if file["user"] != call.world.bot_user_id:
        raise SlackError("cant_delete_file")
    del call.world.files[wanted]
    call.world.store.delete("file", wanted)
    call.world.store.delete_blob(wanted)
    return {}


async def upload(call: Call) -> Json:
    """files.upload went out of service in November 2025."""
    raise SlackError("method_deprecated")


async def take_bytes(world: World, request: web.Request) -> web.Response:
    """POST to an upload URL: raw bytes, or a form with one file."""
    file = world.files.get(request.match_info["file"])
    if file is None or file.get("_upload_key") != request.match_info["key"]:
        return web.Response(status=404, text="not found")
    if file["_state"] != "waiting":
        return web.Response(status=400, text="already uploaded")
    body = await _read_upload(request)
    if len(body) != file["size"]:
        return web.Response(status=400, text=f"expected {file['size']} bytes, got {len(body)}")
    file["_state"] = "uploaded"
    world.store.put_blob(file["id"], body)
    world.save_file(file)
    await world.store.flush()
    return web.Response(text=f"OK - {len(body)}")


async def _read_upload(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    reader: Any = await request.multipart()
    body = b""
    async for part in reader:
        if part.filename is not None or part.name in ("file", "filename", "body"):
            body = bytes(await part.read(decode=False))
    return body


async def give_bytes(world: World, request: web.Request) -> web.Response:
    """GET url_private[_download]: the bytes to the bot; a sign-in page to anybody else."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    allowed = scheme.lower() == "bearer" and token.strip() == world.identity["bot_token"]
    file = world.files.get(request.match_info["file"].partition("-")[2])
    if not allowed or world.revoked or "files:read" not in world.manifest.scopes:
        # As Slack: no error, but a web page with status 200 after a redirect.
        raise web.HTTPFound("/files-pri/sign-in")
    if file is None or not _bot_sees(world, file):
        return web.Response(status=404, text="not found")
    body = await world.store.read_blob(file["id"])
    disposition = f"attachment; filename*=UTF-8''{file['_url_name']}"
    headers = {hdrs.CONTENT_DISPOSITION: disposition, "X-Content-Type-Options": "nosniff"}
    return web.Response(body=body, content_type=file["mimetype"], headers=headers)


async def sign_in_page(request: web.Request) -> web.Response:
    """Where a download without a good token ends up, as at Slack."""
    return web.Response(
        text="<!DOCTYPE html><title>Sign in</title><p>Sign in to the workspace.</p>",
        content_type="text/html",
    )


def _bot_sees(world: World, file: Json) -> bool:
    if file["user"] == world.bot_user_id:
        return True
    return any(
        not world.channels[one].is_private or world.bot_user_id in world.channels[one].members
        for one in file["_channels"]
    )


_WRITE = ("files:write",)

METHODS: Mapping[str, Method] = {
    "files.getUploadURLExternal": Method(get_upload_url, _WRITE, "t4", form_only=True),
    "files.completeUploadExternal": Method(complete_upload, _WRITE, "t4"),
    "files.info": Method(info, ("files:read",), "t4", form_only=True),
    "files.delete": Method(delete, _WRITE, "t3"),
    "files.upload": Method(upload, _WRITE, "t2"),
}
