"""The views of a sign-in at Microsoft, Google or Yandex, step by step. Pure builders."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack.elements import escape_text
from bot.slack.kit import actions, button, input_block, label, link_button, section, text_input
from bot.slack.texts import Texts
from bot.wires.sign_in_steps import BegunDevice, BegunSignIn, FinishedSignIn, purpose_words
from handlers.channels.channels import ChannelStatus
from handlers.channels.connection_settings import oauth_of

Json = dict[str, Any]
ANSWER_ID = "sign_in_answer"
APP_ID = "sign_in_with_app"
PROVIDERS = {"microsoft": "Microsoft", "google": "Google", "yandex": "Yandex"}


@dataclass(frozen=True, slots=True)
class Target:
    """Which channel signs in where; `use` is empty for all that it needs."""

    channel_id: int
    provider: str
    use: str = ""

    def to_value(self) -> str:
        return f"{self.channel_id}:{self.provider}:{self.use}"

    @staticmethod
    def from_value(text: str) -> Target:
        number, provider, use = text.split(":")
        return Target(int(number), provider, use)

    @property
    def name(self) -> str:
        """The provider's, for people."""
        return PROVIDERS.get(self.provider, self.provider)


def awaited_sign_in(status: ChannelStatus) -> Target | None:
    """Where somebody has still to sign in for the first time."""
    for connection in status.connections:
        choice = oauth_of(connection.settings)
        if choice is not None and not choice.granted_at:
            return Target(status.channel.id, choice.provider)
    return None


def sign_in_blocks(status: ChannelStatus, texts: Texts) -> list[Json]:
    """The one step that is left once a channel is saved, as a button; and as a command."""
    target = awaited_sign_in(status)
    if target is None:
        return []
    return [
        section(texts("One step is left: signing in at {provider}.", provider=target.name)),
        actions(start_button(texts, target), block_id="sign_in"),
        command_line(status.channel.name, target.provider, texts),
    ]


def command_line(name: str, provider: str, texts: Texts, mode: str = "user") -> Json:
    way = {"app": " --app-only", "service": " --service-account-file FILE"}.get(mode, "")
    return section(
        texts(
            "On the machine that Canal runs on, this does the same:\n"
            "```canal channels login {name} --provider {provider}{way}```",
            name=escape_text(shlex.quote(name)),
            provider=escape_text(provider),
            way=way,
        )
    )


def build_waiting_view(texts: Texts, target: Target) -> Json:
    return _view(
        texts, [section(texts("One moment: Canal asks {provider}…", provider=target.name))]
    )


def build_browser_view(
    texts: Texts, target: Target, name: str, begun: BegunSignIn, why: str = ""
) -> Json:
    """A link to the provider; where Canal cannot hear of the end, a field for its address."""
    what = texts(
        "Sign in at {provider} for {purpose} of *{name}*.",
        provider=target.name,
        purpose=purpose_words(begun.directions, texts),
        name=escape_text(name),
    )
    url = link_button(texts("Sign in at {provider}", provider=target.name), begun.url,
        "sign_in_open")  # fmt: skip
    links = [{**url, "style": "primary"}]
    if target.provider == "microsoft":
        links.append(button(texts("Use a code instead"), "sign_in_device", target.to_value()))
    blocks = [*_why(why), section(what)]
    if begun.by_callback:
        done = texts("This window tells you when it is done. You have an hour.")
        return _view(texts, [*blocks, actions(*links, block_id="sign_in"), section(done)])
    steps = texts(
        "1. Press the button below and sign in to the mailbox.\n"
        "2. The browser ends at an address that begins with `http://localhost`. The page cannot "
        "be opened, and that is right.\n"
        "3. Copy the whole address from the browser's address bar, paste it here, and press "
        "Connect."
    )
    field = input_block("answer", texts("Address that the browser ended at"),
        text_input(placeholder="http://localhost/?code=…"))  # fmt: skip
    return {
        **_view(texts, [*blocks, section(steps), actions(*links, block_id="sign_in"), field]),
        "callback_id": ANSWER_ID,
        "private_metadata": target.to_value(),
        "submit": label(texts("Connect"), 24),
    }


