"""Which mail it is: the quick look that intake takes at a mail before it commits.

Runs once a mail on the path to 250, so it knows neither MIME nor charsets and reads three headers.
"""

from __future__ import annotations

import hashlib
import re

PEEK_BYTES = 262_144
"""A header block is looked for in this much of a mail."""

_VALUE = re.compile(rb"[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)")


def dedupe_key(data: bytes) -> str:
    """What two arrivals of one mail share: SHA-256 over Message-ID, From and Date.

    Relays add headers, so the bytes differ; these three do not. When Message-ID or Date is missing
    subject and body count as well, so that two different mails never become one.
    """
    head_end = _head_end(data)
    head = data[:head_end]
    # Each name is found by memory search: several times as fast as a pattern tried at every line.
    names = b"\n" + head.lower()
    message_id = _first(head, names, b"\nmessage-id")
    date = _first(head, names, b"\ndate")
    digest = hashlib.sha256()
    for value in (message_id, _first(head, names, b"\nfrom"), date):
        digest.update(value)
        digest.update(b"\x00")
    if not message_id or not date:
        digest.update(_first(head, names, b"\nsubject"))
        digest.update(b"\x00" + hashlib.sha256(data[head_end:].strip()).digest())
    return digest.hexdigest()


def _first(head: bytes, names: bytes, wanted: bytes) -> bytes:
    """The first value of the header that `wanted` names, raw and unfolded; b"" without one."""
    at = names.find(wanted)
    while at >= 0:
        # `names` has one byte more in front, which the line break of `wanted` makes up for.
        found = _VALUE.match(head, at + len(wanted) - 1)
        if found:
            return b" ".join(found[1].split())
        at = names.find(wanted, at + 1)
    return b""


def _head_end(data: bytes) -> int:
    start = 0
    while data[start : start + 1] in (b"\r", b"\n"):
        start += 1
    dos = data.find(b"\n\r\n", start, PEEK_BYTES)
    unix = data.find(b"\n\n", start, PEEK_BYTES if dos < 0 else dos)
    ends = [at for at in (unix, dos) if at >= 0]
    return min(ends) + 1 if ends else min(len(data), PEEK_BYTES)
