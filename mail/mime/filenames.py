"""Names of attached files, made safe to store, to show and to hand on."""

from __future__ import annotations

import mimetypes
import re
import unicodedata

from mail.mime.cleaning import clean_line
from mail.mime.encoded_words import decode_words

MAX_NAME = 200

_BAD = re.compile(r'[<>:"|?*\x00-\x1f]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[^.\s/\\]{1,20}$")

_BY_TYPE = {
    "text/plain": "text.txt",
    "text/html": "text.html",
    "text/calendar": "invitation.ics",
    "text/rfc822-headers": "headers.txt",
    "text/rtf": "text.rtf",
    "application/rtf": "text.rtf",
    "message/rfc822": "message.eml",
    "message/global": "message.eml",
    "message/delivery-status": "delivery-status.txt",
    "message/disposition-notification": "disposition-notification.txt",
    "message/feedback-report": "feedback-report.txt",
    "application/ms-tnef": "winmail.dat",
    "application/pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-mime": "smime.p7m",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-signature": "smime.p7s",
    "application/pgp-signature": "signature.asc",
    "application/pgp-encrypted": "version.asc",
    "application/pgp-keys": "key.asc",
    "application/pdf": "document.pdf",
    "image/jpeg": "image.jpg",
    "image/jpg": "image.jpg",
    "image/png": "image.png",
    "image/gif": "image.gif",
    "image/webp": "image.webp",
    "image/svg+xml": "image.svg",
    "image/heic": "image.heic",
    "image/tiff": "image.tiff",
    "image/bmp": "image.bmp",
    "audio/mpeg": "audio.mp3",
    "audio/mp4": "audio.m4a",
    "audio/amr": "audio.amr",
    "audio/wav": "audio.wav",
    "video/mp4": "video.mp4",
    "video/quicktime": "video.mov",
}
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
)


def clean_filename(name: str, content_type: str = "application/octet-stream") -> str:
    """A name without path, control and direction characters, at most 200 characters long.

    The extension is kept when a name is cut. A name with nothing left is made from the type.
    """
    if "=?" in name:
        name = decode_words(name)
    name = clean_line(unicodedata.normalize("NFC", name))
    name = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    name = _BAD.sub("_", name).strip().strip(".").strip() if name.strip(". ") else ""
    if not name.strip("_ "):
        return default_filename(content_type)
    if _RESERVED.match(name):
        name = "_" + name
    return _shorten(name)


def _shorten(name: str) -> str:
    if len(name) <= MAX_NAME:
        return name
    extension = _EXTENSION.search(name)
    tail = extension[0] if extension else ""
    return name[: MAX_NAME - len(tail)].rstrip() + tail


def default_filename(content_type: str) -> str:
    """`image.png` for `image/png`."""
    known = _BY_TYPE.get(content_type)
    if known is not None:
        return known
    family = content_type.partition("/")[0]
    stem = family if family in ("image", "audio", "video", "text") else "attachment"
    extension = mimetypes.guess_extension(content_type) or (".txt" if family == "text" else ".bin")
    return stem + extension


def sniff_type(data: bytes, content_type: str, filename: str) -> str:
    """The type of a part that says only `application/octet-stream`, by its first bytes or name."""
    if content_type not in ("application/octet-stream", "application/x-unknown", "image/*"):
        return content_type
    for magic, found in _MAGIC:
        if data.startswith(magic):
            return found
    guessed, encoding = mimetypes.guess_type(filename)
    useful = guessed and not encoding and guessed != "application/pgp-keys"
    return guessed if guessed and useful else content_type
