"""What Slack says of a channel is true from that moment on, not from the next look on."""

from __future__ import annotations

from handlers.channels.fields import ChannelFields
from tests.app.harness import Harness

SALES = "sales@acme.example"


async def test_a_channel_that_was_added_takes_mail_at_once(canal: Harness) -> None:
    await canal.canal.channels.add(
        ChannelFields(name="Sales", slack_channel_id=canal.support, primary=SALES)
    )
    await canal.write("An offer, please", recipients=[SALES], to=SALES)
    await canal.ticket()


async def test_an_address_that_was_given_up_takes_none_any_more(canal: Harness) -> None:
    index = canal.canal.parts.index
    await canal.canal.channels.add(
        ChannelFields(name="Sales", slack_channel_id=canal.support, primary=SALES)
    )
    assert index.channels_for(SALES)
    await canal.canal.channels.remove("Sales")
    assert index.channels_for(SALES) == ()
