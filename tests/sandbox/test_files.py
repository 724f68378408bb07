"""The external-upload flow, downloads, and files that people send."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackRequestError

from tests.sandbox.conftest import Room, refusal, section


async def put(url: str, data: Any) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.post(url, data=data) as answer:
        return answer.status, await answer.text()


async def get(url: str, token: str | None) -> tuple[int, str, bytes]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, answer.content_type, await answer.read()


async def start(room: Room, length: int, name: str = "a.txt") -> tuple[str, str]:
    answer = await room.client.files_getUploadURLExternal(filename=name, length=length)
    return answer["upload_url"], answer["file_id"]


def messages_with_file(room: Room, file_id: str) -> list[dict[str, Any]]:
    listed = room.sandbox.messages(room.channel)
    return [one for one in listed if one["files"][0]["id"] == file_id]


async def test_a_file_is_shared_in_a_thread_a_moment_later(room: Room) -> None:
    root = await room.post(text="root")
    url, file_id = await start(room, 3)
    assert await put(url, b"abc") == (200, "OK - 3")
    answer = await room.client.files_completeUploadExternal(
        files=[{"id": file_id, "title": "The letters"}],
        channel_id=room.channel,
        thread_ts=root,
        initial_comment="here",
    )
    assert answer["files"][0]["title"] == "The letters"
    assert len(room.sandbox.thread(room.channel, root)) == 1  # not there yet
    await room.sandbox.wait_for(lambda: len(room.sandbox.thread(room.channel, root)) == 2)
    message = room.sandbox.thread(room.channel, root)[1]
    assert (message["subtype"], message["text"]) == ("file_share", "here")
    [file] = message["files"]
    assert await room.sandbox.file_bytes(file["id"]) == b"abc"
    status, _, body = await get(file["url_private_download"], room.sandbox.bot_token)
    assert (status, body) == (200, b"abc")


async def test_the_sdk_uploads_several_files_at_once(room: Room) -> None:
    uploads = [{"content": "one", "filename": "1.txt"}, {"content": "two", "filename": "2.txt"}]
    await room.client.files_upload_v2(channel=room.channel, file_uploads=uploads)
    [message] = await room.sandbox.wait_for(lambda: room.sandbox.messages(room.channel))
    assert [file["name"] for file in message["files"]] == ["1.txt", "2.txt"]


async def test_bytes_may_come_as_a_form(room: Room) -> None:
    url, file_id = await start(room, 3)
    form = aiohttp.FormData()
    form.add_field("filename", b"abc", filename="a.txt")
    assert (await put(url, form))[0] == 200
    assert await room.sandbox.file_bytes(file_id) == b"abc"


async def test_blocks_go_with_a_file_unless_there_is_a_comment(room: Room) -> None:
    for comment, expected in ((None, True), ("words", False)):
        url, file_id = await start(room, 1)
        await put(url, b"x")
        await room.client.files_completeUploadExternal(
            files=[{"id": file_id}],
            channel_id=room.channel,
            initial_comment=comment,
            blocks=json.dumps([section("block")]),  # slack_sdk puts no lists into a form
        )
        shared = await room.sandbox.wait_for(partial(messages_with_file, room, file_id))
        assert ("blocks" in shared[0]) is expected


async def test_uploads_that_slack_refuses(room: Room) -> None:
    begin = room.client.files_getUploadURLExternal
    assert await refusal(begin(filename="a", length=0)) == "invalid_arguments"
    url, file_id = await start(room, 3)
    complete = room.client.files_completeUploadExternal
    early = complete(files=[{"id": file_id}], channel_id=room.channel)
    assert await refusal(early) == "file_not_found"
    assert (await put(url, b"abcd"))[0] == 400
    assert (await put(url[:-3] + "xyz", b"abc"))[0] == 404
    assert (await put(url, b"abc"))[0] == 200
    assert (await put(url, b"abc"))[0] == 400
    outside = room.sandbox.add_channel("outside", bot_is_member=False)
    files: list[dict[str, str | None]] = [{"id": file_id}]
    assert await refusal(complete(files=files, channel_id=outside)) == "not_in_channel"
    assert await refusal(complete(files=files, channel_id="C0X")) == "channel_not_found"
    lost = complete(files=files, channel_id=room.channel, thread_ts="1700000000.000100")
    assert await refusal(lost) == "thread_not_found"
    await complete(files=files, channel_id=room.channel)
    assert await refusal(complete(files=files, channel_id=room.channel)) == "file_not_found"
    old = room.client.api_call("files.upload", data={"content": "x"})
    assert await refusal(old) == "method_deprecated"


@pytest.mark.parametrize("token", [None, "xoxb-wrong"])
async def test_a_download_without_the_token_is_a_sign_in_page(
    room: Room, token: str | None
) -> None:
    await room.sandbox.say(room.ana, room.channel, "", files=[("a.bin", b"\x00\x01")])
    url = room.sandbox.files[0]["url_private_download"]
    status, kind, body = await get(url, token)
    assert (status, kind) == (200, "text/html")
    assert b"Sign in" in body


async def test_files_of_people_are_seen_by_the_bot_where_it_is(room: Room) -> None:
    hidden = room.sandbox.add_channel("hidden", is_private=True, bot_is_member=False)
    await room.sandbox.say(room.ana, room.channel, "see", files=[("Ünï.pdf", b"pdf")])
    await room.sandbox.say(room.ana, hidden, "secret", files=[("s.txt", b"s")])
    seen, unseen = room.sandbox.files
    info = (await room.client.files_info(file=seen["id"]))["file"]
    assert (info["name"], info["mimetype"], info["size"]) == ("Ünï.pdf", "application/pdf", 3)
    assert await refusal(room.client.files_info(file=unseen["id"])) == "file_not_found"
    status, _, _ = await get(unseen["url_private_download"], room.sandbox.bot_token)
    assert status == 404


async def test_a_broken_upload_is_seen_by_the_sdk(room: Room) -> None:
    room.sandbox.fail("files.completeUploadExternal", "drop_before")
    with pytest.raises((aiohttp.ClientError, SlackRequestError)):
        await room.client.files_upload_v2(channel=room.channel, content="x", filename="x.txt")
    assert room.sandbox.messages(room.channel) == []
