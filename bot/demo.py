"""`canal demo`: everything in one process, and nothing to set up.

The sandbox workspace (Slack), the catcher (everybody else's mail server) and Canal itself, which
is the same Canal as `canal run`: it knows its Slack by SLACK_API_URL and its smarthost by
CANAL_SMARTHOST_URL, and speaks to both over real sockets on loopback.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from bot.app import Canal
from bot.config.check_network import find_manifest
from bot.config.settings import Settings, load_settings
from bot.config.types import ListenAddress
from bot.problems import StartupError
from bot.sandbox import MailCatcher, Sandbox
from bot.sandbox.errors import SandboxError
from bot.slack.i18n import Catalogs
from bot.slack.kit import section
from bot.slack.texts import Texts
from handlers.channels.fields import ChannelFields

PAGE_PORT = 3939
ADDRESS = "support@acme.example"


class Demo:
    """Start, look at `page_url` and `smtp_address`, stop."""

    def __init__(self, env: Mapping[str, str], *, page_port: int | None = None) -> None:
        self._env = dict(env)
        self._page_port = page_port
        self._stack = AsyncExitStack()
        self.sandbox: Sandbox
        self.catcher: MailCatcher
        self.canal: Canal

    @property
    def page_url(self) -> str:
        return self.sandbox.page_url

    @property
    def smtp_address(self) -> str:
        host, port = self.canal.smtp.server.address
        return f"{host}:{port}"

    async def start(self) -> None:
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        settings = _with_free_ports(load_settings(self._env), self._env)
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.sandbox = Sandbox(_store_path(settings.data_dir), manifest=find_manifest())
        self.catcher = MailCatcher(self.sandbox.store)
        self.sandbox.attach_catcher(self.catcher)
        await self.catcher.start()
        self._stack.push_async_callback(self.catcher.stop)
        await self._start_page()
        self._stack.push_async_callback(self.sandbox.stop)
        agents = _seed_workspace(self.sandbox, settings.language)
        self.canal = Canal(_for_sandbox(settings, self.sandbox, self.catcher, agents))
        await self.canal.start()
        self._stack.push_async_callback(self.canal.stop)
        self.catcher.canal_smtp = self.canal.smtp.server.address
        self.catcher.addresses = self._addresses
        await _seed_channel(self.canal, self.sandbox, settings.language)

    async def _start_page(self) -> None:
        try:
            await self.sandbox.start(port=self._choose_page_port())
        except SandboxError as error:
            raise StartupError(f"{error} Choose another port with --port.") from error

    def _addresses(self) -> list[dict[str, str]]:
        """What a customer may write to, for the page."""
        return [
            {"name": channel.name, "address": channel.primary_address}
            for channel in self.canal.parts.index.all()
            if channel.incoming == "internal"
        ]

    def _choose_page_port(self) -> int:
        if self._page_port is not None:
            return self._page_port
        return PAGE_PORT if _is_free("127.0.0.1", PAGE_PORT) else 0


def _store_path(data_dir: Path) -> Path:
    return data_dir / "sandbox.db"


def _for_sandbox(
    settings: Settings, sandbox: Sandbox, catcher: MailCatcher, admin: str
) -> Settings:
    """The settings of `canal run`, with the sandbox for Slack and the catcher for a smarthost."""
    return load_settings(
        {
            "SLACK_BOT_TOKEN": sandbox.bot_token,
            "SLACK_APP_TOKEN": sandbox.app_token,
            "SLACK_API_URL": sandbox.api_url,
            "CANAL_SMARTHOST_URL": catcher.smarthost_url,
            "CANAL_ADMINS": ",".join((*settings.admins, admin)),
        }
    ).model_copy(
        update={
            name: getattr(settings, name)
            for name in Settings.model_fields
            if name not in _SANDBOXED and name != "warnings"
        }
    )


_SANDBOXED = frozenset(
    {
        "slack_bot_token",
        "slack_app_token",
        "slack_signing_secret",
        "slack_api_url",
        "smarthost",
        "admins",
    }
)


def _with_free_ports(settings: Settings, env: Mapping[str, str]) -> Settings:
    """A default port that somebody else uses is no reason not to try Canal; a chosen one is."""
    moved = {}
    for variable, field in (
        ("CANAL_SMTP_LISTEN", "smtp_listen"),
        ("CANAL_HTTP_LISTEN", "http_listen"),
    ):
        address: ListenAddress = getattr(settings, field)
        if not env.get(variable) and not _is_free(address.host, address.port):
            moved[field] = ListenAddress(address.host, 0)
    return settings.model_copy(update=moved)


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


_SLACK_CHANNELS = {
    "general": "For everybody at Acme",
    "support": f"Mail to {ADDRESS}: one thread for each conversation with a customer",
}


def _seed_workspace(sandbox: Sandbox, language: str) -> str:
    """Two people and two channels, unless an earlier run left some; returns the admin's id."""
    locale = language.replace("_", "-")
    if sandbox.find_user("ana") is None:
        sandbox.name_workspace("Acme")
        sandbox.add_user(
            "ana", "Ana Silva", "ana@acme.example", title="Customer care", locale=locale
        )
    rui = sandbox.find_user("rui") or sandbox.add_user(
        "rui", "Rui Costa", "rui@acme.example", is_admin=True, title="Team lead", locale=locale
    )
    for name, topic in _SLACK_CHANNELS.items():
        if sandbox.find_channel(name) is None:
            sandbox.add_channel(name, bot_is_member=name == "support", topic=topic)
    return rui


async def _seed_channel(canal: Canal, sandbox: Sandbox, language: str) -> None:
    """One email channel and a word of welcome, the first time."""
    if await canal.channels.list():
        return
    await canal.channels.add(
        ChannelFields(
            name="Support",
            slack_channel_id=sandbox.find_channel("support"),
            incoming="internal",
            outgoing="internal",
            primary=ADDRESS,
            from_name="Acme Support",
            from_email=ADDRESS,
            forward_opens_ticket=True,
            signature="{agent.name}\n{agent.title} · **Acme**\n[acme.example](https://acme.example)",
        )
    )
    await _welcome(sandbox, Texts(Catalogs(default=language).translator(None)))


async def _welcome(sandbox: Sandbox, texts: Texts) -> None:
    """What to try first, said by Canal where a newcomer looks first."""
    from slack_sdk.web.async_client import AsyncWebClient

    title = texts("Welcome to Canal.")
    lines = [
        texts(
            "👋 *{title}* Mail to {address} becomes a thread in this channel, and what you answer "
            "in the thread goes back as mail. This is a demo: nothing leaves your machine.",
            title=title,
            address=ADDRESS,
        ),
        texts(
            "1. *Write as a customer* (on the left) and send a mail. Its ticket appears here.\n"
            "2. Open its thread and answer as Ana. For ten seconds you can take it back.\n"
            "3. Under *Mail* see what left, and answer it as the customer."
        ),
        texts("Rui is the admin: as Rui, type `/canal` here to see what can be set up."),
    ]
    client = AsyncWebClient(sandbox.bot_token, base_url=sandbox.api_url)
    await client.chat_postMessage(
        channel=sandbox.find_channel("support") or "",
        text=title,
        blocks=[section(line) for line in lines],
    )
