"""Forwarded mails: whose they were, in every language, and what is no forward."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import Message

import pytest

from mail.mime.subjects import is_forward_subject, is_reply_subject, strip_prefixes
from mail.model import Address
from mail.quotes.rules.separators import FORWARD, FORWARD_BEGIN
from mail.reading.forward_dates import parse_client_date
from mail.reading.forwards import find_forwarded, is_forward, parse_person
from tests.mail.quote_samples import HEADER_BLOCKS

NAMED = {key: block for key, block in HEADER_BLOCKS.items() if key != "ennoaddr"}
JO = Address("jo@x.example", "Jo Miller")


def mail(subject: str, **headers: str) -> Message:
    message = Message()
    message["From"] = "Staff <staff@desk.example>"
    message["Subject"] = subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message


@pytest.mark.parametrize("language", NAMED)
@pytest.mark.parametrize("subject", ["Fwd: Order", "Order"])
def test_the_writer_date_and_subject_are_found_in_every_language(
    language: str, subject: str
) -> None:
    text = "FYI\n\n---------- Forwarded message ---------\n" + "\n".join(NAMED[language]) + "\n\nHi"
    assert is_forward(mail(subject), subject, text)
    found = find_forwarded(mail(subject), text)
    assert found is not None
    assert found.from_.address == "jo@x.example"
    assert found.date == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert found.subject


@pytest.mark.parametrize("words", sorted(FORWARD))
def test_every_separator_of_a_forward_is_known(words: str) -> None:
    block = "\n".join(NAMED["en"])
    text = f"FYI\n\n-------- {words.capitalize()} --------\n{block}\n\nHi"
    found = find_forwarded(mail("Order"), text)
    assert found is not None
    assert found.from_ == JO


@pytest.mark.parametrize("words", FORWARD_BEGIN)
def test_every_opening_of_apple_mail_is_known(words: str) -> None:
    block = "\n> ".join(NAMED["en"])
    found = find_forwarded(mail("Order"), f"FYI\n\n{words.capitalize()}:\n\n> {block}\n>\n> Hi")
    assert found is not None
    assert found.from_ == JO


def test_outlook_forwards_with_a_header_block_alone() -> None:
    found = find_forwarded(mail("WG: Order"), "Bitte\n\n" + "\n".join(NAMED["de"]) + "\n\nHallo")
    assert found is not None
    assert found.from_ == JO


@pytest.mark.parametrize(
    "attribution",
    [
        "Le 16/09/2025 10:59, « Jo Miller » < jo@x.example > a écrit :",
        "Op 16-09-2025 10:59 heeft Jo Miller < jo@x.example > geschreven:",
        "2025. 09. 16. 10:59 időpontban Jo Miller (< jo@x.example >) ezt írta:",
        "Dnia 16.09.2025 10:59 „Jo Miller” < jo@x.example > napisał:",
        "Dňa 16. 9. 2025, 10:59, používateľ Jo Miller (< jo@x.example >) napísal:",
        '16.09.2025 10:59 пользователь "Jo Miller" < jo@x.example > написал:',
    ],
)
def test_a_forward_under_an_attribution_names_the_writer(attribution: str) -> None:
    message = Message()
    message["Subject"] = "FW: Order"
    found = find_forwarded(message, f"FYI\n\n{attribution}\n\nTwo tins are bent.")
    assert found is not None
    assert found.from_ == Address("jo@x.example", "Jo Miller")
    assert found.date is not None
    assert (found.date.day, found.date.hour) == (16, 10)


def test_a_forward_without_an_address_names_nobody() -> None:
    text = "\n".join(HEADER_BLOCKS["ennoaddr"])
    assert is_forward(mail("Fwd: x"), "Fwd: x", text)
    assert find_forwarded(mail("Fwd: x"), text) is None


def test_an_answer_to_a_forward_is_none() -> None:
    text = "Thanks\n\n> ---------- Forwarded message ---------\n> " + "\n> ".join(NAMED["en"])
    assert not is_forward(mail("Re: Fwd: x"), "Re: Fwd: x", text)
    assert find_forwarded(mail("Re: Fwd: x"), text) is None


def test_words_about_forwarding_are_no_forward() -> None:
    text = "Hello,\n\nI forwarded the message to Jo.\nForwarded message:\nnothing\n"
    assert not is_forward(mail("Question"), "Question", text)
    assert find_forwarded(mail("Question"), text) is None


def test_the_original_sender_of_a_group_is_taken_from_its_header() -> None:
    message = mail("Order", X_Original_Sender="jo@x.example")
    found = find_forwarded(message, "Hello")
    assert found is not None
    assert found.from_.address == "jo@x.example"


@pytest.mark.parametrize(
    ("value", "person"),
    [
        ("Jo Miller <jo@x.example>", JO),
        ("jo@x.example", Address("jo@x.example")),
        ("Jo Miller [mailto:jo@x.example]", JO),
        ("<mailto:jo@x.example>", Address("jo@x.example")),
        ("Jo Miller <jo@x.example<mailto:jo@x.example>>", JO),
        ("Jo Miller (jo@x.example)", JO),
        ("*Jo Miller* <jo@x.example>", JO),
        ("desk on behalf of Jo Miller <jo@x.example>", JO),
        ("Jo Miller", None),
        ("", None),
    ],
)
def test_a_person_is_read_in_every_form(value: str, person: Address | None) -> None:
    assert parse_person(value) == person


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Mon, Mar 2, 2026 at 10:00 PM", (2026, 3, 2, 22)),
        ("mar. 3 nov. 2026 à 10:00", (2026, 11, 3, 10)),
        ("2026年3月2日 下午3:05", (2026, 3, 2, 15)),
        ("02.03.2026 10:00:00", (2026, 3, 2, 10)),
        ("3/2/2026 10:00:00 AM", (2026, 3, 2, 10)),
        ("Thứ Hai, 2 Tháng Ba 2026 10:00", (2026, 3, 2, 10)),
        ("Понедельник, 2 марта 2026, 10:00 +03:00", (2026, 3, 2, 10)),
        ("středa 5. listopadu 2026 8:15", (2026, 11, 5, 8)),
        ("środa, 5 października 2026 08:15", (2026, 10, 5, 8)),
    ],
)
def test_dates_for_people_are_read(text: str, moment: tuple[int, int, int, int]) -> None:
    found = parse_client_date(text)
    assert found is not None
    assert (found.year, found.month, found.day, found.hour) == moment


@pytest.mark.parametrize("text", ["", "soon", "yesterday at 10:00", "99/99/2026", "2026"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_client_date(text) is None


REPLIES = (
    """
