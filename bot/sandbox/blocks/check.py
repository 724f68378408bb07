"""Collects what is wrong with blocks, in Slack's words, each with its JSON pointer."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.model import Json

MAX_PROBLEMS = 20
LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel", "ftp", "slack", "sms"})


class Check:
    """One walk over somebody's JSON. Every method takes the pointer of what it looks at."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.file_ids: list[str] = []
        """slack_file ids that were named; whoever knows the files checks them."""

    def add(self, problem: str, pointer: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(f"{problem} [json-pointer:{pointer}]")

    def keys(
        self, value: Any, pointer: str, required: Collection[str], optional: Collection[str] = ()
    ) -> bool:
        """An object with these properties and no others. False when it is not even an object."""
        if not isinstance(value, dict):
            self.add("must be an object", pointer)
            return False
        for name in required:
            if value.get(name) is None:
                self.add(f"missing required field: {name}", pointer)
        for name in value:
            if name not in required and name not in optional and name != "type":
                self.add(f"invalid additional property: {name}", pointer)
        return True

    def string(self, value: Any, pointer: str, most: int, *, least: int = 1) -> bool:
        """A string of `least` to `most` characters; None is left to `keys`."""
        if value is None:
            return False
        if not isinstance(value, str):
            self.add("must be a string", pointer)
            return False
        if len(value) < least:
            self.add(f"must be more than {least - 1} characters", pointer)
        if len(value) > most:
            self.add(f"must be less than {most + 1} characters", pointer)
        return True

    def items(self, value: Any, pointer: str, most: int, *, least: int = 1) -> list[Any]:
        """A list of `least` to `most` items; [] when it is no list."""
        if value is None:
            return []
        if not isinstance(value, list):
            self.add("must be an array", pointer)
            return []
        if len(value) < least:
            self.add(f"no fewer than {least} items required", pointer)
        if len(value) > most:
            self.add(f"no more than {most} items allowed", pointer)
        return value[: most + 1]

    def one_of(self, value: Any, pointer: str, allowed: Collection[str]) -> None:
        if value is not None and (not isinstance(value, str) or value not in allowed):
            self.add(f"must be one of: {', '.join(sorted(allowed))}", pointer)

    def flag(self, value: Any, pointer: str) -> None:
        if value is not None and not isinstance(value, bool):
            self.add("must be a boolean", pointer)

    def whole(self, value: Any, pointer: str, least: int, most: int) -> None:
        if value is None:
            return
        if isinstance(value, bool) or not isinstance(value, int):
            self.add("must be an integer", pointer)
        elif not least <= value <= most:
            self.add(f"must be between {least} and {most}", pointer)

    def text(self, value: Any, pointer: str, most: int = 3000, *, plain: bool = False) -> None:
        """A text object; `plain` allows plain_text only."""
        if value is None:
            return
        if not isinstance(value, dict):
            self.add("must be an object", pointer)
            return
        kind = value.get("type")
        if kind not in ("plain_text", "mrkdwn") or (plain and kind == "mrkdwn"):
            wanted = "plain_text" if plain else "plain_text, mrkdwn"
            self.add(f"must be a valid enum value: {wanted}", f"{pointer}/type")
            return
        extra = ("emoji",) if kind == "plain_text" else ("verbatim",)
        self.keys(value, pointer, ("text",), extra)
        self.string(value.get("text"), f"{pointer}/text", most)
        for name in extra:
            self.flag(value.get(name), f"{pointer}/{name}")

    def url(self, value: Any, pointer: str, schemes: Collection[str] = LINK_SCHEMES) -> None:
        if not self.string(value, pointer, 3000):
            return
        try:
            parts = urlsplit(value)
            valid = parts.scheme in schemes and bool(parts.netloc or parts.path)
            if parts.scheme in ("http", "https"):
                valid = valid and bool(parts.hostname)
        except ValueError:
            valid = False
        if not valid or any(one <= " " or one in "<>\x7f" for one in value):
            self.add("invalid url", pointer)

    def image(self, value: Json, pointer: str) -> None:
        """image_url or slack_file. Slack fetches the first, so it must be on the open internet."""
        url, file = value.get("image_url"), value.get("slack_file")
        if (url is None) == (file is None):
            self.add("must provide either image_url or slack_file", pointer)
        if url is not None:
            self.url(url, f"{pointer}/image_url", ("http", "https"))
            if isinstance(url, str) and _is_private(url):
                self.add("downloading image failed", f"{pointer}/image_url")
        if file is not None and self.keys(file, f"{pointer}/slack_file", (), ("id", "url")):
            named = file.get("id") or str(file.get("url", ""))
            self.file_ids.append(str(named))


def _is_private(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
