"""The marks inside a line of typed text: *bold*, _italic_, ~strike~, `code`, links, @names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.sandbox.emoji import emoji_code
from bot.sandbox.model import Json

_TOKEN = re.compile(
    r"`(?P<code>[^`\n]{1,2000})`"
    r"|<(?P<user>@[UW][A-Z0-9]{2,20})>|<(?P<room>#[CG][A-Z0-9]{2,20})>|<!subteam\^(?P<group>S[A-Z0-9]{2,20})>"
    r"|\[(?P<label>[^\[\]\n]{1,300})\]\((?P<target>https?://[^\s()<>]{1,2000}|mailto:[^\s()<>]{1,300})\)"
    r"|(?P<url>https?://[^\s<>|`]{1,2000})"
    r"|(?<![\w.@+-])(?P<mail>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})"
    r"|(?<![\w@])@(?P<at>[\w.-]{1,80})|(?<![\w#&])#(?P<hash>[\w-]{1,80})"
    r"|:(?P<emoji>[a-z0-9_+'-]{1,60})(?:::skin-tone-(?P<tone>[2-6]))?:"
    r"|(?P<mark>[*_~])"
)
_MARKS = {"*": "bold", "_": "italic", "~": "strike"}
_TRAILING = ".,;:!?'\")]}*_~"


@dataclass(frozen=True, slots=True)
class Names:
    """What a typed @name or #name stands for. Keys are in lower case, people also by full name."""

    people: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    usergroups: Mapping[str, str] = field(default_factory=dict)
    ids: frozenset[str] = frozenset()
    """Every id that exists: `<@U…>` typed as such counts as a mention only for these."""


def inline_elements(text: str, names: Names) -> list[Json]:
    """One line or more to the elements of a rich_text section."""
    found: list[Json] = []
    styles: dict[str, bool] = {}
    at, closing = 0, _closing_marks(text)
    while (match := _TOKEN.search(text, at)) is not None:
        _add_text(found, text[at : match.start()], styles)
        mark = match["mark"]
        if mark and match.start() in closing:
            name = _MARKS[mark]
            if closing[match.start()]:
                styles[name] = True
            else:
                styles.pop(name, None)
            at = match.end()
            continue
        element, at = _element(match, names, text)
        if element is None:
            _add_text(found, text[match.start() : at], styles)
        else:
            found.append(_styled(element, styles))
    _add_text(found, text[at:], styles)
    return found


def _closing_marks(text: str) -> dict[int, bool]:
    """Where styles begin (True) and end (False): pairs that hug their words, on one line."""
    pairs: dict[int, bool] = {}
    opened: dict[str, int] = {}
    for match in _TOKEN.finditer(text):
        mark, at = match["mark"], match.start()
        if not mark:
            continue
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        start = opened.get(mark)
        if start is not None and "\n" in text[start:at]:
            start = None
            del opened[mark]
        if start is not None and at - start > 1 and before.strip() and not after.isalnum():
            pairs[start], pairs[at] = True, False
            del opened[mark]
        elif after.strip() and not before.isalnum():
            opened[mark] = at
    return pairs


def _element(match: re.Match[str], names: Names, text: str) -> tuple[Json | None, int]:
    """The element of a token and where the text goes on; None when it is only text."""
    end = match.end()
    if match["code"]:
        return {"type": "text", "text": match["code"], "style": {"code": True}}, end
    if match["url"]:
        url = match["url"].rstrip(_TRAILING)
        return {"type": "link", "url": url}, match.start() + len(url)
    if match["label"]:
        return {"type": "link", "url": match["target"], "text": match["label"]}, end
    if match["mail"]:
        mail = match["mail"].rstrip(".-")
        link = {"type": "link", "url": f"mailto:{mail}", "text": mail}
        return link, match.start() + len(mail)
    if match["at"]:
        return _mention(match, names, text)
    return _named(match, names), end


def _named(match: re.Match[str], names: Names) -> Json | None:
    if match["user"] and match["user"][1:] in names.ids:
        return {"type": "user", "user_id": match["user"][1:]}
    if match["room"] and match["room"][1:] in names.ids:
        return {"type": "channel", "channel_id": match["room"][1:]}
    if match["group"] and match["group"] in names.ids:
        return {"type": "usergroup", "usergroup_id": match["group"]}
    if match["hash"] and match["hash"].lower() in names.channels:
        return {"type": "channel", "channel_id": names.channels[match["hash"].lower()]}
    if match["emoji"]:
        return _emoji(match["emoji"], match["tone"])
    return None


def _emoji(name: str, tone: str | None) -> Json | None:
    code = emoji_code(name)
    if code is None:
        return None
    element: Json = {"type": "emoji", "name": name, "unicode": code}
    if tone:
        element["skin_tone"] = int(tone)
        element["unicode"] = f"{code}-{0x1F3FB + int(tone) - 2:x}"
    return element


def _mention(match: re.Match[str], names: Names, text: str) -> tuple[Json | None, int]:
    """@channel, @name, or the full name ("@Ana Silva"), whichever is longest."""
    typed, start = match["at"].rstrip(".-"), match.start("at")
    if typed.lower() in ("channel", "here", "everyone"):
        return {"type": "broadcast", "range": typed.lower()}, start + len(typed)
    window = text[start : start + 80].lower()
    known = sorted((name for name in names.people if window.startswith(name)), key=len)
    for name in reversed(known):
        if not window[len(name) : len(name) + 1].isalnum():
            return {"type": "user", "user_id": names.people[name]}, start + len(name)
    if typed.lower() in names.usergroups:
        element = {"type": "usergroup", "usergroup_id": names.usergroups[typed.lower()]}
        return element, start + len(typed)
    return None, match.end()


def _add_text(found: list[Json], text: str, styles: dict[str, bool]) -> None:
    if not text:
        return
    last = found[-1] if found else None
    if last is not None and last["type"] == "text" and last.get("style", {}) == styles:
        last["text"] += text
    else:
        found.append(_styled({"type": "text", "text": text}, styles))


def _styled(element: Json, styles: dict[str, bool]) -> Json:
    style = {**styles, **element.get("style", {})}
    return {**element, "style": style} if style else element


def escape(text: str) -> str:
    """As Slack escapes its three control characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def inline_mrkdwn(elements: list[Json]) -> str:
    """The elements of a section as Slack writes them into `text`."""
    return "".join(_mrkdwn(element) for element in elements)


def _mrkdwn(element: Json) -> str:
    text, style = _bare_mrkdwn(element), element.get("style", {})
    if style.get("code"):
        text = f"`{text}`"
    for mark, name in (("~", "strike"), ("_", "italic"), ("*", "bold")):
        if style.get(name):
            text = f"{mark}{text}{mark}"
    return text


def _bare_mrkdwn(element: Json) -> str:
    kind = element["type"]
    if kind == "link":
        label = element.get("text")
        return f"<{element['url']}|{escape(label)}>" if label else f"<{element['url']}>"
    if kind == "emoji":
        tone = f"::skin-tone-{element['skin_tone']}" if "skin_tone" in element else ""
        return f":{element['name']}{tone}:"
    if kind == "user":
        return f"<@{element['user_id']}>"
    if kind == "channel":
        return f"<#{element['channel_id']}|>"
    if kind == "usergroup":
        return f"<!subteam^{element['usergroup_id']}>"
    if kind == "broadcast":
        return f"<!{element['range']}>"
    return escape(str(element.get("text", "")))
