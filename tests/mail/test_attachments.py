"""Files of a mail: names, unpacking, and finding them again by their index."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.errors import MailError
from mail.mime.filenames import MAX_NAME, clean_filename, default_filename
from mail.mime.transfer import decode_transfer
from mail.reading.calendars import calendar_summary
from mail.reading.cms import find_signed_content
from mail.reading.parse import parse_mail, read_attachment
from mail.reading.rtf import decompress_rtf, rtf_text
from mail.reading.tnef import read_tnef

# The worked example of MS-OXRTFCP, section 3.1.
COMPRESSED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d"
    "0a800fa0"
)


@given(st.text(max_size=300))
def test_a_clean_name_is_safe_whatever_it_was(name: str) -> None:
    clean = clean_filename(name)
    assert 0 < len(clean) <= MAX_NAME
    assert not set(clean) & set('/\\<>:"|?*\x00\n\r\u202e')
    assert clean.strip(". ")


def test_the_extension_survives_a_long_name() -> None:
    assert clean_filename("ü" * 500 + ".xlsx").endswith("ü.xlsx")


def test_an_unnamed_file_is_named_by_its_type() -> None:
    assert default_filename("image/png") == "image.png"
    assert default_filename("application/x-unheard-of") == "attachment.bin"
    assert default_filename("text/x-unheard-of") == "text.txt"


def test_an_index_that_the_mail_does_not_have_is_refused() -> None:
    with pytest.raises(MailError):
        read_attachment(b"Subject: x\n\ntext", 7)
    with pytest.raises(MailError):
        read_attachment(b"Subject: x\n\ntext", -100_000)


def test_the_bytes_of_each_file_come_back_by_index() -> None:
    mail = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\nbegin 644 a.txt\n"
        b"#86)C\n`\nend\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n"
        b"iVBORw0KGgo=\n--b--\n"
    )
    parsed = parse_mail(mail)
    found = {item.filename: read_attachment(mail, item.index) for item in parsed.attachments}
    assert found == {"image.png": b"\x89PNG\r\n\x1a\n", "a.txt": b"abc"}


def test_outlooks_compressed_rtf_is_read() -> None:
    rtf = decompress_rtf(COMPRESSED)
    assert rtf == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert rtf_text(rtf).strip() == "hello world"


def test_rtf_characters_beyond_the_first_plane_are_joined() -> None:
    assert rtf_text(b"{\\rtf1 \\u-10179?\\u-8704? ok}") == "😀 ok"


@given(st.binary(max_size=400))
def test_no_packed_format_raises(data: bytes) -> None:
    read_tnef(struct.pack("<IH", 0x223E9F78, 0) + data)
    decompress_rtf(data)
    rtf_text(data)
    find_signed_content(data)
    calendar_summary(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + data)
    for encoding in ("base64", "quoted-printable", "uuencode", "x"):
        decode_transfer(data, encoding, is_text=True)
        decode_transfer(data, encoding)


def test_lengths_that_lie_cost_nothing() -> None:
    header = struct.pack("<IH", 0x223E9F78, 0)
    prop = struct.pack("<IHHI", 0xFFFFFFFF, 0x1003, 1, 0xFFFFFFFF)
    lying = header + struct.pack("<BHHI", 1, 0x9003, 6, len(prop)) + prop + b"\0\0"
    assert read_tnef(lying).files == []
    assert decompress_rtf(struct.pack("<IIII", 0xFFFFFFFF, 0xFFFFFFFF, 0x75465A4C, 0)) == b""
    assert find_signed_content(b"\x30\x88" + b"\xff" * 8) is None


@pytest.mark.parametrize(
    ("lines", "summary"),
    [
        (["SUMMARY:Day off", "DTSTART;VALUE=DATE:20260305"], "Event: Day off · 2026-03-05"),
        (
            ["SUMMARY:Trip", "DTSTART:20260305T220000Z", "DTEND:20260306T010000Z"],
            "Event: Trip · 2026-03-05 22:00 - 2026-03-06 01:00 (UTC)",
        ),
        (["DTSTART:20260305T220000"], "Event: (no title) · 2026-03-05 22:00"),
        (["SUMMARY:a\\nb\\, c\\;d\\\\e"], "Event: a b, c;d\\e"),
        (["SUMMARY:Weekly", "RRULE:FREQ=WEEKLY"], "Event: Weekly · repeats"),
    ],
)
def test_an_invitation_is_one_line(lines: list[str], summary: str) -> None:
    text = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"])
    assert calendar_summary(text.encode()) == summary


@pytest.mark.parametrize("zone", ["A" * 300, "Europe", "America/", "../../etc/passwd", '"A:B;C"'])
def test_a_zone_that_nobody_knows_costs_no_invitation(zone: str) -> None:
    """zoneinfo looks for a file of that name."""
    lines = (
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        "SUMMARY:Lunch",
        f"DTSTART;TZID={zone}:20260305T120000",
    )
    text = "\r\n".join([*lines, "END:VEVENT", "END:VCALENDAR"])
    assert calendar_summary(text.encode()).startswith("Event: Lunch · 2026-03-05 12:00")


def test_what_is_no_invitation_has_no_line() -> None:
    assert calendar_summary(b"hello") == ""
    assert calendar_summary(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR") == ""
