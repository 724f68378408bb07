"""A provider asks whether mail may be forwarded to us: an admin is told, and the mail is kept."""

from __future__ import annotations

from tests.app.harness import Harness, words_of

LINK = "https://mail-settings.google.com/mail/vf-%5BANGjdJ9%5D-Ab_c"


async def test_admins_get_code_and_link_and_the_mail_is_filed_quietly(canal: Harness) -> None:
    await canal.write(
        f"jo@cust.example has requested to automatically forward mail.\n{LINK}\n",
        sender="Gmail Team <forwarding-noreply@google.com>",
        subject="(#123456789) Gmail Forwarding Confirmation - Receive Mail from jo@cust.example",
    )
    card = await canal.ticket()
    assert "Gmail Forwarding Confirmation" in words_of(card)
    assert "Waiting for customer" in words_of(card)

    def told() -> str:
        return "\n".join(
            words_of(one)
            for channel in canal.sandbox.world.channels.values()
            if channel.is_im
            for one in canal.sandbox.messages(channel.id)
        )

    await canal.sandbox.wait_for(lambda: "Gmail asks whether jo@cust.example may" in told())
    assert "`123456789`" in told()
    assert f"<{LINK}|Open the confirmation>" in told()
