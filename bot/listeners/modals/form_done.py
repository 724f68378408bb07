"""What is shown once a channel is saved: where its mail goes, and what is still to do by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.listeners.modals.sign_in_views import awaited_sign_in, sign_in_blocks
from bot.slack.elements import escape_text
from bot.slack.kit import actions, button, label, section
from bot.slack.texts import Texts
from handlers.channels.channels import ChannelStatus

Json = dict[str, Any]
GUIDES = {
    "gmail": "Gmail",
    "outlook": "Outlook",
    "yandex": "Yandex",
    "mailru": "mail.ru",
}


def build_done_view(
    status: ChannelStatus,
    texts: Texts,
    *,
    joined: bool,
    is_new: bool,
    told: Sequence[str] = (),
) -> Json:
    """`told`: what was filled in, sentence by sentence. `joined`: the bot is in the channel."""
    channel = status.channel
    where = f"<#{channel.slack_channel_id}>"
    names = {
        "name": escape_text(channel.name),
        "address": escape_text(channel.primary_address),
        "where": where,
    }
    done = (
        texts("*{name} is connected.* Mail to {address} will appear in {where}.", **names)
        if awaited_sign_in(status) is None
        else texts(
            "*{name} is saved.* Mail to {address} will appear in {where} once somebody has "
            "signed in.",
            **names,
        )
    )
    blocks = [section(done)]
    if not joined:
        blocks += _invite(channel.id, where, texts, is_new=is_new)
    if channel.incoming == "internal" and channel.inbound_address:
        blocks += _forwarding(status, where, texts, is_new=is_new)
    if told:
        blocks.append(section("\n".join(f"• {escape_text(texts.own(one))}" for one in told)[:3000]))
    blocks += sign_in_blocks(status, texts)
    return {
        "type": "modal",
        "title": label(texts("Channel added") if is_new else texts("Channel saved"), 24),
        "close": label(texts("Done"), 24),
        "blocks": blocks,
    }


def _invite(channel_id: int, where: str, texts: Texts, *, is_new: bool) -> list[Json]:
    sentence = texts(
        "⚠ Canal is not in {where} yet. Type `/invite @Canal` there, then press Try again. "
        "Until then its mail is kept.",
        where=where,
    )
    value = f"{channel_id}:{'new' if is_new else 'saved'}"
    return [
        section(sentence),
        actions(button(texts("Try again"), "channel_join", value, style="primary")),
    ]


def _forwarding(status: ChannelStatus, where: str, texts: Texts, *, is_new: bool) -> list[Json]:
    channel = status.channel
    lines = [
        texts(
            "Forward the mail of {primary} to:\n```{address}```",
            primary=escape_text(channel.primary_address),
            address=escape_text(channel.inbound_address or ""),
        )
    ]
    if is_new:
        lines.append(
            texts(
                "Does your mail provider ask to confirm the forwarding? Its mail appears in "
                "{where} like any other, with the link or code to confirm.",
                where=where,
            )
        )
    guides = [
        button(
            texts("How to in {provider}", provider=name), f"howto_{key}", channel.inbound_address
        )
        for key, name in GUIDES.items()
    ]
    return [section(line) for line in lines] + [actions(*guides, block_id="howto")]


def build_guide(guide: str, address: str, texts: Texts) -> Json:
    """How to forward a mailbox's mail to `address`, step by step. `guide` is a key of GUIDES."""
    steps = _STEPS[guide](texts)
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    return {
        "type": "modal",
        "title": label(texts("Forward from {provider}", provider=GUIDES[guide]), 24),
        "close": label(texts("Back"), 24),
        "blocks": [section(f"```{escape_text(address)}```"), section(numbered)],
    }


def _gmail(texts: Texts) -> list[str]:
    return [
        texts("On a computer open Gmail in that mailbox: ⚙ → *See all settings* → *Forwarding "
              "and POP/IMAP*."),
        texts("Press *Add a forwarding address*, paste the address above, then *Next*, *Proceed* "
              "and *OK*."),
        texts("Google's mail with a link and a code to confirm appears in Slack. Open the link, "
              "or type the code in Gmail and press *Verify*."),
        texts("Back in *Forwarding and POP/IMAP* choose *Forward a copy of incoming mail to* with "
              "this address, and what becomes of Gmail's own copy."),
        texts("Press *Save Changes* at the bottom. In Google Workspace an admin may have to "
              "allow automatic forwarding first."),
    ]  # fmt: skip


def _outlook(texts: Texts) -> list[str]:
    return [
        texts("In Outlook on the web open that mailbox: ⚙ → *Mail* → *Forwarding*."),
        texts("Switch *Enable forwarding* on, paste the address above, tick *Keep a copy of "
              "forwarded messages*, and press *Save*."),
        texts("With Microsoft 365 an admin can do it for any mailbox, shared ones too: Exchange "
              "admin center → *Recipients* → *Mailboxes* → the mailbox → *Manage email "
              "forwarding*."),
        texts("Microsoft 365 blocks forwarding to other domains at first: an admin allows it in "
              "Microsoft Defender → *Anti-spam* → *outbound policy* → *Automatic forwarding "
              "rules: On*. A mail with “5.7.520 Access denied” says that this is missing."),
    ]  # fmt: skip


def _yandex(texts: Texts) -> list[str]:
    return [
        texts("In Yandex Mail open that mailbox: ⚙ → *All settings* → *Email filtering*, then "
              "*Create filter*."),
        texts("Remove the conditions, so that the filter is for all mail, and choose that it "
              "applies to all mail except spam."),
        texts("Tick *Forward to address*, paste the address above, tick *save a copy*, press "
              "*Create filter* and give your password."),
        texts("Yandex's mail appears in Slack: open its link and press *Confirm forwarding*."),
        texts("Back in the filters see that the new one is switched on."),
    ]  # fmt: skip


def _mailru(texts: Texts) -> list[str]:
    return [
        texts("In mail.ru open that mailbox: ⚙ → *All settings* → *Filters* → *Forwarding*."),
        texts("Add the address above, choose that copies stay in the mailbox, and save; mail.ru "
              "may ask for your password."),
        texts("mail.ru's mail with a code or link to confirm appears in Slack: open the link, or "
              "type the code in the settings."),
        texts("Back in *Forwarding* switch it on for this address."),
    ]  # fmt: skip


_STEPS = {"gmail": _gmail, "outlook": _outlook, "yandex": _yandex, "mailru": _mailru}
