"""Filling in the connections of a channel, and trying them before they are saved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot.clock import SystemClock
from handlers.channels.channels import Channels
from handlers.channels.connection_settings import oauth_of
from handlers.channels.fields import ChannelFields, InvalidFields
from handlers.channels.setup import ChannelSetup
from handlers.errors import NotFound
from handlers.ports import MailConnection, Step
from mail.discovery.autodiscover import Discovered
from mail.discovery.providers import Endpoint, Security, find_provider
from storage.crypto import Vault
from storage.engine import open_database
from storage.startup import prepare


class FakeFinder:
    """Knows the big providers by their domains, and what a test adds."""

    def __init__(self) -> None:
        self.found: dict[str, Discovered] = {}
        self.asked: list[str] = []

    async def find(self, address: str) -> Discovered:
        self.asked.append(address)
        known = find_provider(address)
        if known is not None:
            user = known.user_for(address)
            return Discovered(known.imap, known.smtp, user, known, "preset")
        return self.found.get(address.rpartition("@")[2], Discovered(user=address))


class FakeProbe:
    def __init__(self) -> None:
        self.tried: list[MailConnection] = []
        self.answers: dict[str, Step] = {}

    async def probe(self, connection: MailConnection) -> Sequence[Step]:
        self.tried.append(connection)
        return [self.answers.get(connection.direction, Step(True, "Fine."))]


class Desk:
    def __init__(self, channels: Channels) -> None:
        self.channels = channels
        self.finder = FakeFinder()
        self.probe = FakeProbe()
        self.setup = ChannelSetup(channels, self.finder, self.probe)

    def fields(self, **values: Any) -> ChannelFields:
        given = {"name": "Support", "slack_channel_id": "C0123ABCD", "incoming": "imap", **values}
        return ChannelFields.from_flat(given)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'canal.db'}"
    db = open_database(url, Vault([Fernet.generate_key().decode()]))
    await prepare(db)
    clock = SystemClock()
    yield Desk(Channels(db, clock, team_id="T00000000", inbound_domain="in.acme.example"))
    await db.close()


@pytest.mark.parametrize(
    ("address", "imap", "smtp"),
    [
        ("a@list.ru", ("imap.mail.ru", 993), ("smtp.mail.ru", 465)),
        ("a@ya.ru", ("imap.yandex.com", 993), ("smtp.yandex.com", 465)),
        ("a@gmail.com", ("imap.gmail.com", 993), ("smtp.gmail.com", 465)),
        ("a@icloud.com", ("imap.mail.me.com", 993), ("smtp.mail.me.com", 587)),
    ],
)
async def test_a_known_address_fills_in_its_servers(
    desk: Desk, address: str, imap: tuple[str, int], smtp: tuple[str, int]
) -> None:
    fields = desk.fields(imap_user=address, imap_password="x", outgoing="smtp")
    resolved = await desk.setup.resolve(fields)
    incoming, outgoing = resolved.fields.incoming_settings, resolved.fields.outgoing_settings
    assert (incoming["host"], incoming["port"]) == imap
    assert (outgoing["host"], outgoing["port"]) == smtp
    assert resolved.fields.primary == address
    assert resolved.fields.outgoing_secret == {"password": "x"}
    told = " ".join(resolved.told)
    assert imap[0] in told
    assert smtp[0] in told
    assert "x" not in [word.strip(".,") for word in told.split()]


async def test_what_was_discovered_says_where_from(desk: Desk) -> None:
    desk.finder.found["acme.example"] = Discovered(
        Endpoint("mail.acme.example", 143, Security.STARTTLS), None, "jo", None, "srv"
    )
    resolved = await desk.setup.resolve(desk.fields(primary="jo@acme.example", imap_password="x"))
    assert resolved.told[0] == (
        "IMAP: mail.acme.example, port 143, STARTTLS (from the domain's SRV records)."
    )
    assert resolved.fields.incoming_settings["user"] == "jo"


async def test_servers_that_nobody_knows_are_asked_for(desk: Desk) -> None:
    fields = desk.fields(primary="jo@acme.example", imap_password="x", outgoing="smtp")
    with pytest.raises(InvalidFields) as caught:
        await desk.setup.resolve(fields)
    assert set(caught.value.problems) == {"imap_host", "smtp_host"}
    assert "imap.acme.example" in caught.value.problems["imap_host"]


@pytest.mark.parametrize(
    ("given", "port", "security"),
    [
        ({}, 993, "tls"),
        ({"imap_port": 143}, 143, "starttls"),
        ({"imap_security": "starttls"}, 143, "starttls"),
        ({"imap_security": "none"}, 143, "none"),
        ({"imap_port": 10993}, 10993, "tls"),
    ],
)
async def test_port_and_encryption_follow_from_each_other(
    desk: Desk, given: dict[str, Any], port: int, security: str
) -> None:
    fields = desk.fields(
        primary="jo@acme.example", imap_host="mail.acme.example", imap_password="x", **given
    )
    resolved = await desk.setup.resolve(fields)
    settings = resolved.fields.incoming_settings
    assert (settings["port"], settings["security"]) == (port, security)
    assert desk.finder.asked == []
    assert any("not encrypted" in one for one in resolved.told) is (security == "none")


async def test_without_a_password_the_provider_decides_what_is_wanted(desk: Desk) -> None:
    google = await desk.setup.resolve(desk.fields(primary="a@gmail.com", outgoing="smtp"))
    assert google.sign_in == ("in",)
    assert google.provider == "google"
    shared = oauth_of(google.fields.outgoing_settings)
    assert shared is not None
    assert shared.held_by == "in", "one sign-in serves both directions"
    with pytest.raises(InvalidFields) as caught:
        await desk.setup.resolve(desk.fields(primary="a@mail.ru"))
    assert set(caught.value.problems) == {"imap_password"}


async def test_office_365_wants_a_sign_in_for_graph(desk: Desk) -> None:
    resolved = await desk.setup.resolve(
        desk.fields(incoming="internal", primary="a@acme.example", outgoing="office365")
    )
    choice = oauth_of(resolved.fields.outgoing_settings)
    assert choice is not None
    assert (choice.provider, choice.use) == ("microsoft", "graph")
    assert resolved.sign_in == ("out",)
    assert await desk.setup.try_connections(resolved.fields) == {}
    assert desk.probe.tried == [], "there is nothing to try before the sign-in"


async def test_office_365_by_smtp_knows_its_server_and_wants_a_sign_in(desk: Desk) -> None:
    resolved = await desk.setup.resolve(
        desk.fields(
            incoming="internal",
            primary="a@acme.example",
            outgoing="office365",
            office365_via="smtp",
        )
    )
    settings = resolved.fields.outgoing_settings
    assert (settings["host"], settings["port"]) == ("smtp.office365.com", 587)
    choice = oauth_of(settings)
    assert choice is not None
    assert (choice.provider, choice.use) == ("microsoft", "mail")


async def test_a_failure_stands_at_its_field(desk: Desk) -> None:
    desk.probe.answers = {
        "in": Step(False, "In: refused", "imap_password", "mail.acme.example refused the login."),
        "out": Step(False, "Out: nobody", "smtp_port", "nobody listens."),
    }
    fields = desk.fields(
        primary="jo@acme.example", imap_host="mail.acme.example", imap_password="x",
        outgoing="smtp", smtp_host="mail.acme.example",
    )  # fmt: skip
    resolved = await desk.setup.resolve(fields)
    assert await desk.setup.try_connections(resolved.fields) == {
        "imap_password": "mail.acme.example refused the login.",
        "smtp_port": "nobody listens.",
    }


async def test_an_edit_tries_only_what_it_changes_with_the_password_that_is_kept(
    desk: Desk,
) -> None:
    fields = desk.fields(
        primary="jo@acme.example", imap_host="mail.acme.example", imap_password="x"
    )
    resolved = await desk.setup.resolve(fields)
    await desk.channels.add(resolved.fields)
    changed = await desk.setup.resolve(ChannelFields(from_name="Acme"), editing="Support")
    await desk.setup.try_connections(changed.fields, editing="Support")
    assert desk.probe.tried == []
    moved = await desk.setup.resolve(
        ChannelFields.from_flat({"imap_folder": "Help"}), editing="Support"
    )
    await desk.setup.try_connections(moved.fields, editing="Support")
    [tried] = desk.probe.tried
    assert tried.settings["folder"] == "Help"
    assert tried.settings["host"] == "mail.acme.example"
    assert tried.secret == {"password": "x"}
    await desk.channels.edit("Support", moved.fields)
    kept = await desk.channels.open_connection("Support", "in")
    assert kept.secret == {"password": "x"}


async def test_a_password_takes_the_place_of_a_sign_in(desk: Desk) -> None:
    resolved = await desk.setup.resolve(desk.fields(primary="a@gmail.com"))
    await desk.channels.add(resolved.fields)
    again = await desk.setup.resolve(
        ChannelFields.from_flat({"imap_password": "app"}), editing="Support"
    )
    await desk.channels.edit("Support", again.fields)
    kept = await desk.channels.open_connection("Support", "in")
    assert oauth_of(kept.settings) is None
    assert kept.secret == {"password": "app"}
    assert "app" not in repr(kept), "secrets do not show"
    assert "'app'" not in repr(again.fields)


async def test_a_channel_that_is_not_there_cannot_be_edited(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.setup.resolve(ChannelFields(name="X"), editing="Nobody")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"imap_host": "bad host"}, "imap_host"),
        ({"imap_host": "http://x"}, "imap_host"),
        ({"imap_port": 70000}, "imap_port"),
        ({"imap_security": "ssl"}, "imap_security"),
        ({"imap_password": "two\nlines"}, "imap_password"),
        ({"imap_password": ""}, "imap_password"),
        ({"poll_minutes": 0}, "poll_minutes"),
        ({"poll_minutes": 61}, "poll_minutes"),
        ({"import_days": -1}, "import_days"),
        ({"smtp_port": 0}, "smtp_port"),
        ({"office365_via": "carrier pigeon"}, "office365_via"),
    ],
)
async def test_a_value_that_cannot_be_used_is_told_at_its_field(
    desk: Desk, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidFields) as caught:
        await desk.setup.resolve(desk.fields(primary="a@gmail.com", **given))
    assert field in caught.value.problems
