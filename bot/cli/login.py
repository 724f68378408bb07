"""`canal channels login`: sign in to a mailbox with OAuth2, with or without a browser at hand."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import read_secret_file
from bot.cli.support import Offline, run_offline, say
from bot.problems import StartupError
from bot.wires.sign_in import PROVIDERS, REDIRECT, SignIns, WantedGrant
from handlers.channels.connection_settings import OAuthChoice
from mail.errors import DeviceCodeBlocked, MailError

if TYPE_CHECKING:
    from mail.oauth.tokens import TokenSet


@dataclass(frozen=True, slots=True)
class LoginOptions:
    asked: OAuthChoice
    way: str
    """device, browser, app or service."""
    secrets: dict[str, str] = field(repr=False)
    redirect_uri: str
    test: bool


def login(
    name: Annotated[str, typer.Argument(help="Name of the email channel.")],
    provider: Annotated[str, typer.Option(help="microsoft, google or yandex.")],
    device: Annotated[
        bool, typer.Option("--device", help="By a code entered on any device (Microsoft).")
    ] = False,
    paste: Annotated[
        bool,
        typer.Option("--paste", "--browser", help="By browser: paste the final address back."),
    ] = False,
    app_only: Annotated[
        bool, typer.Option("--app-only", help="As the app itself, without a person (Microsoft).")
    ] = False,
    service_account_file: Annotated[
        str | None, typer.Option(help="Key of a Google service account (JSON).")
    ] = None,
    client_id: Annotated[str | None, typer.Option(help="Else the one of the settings.")] = None,
    client_secret_file: Annotated[
        str | None, typer.Option(help="File with the client secret; - is standard input.")
    ] = None,
    client_secret_expires: Annotated[
        str | None, typer.Option(help="YYYY-MM-DD: Canal warns before it.")
    ] = None,
    certificate_file: Annotated[
        str | None, typer.Option(help="PEM, in the place of a client secret.")
    ] = None,
    private_key_file: Annotated[str | None, typer.Option(help="PEM, of the certificate.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Microsoft: tenant id or domain.")] = None,
    account: Annotated[
        str | None, typer.Option(help="Mailbox for --app-only and service accounts.")
    ] = None,
    redirect_uri: Annotated[str, typer.Option(help="As it is registered for the app.")] = REDIRECT,
    test: Annotated[bool, typer.Option("--test/--no-test", help="Try the connections.")] = True,
) -> None:
    """Sign in to the channel's mailbox with OAuth2 (Microsoft 365, Google, Yandex).

    Without a way chosen, Microsoft is asked for a device code and the others by browser.
    Exit status 1 when the sign-in is kept but a connection does not work yet.
    """
    if provider not in PROVIDERS:
        raise StartupError(f"--provider: “{provider}” is not one of {', '.join(PROVIDERS)}.")
    ways = {"device": device, "browser": paste, "app": app_only}
    way = _choose_way(ways, provider, service_account_file)
    asked = OAuthChoice(
        provider,
        mode=way if way in ("app", "service") else "user",
        client_id=client_id or "",
        tenant=tenant or "",
        account=account or "",
        secret_expires=_day(client_secret_expires),
    )
    secrets = {
        "client_secret": read_secret_file(client_secret_file) if client_secret_file else "",
        "service_account": _read(service_account_file),
        "certificate": _read(certificate_file),
        "private_key": _read(private_key_file or certificate_file),
    }
    options = LoginOptions(asked, way, secrets, redirect_uri, test)

    async def work(offline: Offline) -> bool:
        return await _login(offline, name, options)

    try:
        works = run_offline(work)
    except MailError as error:
        raise StartupError(str(error)) from error
    raise typer.Exit(0 if works else 1)


async def _login(offline: Offline, name: str, options: LoginOptions) -> bool:
    from bot.wires.wires import Wires

    wires = Wires(offline.settings, offline.context.db)
    sign_ins = SignIns(offline.channels, wires.grants, offline.context.clock)
    try:
        for wanted in await sign_ins.wanted(name, options.asked):
            tokens = await _sign_in(sign_ins, wanted, options)
            await sign_ins.save(wanted, options.secrets, tokens)
            say(f"Signed in{_as_whom(tokens)} for {wanted.purpose}.")
            if tokens.account and tokens.account.casefold() != wanted.mailbox.casefold():
                say(
                    f"⚠ The mailbox is {wanted.mailbox}: {tokens.account} must have access to it "
                    "(a shared mailbox), else sign in as the other one."
                )
        if not options.test:
            return True
        works = True
        for direction in ("in", "out"):
            connection = await offline.channels.open_connection(name, direction)
            if connection.kind == "internal":
                continue
            for step in await wires.probe.probe(connection):
                say(f"{'✔' if step.ok else '❌'} {step.sentence}")
                works = works and step.ok
        return works
    finally:
        await wires.close()


async def _sign_in(sign_ins: SignIns, wanted: WantedGrant, options: LoginOptions) -> TokenSet:
    if options.way in ("app", "service"):
        return await sign_ins.fetch_without_person(wanted, options.secrets)
    if options.way == "device":
        try:
            login = await sign_ins.start_device(wanted, options.secrets)
            say(f"For {wanted.purpose}: open {login.verification_uri} and enter {login.user_code}")
            say("Waiting…")
            return await sign_ins.wait_for_device(wanted, options.secrets, login)
        except DeviceCodeBlocked as error:
            say(str(error))
    begun = sign_ins.start_browser(wanted, options.secrets, options.redirect_uri)
    say(f"For {wanted.purpose}: open this address and sign in:\n{begun.url}")
    say("Then copy the whole address that the browser ends at (the page may be an error), here:")
    answer = sys.stdin.readline().strip()
    return await sign_ins.finish_browser(wanted, options.secrets, begun, answer)


def _choose_way(ways: dict[str, bool], provider: str, service_account: str | None) -> str:
    chosen = [way for way, is_chosen in ways.items() if is_chosen]
    if service_account:
        chosen.append("service")
    if len(chosen) > 1:
        raise StartupError("Choose one way to sign in.")
    if chosen == ["service"] and provider != "google":
        raise StartupError("--service-account-file is for --provider google.")
    if chosen == ["app"] and provider != "microsoft":
        raise StartupError("--app-only is for --provider microsoft.")
    return chosen[0] if chosen else "device" if provider == "microsoft" else "browser"


def _as_whom(tokens: TokenSet) -> str:
    return f" as {tokens.account}" if tokens.account else ""


def _day(text: str | None) -> str:
    if not text:
        return ""
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise StartupError("--client-secret-expires: write the day as 2027-03-31.") from error


def _read(path: str | None) -> str:
    if path is None:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise StartupError(f"{path} cannot be read: {reason}.") from error
