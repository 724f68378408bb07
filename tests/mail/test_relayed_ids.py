"""Message-IDs that relays give our mails, read from what they answer."""

from __future__ import annotations

import pytest

from mail.mime.relayed_ids import relayed_ids, without_region

SES = "0102018e1b2c3d4e-1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d-000000"


@pytest.mark.parametrize(
    ("reply", "ids"),
    [
        (f"Ok {SES}", (f"<{SES}@email.amazonses.com>",)),
        (f"250 Ok {SES}", (f"<{SES}@email.amazonses.com>",)),
        (
            (
                "2.6.0 <AM0PR01@AM0PR01MB1.eurprd01.prod.outlook.com> [InternalId=123, "
                "Hostname=AM0.example] 9876 bytes in 0.1, 50 KB/sec Queued mail for delivery"
            ),
            ("<AM0PR01@AM0PR01MB1.eurprd01.prod.outlook.com>",),
        ),
        ("2.0.0 Ok: queued as 4B2F91C0D3", ()),
        ("2.0.0 OK  1709378231 a1-20020a170906c28100b00a4 - gsmtp", ()),
        ("", ()),
    ],
)
def test_what_an_answer_names(reply: str, ids: tuple[str, ...]) -> None:
    assert relayed_ids(reply) == ids


def test_the_region_of_ses_makes_no_difference() -> None:
    assert without_region(f"<{SES}@eu-west-1.amazonses.com>") == f"<{SES}@email.amazonses.com>"
    assert without_region(f"<{SES}@email.amazonses.com>") == f"<{SES}@email.amazonses.com>"
    assert without_region("<a@b.example>") == "<a@b.example>"