def build_device_view(texts: Texts, target: Target, name: str, begun: BegunDevice) -> Json:
    """A code to enter at the provider's page, on any device."""
    sentence = texts(
        "Open the page of {provider}, enter this code, and sign in to the mailbox of *{name}*:\n"
        "```{code}```\nThis window tells you when it is done.",
        provider=target.name,
        name=escape_text(name),
        code=escape_text(begun.user_code),
    )
    url = link_button(texts("Open the page"), begun.verification_uri, "sign_in_open")
    blocked = texts("Does {provider} say that codes are blocked? Then sign in by browser.",
        provider=target.name)  # fmt: skip
    browser = button(texts("Sign in by browser"), "sign_in_browser", target.to_value())
    return _view(
        texts,
        [
            section(sentence),
            actions({**url, "style": "primary"}, block_id="sign_in"),
            section(blocked),
            actions(browser, block_id="sign_in_other"),
        ],
    )


def build_app_view(texts: Texts, target: Target, redirect: str, why: str = "") -> Json:
    """Asks for the app that Canal is known by at the provider."""
    what = texts(
        "Canal signs in at {provider} as an app of yours. Register one there (the README says "
        "how) and enter what {provider} calls it by. The secret is kept encrypted and never shown "
        "again.",
        provider=target.name,
    )
    is_microsoft = target.provider == "microsoft"
    blocks = [
        *_why(why),
        section(what),
        section(texts("Redirect address to register: `{url}`", url=escape_text(redirect))),
        input_block("client_id", texts("Client ID"), text_input()),
        input_block(
            "client_secret", texts("Client secret"), text_input(), optional=is_microsoft,
            hint=texts(
                "Slack shows what you type. A secret that shall not pass through Slack is given "
                "with: canal channels login NAME --client-id … --client-secret-file FILE")),
    ]  # fmt: skip
    if is_microsoft:
        hint = texts("The ID or a domain of your organisation at Microsoft. Empty: as it is set.")
        field = input_block("tenant", texts("Tenant"), text_input(), optional=True, hint=hint)
        blocks.append(field)
    return {
        **_view(texts, blocks),
        "callback_id": APP_ID,
        "private_metadata": target.to_value(),
        "submit": label(texts("Sign in"), 24),
    }


def build_failed_view(
    texts: Texts, target: Target, name: str, why: str, *, has_own_app: bool = False
) -> Json:
    buttons = [start_button(texts, target, texts("Try again"))]
    if has_own_app:
        buttons.append(button(texts("Change the app"), "sign_in_app", target.to_value()))
    return _view(
        texts,
        [
            *_why(why),
            actions(*buttons, block_id="sign_in"),
            command_line(name, target.provider, texts),
        ],
    )


def build_signed_in_view(
    texts: Texts, done: FinishedSignIn, steps: Sequence[tuple[bool, str]]
) -> Json:
    """`steps`: what the connections say now."""
    blocks = [section(signed_in_words(done, texts))]
    if done.is_other_account:
        blocks.append(
            section(
                texts(
                    "⚠ The mailbox is {mailbox}: {account} must have access to it (a shared "
                    "mailbox), else sign in as the other one.",
                    mailbox=escape_text(done.mailbox),
                    account=escape_text(done.account),
                )
            )
        )
    lines = [f"{'✔' if ok else '❌'} {escape_text(texts.own(sentence))}" for ok, sentence in steps]
    if lines:
        blocks.append(section("\n".join(lines)[:3000]))
    return _view(texts, blocks)


def signed_in_words(done: FinishedSignIn, texts: Texts) -> str:
    return texts(
        "*{name}* is signed in for {purpose}.",
        name=escape_text(done.channel_name),
        purpose=purpose_words(done.directions, texts),
    )


def build_reconnect_by_hand(texts: Texts, name: str, provider: str, mode: str, why: str) -> Json:
    """Where no person signed in, none can do it again: the app's own key has to be given anew."""
    return _view(texts, [*_why(why), command_line(name, provider, texts, mode)])


def start_button(texts: Texts, target: Target, words: str = "") -> Json:
    words = words or texts("Sign in at {provider}", provider=target.name)
    return button(words, "sign_in_start", target.to_value(), style="primary")


def _why(why: str) -> list[Json]:
    return [section(f"❌ {escape_text(why)}"[:3000])] if why else []


def _view(texts: Texts, blocks: list[Json]) -> Json:
    return {
        "type": "modal",
        "title": label(texts("Sign in"), 24),
        "close": label(texts("Close"), 24),
        "blocks": blocks,
    }
