"""Links: only schemes that cannot do harm, and the true host where the text pretends another."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from mail.html.tags import FILE_ENDINGS
from mail.mime.addresses import ascii_domain

MAX_URL = 3_000

_STRIP = "".join(map(chr, range(0x21)))
_INNER = re.compile(r"[\t\r\n]")
_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]{0,20}):", re.IGNORECASE)
_WEB = re.compile(r"^(https?):[/\\]*", re.IGNORECASE)
_HOST_IN_TEXT = re.compile(
    r"(?:https?://(?:[^\s/@]{1,100}@)?|www\.|^)((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,10}[^\W\d_][\w-]{1,30})"
    r"(?=[:/?#\s)>\]]|$)",
    re.IGNORECASE,
)


def clean_url(href: str) -> str | None:
    """The address as a browser takes it; None when it is no http, https, mailto or tel link."""
    url = _INNER.sub("", href.strip(_STRIP))
    if url.startswith(("//", "\\\\")):
        url = "https:" + url
    web = _WEB.match(url)
    if web is not None:
        head, mark, tail = _cut_path(url[web.end() :])
        url = f"{web[1].lower()}://{head}{mark}{tail}"
        return url[:MAX_URL].replace(" ", "%20") if head and len(url) <= MAX_URL else None
    scheme = _SCHEME.match(url)
    if scheme is None or scheme[1].lower() not in ("mailto", "tel") or len(url) > MAX_URL:
        return None
    return url.replace(" ", "%20")


def _cut_path(rest: str) -> tuple[str, str, str]:
    """Authority and what follows; a backslash is a slash to browsers."""
    found = re.search(r"[/\\?#]", rest)
    if found is None:
        return rest, "", ""
    mark = "/" if found[0] == "\\" else found[0]
    return rest[: found.start()], mark, rest[found.end() :]


def link_host(url: str) -> str:
    """The host that the link really leads to, as DNS knows it; "" for mailto and tel."""
    try:
        host = urlsplit(url).hostname if url.startswith(("http://", "https://")) else None
    except ValueError:
        return ""
    return ascii_domain(host.casefold().rstrip(".")) if host else ""


def pretended_host(text: str, url: str) -> str | None:
    """The true host when the text names another one; None when it is honest."""
    real = link_host(url)
    if not real:
        return None
    for found in _HOST_IN_TEXT.finditer(text.strip()[:500]):
        said = ascii_domain(found[1].casefold()).removeprefix("www.")
        last = said.rpartition(".")[2]
        bare = found.start() == 0 and found[0] == found[1]
        if bare and last in FILE_ENDINGS:
            continue
        if not _same_house(said, real.removeprefix("www.")):
            return real
    return None


def _same_house(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    return short.count(".") >= 1 and long.endswith("." + short)