Re: x|RE[2]: x|Re(3): x|RES: x|AW: x|SV: x|VS: x|Odp: x|Отв: x|Ynt: x|回复: x|回复：x|答复: x
返信: x|답장: x|回覆: x|השב: x|رد: x|Trả lời: x|Antw: x
R: x|Réf : x|Відп: x|[EXT] Re: x|re : x|Vá: x|ΑΠ: x
""".strip()
    .replace("\n", "|")
    .split("|")
)
FORWARDS = (
    """
Fwd: x|FW: x|ENC: x|WG: x|TR: x|RV: x|I: x|Doorst: x|PD: x|Пер: x|VB: x|VL: x|İlt: x|转发: x|轉寄: x
転送: x|전달: x|הועבר: x|إعادة توجيه: x|Chuyển tiếp: x|Fwd: Re: [ext] x|[External] FW: x|x (fwd)
""".strip()
    .replace("\n", "|")
    .split("|")
)


@pytest.mark.parametrize("subject", REPLIES)
def test_reply_prefixes_are_known(subject: str) -> None:
    assert is_reply_subject(subject)
    assert not is_forward_subject(subject)
    assert strip_prefixes(subject) == "x"


@pytest.mark.parametrize("subject", FORWARDS)
def test_forward_prefixes_are_known(subject: str) -> None:
    assert is_forward_subject(subject)
    assert not is_reply_subject(subject)
    assert strip_prefixes(subject).removesuffix("(fwd)").strip().endswith("x")


@pytest.mark.parametrize(
    "subject", ["Order: 12", "Question: why?", "", "Report: x", "12: x", ": x"]
)
def test_other_words_before_a_colon_stay(subject: str) -> None:
    assert strip_prefixes(subject) == subject
    assert not is_reply_subject(subject)
    assert not is_forward_subject(subject)


def test_many_prefixes_in_many_languages_all_go() -> None:
    assert strip_prefixes("Re: AW: [EXT] Fwd: 回复：Отв: RE[4]: Lamp") == "Lamp"
