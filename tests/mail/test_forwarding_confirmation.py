"""Providers that ask whether they may forward: recognised, and nothing else taken for it."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest

from mail.reading.forwarding_confirmation import (
    ForwardingConfirmation,
    find_forwarding_confirmation,
)
from mail.reading.parse import parse_mail

GMAIL_LINK = "https://mail-settings.google.com/mail/vf-%5BANGjdJ9%5D-Ab_c"
GMAIL = f"""jo@cust-desk.net has requested to automatically forward mail to your email
address support@acme.example.
Confirmation code: 123456789

To allow jo@cust-desk.net to automatically forward mail to your address,
please click the link below to confirm the request:

{GMAIL_LINK}

If you click the link and it appears to be broken, please copy and paste it.
To cancel, click https://mail-settings.google.com/mail/uf-%5BANGjdJ9%5D-Ab_c
Learn more: https://support.google.com/mail/bin/answer.py?answer=184973
"""


def find(
    text: str, sender: str, subject: str = "Hello", html: str = ""
) -> ForwardingConfirmation | None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "support@acme.example", subject
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    return find_forwarding_confirmation(parse_mail(mail.as_bytes()))


@pytest.mark.parametrize(
    "subject",
    [
        "(#123456789) Gmail Forwarding Confirmation - Receive Mail from jo@cust-desk.net",
        "(#123456789) Confirmação de encaminhamento do Gmail - Receber e-mails de jo@cust-desk.net",
        "(#123456789) Confirmación de reenvío de Gmail",
        "(#123456789) Gmail-Weiterleitungsbestätigung",
        "(#123456789) Confirmation du transfert Gmail",
        "(#123456789) Подтверждение пересылки Gmail",
        "(#123456789) Gmail の転送の確認",
        "(#123456789) Gmail 转发确认",
    ],
)
def test_gmail_asks_in_every_language(subject: str) -> None:
    found = find(GMAIL, "Gmail Team <forwarding-noreply@google.com>", subject)
    assert found == ForwardingConfirmation("Gmail", "123456789", GMAIL_LINK, "jo@cust-desk.net")


def test_the_link_that_refuses_is_never_offered() -> None:
    refuse_only = GMAIL.replace(GMAIL_LINK, "(the link is gone)")
    found = find(refuse_only, "forwarding-noreply@google.com", "(#123456789) Forwarding")
    assert found is not None
    assert found.link is None


@pytest.mark.parametrize(
    ("sender", "text", "provider", "code", "link"),
    [
        (
            "Яндекс <noreply@yandex.ru>",
            "Подтвердите пересылку с jo@yandex.ru: https://mail.yandex.ru/filters-confirm?e=Ab%2Bc",
            "Yandex",
            None,
            "https://mail.yandex.ru/filters-confirm?e=Ab%2Bc",
        ),
        (
            "noreply@corp.mail.ru",
            "Подтвердите пересылку писем. Код подтверждения: 48 21 77",
            "Mail.ru",
            "482177",
            None,
        ),
        (
            "Microsoft <account-security-noreply@accountprotection.microsoft.com>",
            "Verify that mail may be forwarded to this address. Security code: 7719023",
            "Outlook",
            "7719023",
            None,
        ),
        (
            "Proton <no-reply@notify.proton.me>",
            "jo@proton.me wants to forward mail. Accept: https://account.proton.me/mail/forwarding/accept#abc",
            "Proton",
            None,
            "https://account.proton.me/mail/forwarding/accept#abc",
        ),
        (
            "Zoho <noreply@zohomail.com>",
            "Email forwarding: please verify.\nVerification code\n  9981 2234",
            "Zoho",
            "99812234",
            None,
        ),
    ],
)
def test_others_ask_too(
    sender: str, text: str, provider: str, code: str | None, link: str | None
) -> None:
    found = find(text, sender, "Forwarding")
    assert found is not None
    assert (found.provider, found.code, found.link) == (provider, code, link)


def test_a_link_behind_a_word_is_found() -> None:
    html = f'<p>Confirm the forwarding: <a href="{GMAIL_LINK}">here</a></p>'
    found = find(
        "Confirm the forwarding: here", "forwarding-noreply@google.com", "Forwarding", html
    )
    assert found is not None
    assert found.link == GMAIL_LINK


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        ("forwarding-noreply@google.com.evil.example", GMAIL),
        ("forwarding-noreply@notgoogle.com", GMAIL),
        ("Google <jo@evil.example>", GMAIL),
        ("no-reply@accounts.google.com", "New sign-in. Check https://myaccount.google.com/verify"),
        ("jo@gmail.com", "Could you forward and confirm my order? My code: 12345678"),
        ("anna@mail.ru", "Подтвердите пересылку заказа, код 12345678"),
        ("noreply@yandex.ru", "Подтвердите пересылку: https://evil.example/confirm"),
        ("noreply@yandex.ru", "Подтвердите пересылку: https://yandex.ru@evil.example/confirm"),
        ("noreply@yandex.ru", "Подтвердите пересылку: http://mail.yandex.ru/confirm"),
        ("noreply@yandex.ru", "Подтвердите пересылку: https://mail.yandex.ru:8443/confirm"),
        ("noreply@yandex.ru", "Подтвердите пересылку: https://mail.yandex.ru.evil.example/confirm"),
    ],
)
def test_nothing_else_is_taken_for_one(sender: str, text: str) -> None:
    assert find(text, sender, "Hello") is None


def test_hostile_text_takes_little_time() -> None:
    started = time.monotonic()
    for text in ("code " * 20_000, "https://google.com/vf-" * 5_000, "a@" * 40_000, "#(" * 40_000):
        find(f"forward confirm {text}", "forwarding-noreply@google.com", "forward confirm")
    assert time.monotonic() - started < 8
