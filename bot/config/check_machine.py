"""What `canal check` looks at on this machine: folders, key, ports, certificate."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import socket
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.config.problem import Check, Problem, error, warning
from bot.config.secret_key import KEY_FILE, find_secret_keys
from bot.config.settings import DATABASE_FILE, Settings
from bot.config.types import ListenAddress
from bot.problems import StartupError, folder_not_writable, port_in_use
from bot.wires.certificates import load_smtp_tls

LITTLE_SPACE = 500 * 1024 * 1024
CERTIFICATE_DAYS = 14


def machine_checks(settings: Settings) -> list[Check]:
    """Everything that can be looked at without the network."""

    async def data_folder() -> list[Problem]:
        return await asyncio.to_thread(find_folder_problems, settings.data_dir)

    async def key() -> list[Problem]:
        return await asyncio.to_thread(find_key_problems, settings)

    async def ports() -> list[Problem]:
        return await find_port_problems(settings)

    async def certificate() -> list[Problem]:
        return await asyncio.to_thread(find_certificate_problems, settings)

    return [
        Check("the data folder", data_folder, frozenset({"CANAL_DATA_DIR"})),
        Check(
            "the secret key",
            key,
            frozenset({"CANAL_DATA_DIR", "CANAL_SECRET_KEY", "CANAL_SECRET_KEY_FILE"}),
        ),
        Check("the ports", ports, frozenset({"CANAL_SMTP_LISTEN", "CANAL_HTTP_LISTEN"})),
        Check(
            "the certificate", certificate, frozenset({"CANAL_SMTP_TLS_CERT", "CANAL_SMTP_TLS_KEY"})
        ),
    ]


def find_folder_problems(folder: Path) -> list[Problem]:
    """Whether the data folder can be written to, or made; and whether its disk has room."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        problem = folder_not_writable(folder, NotADirectoryError(errno.ENOTDIR, "not a folder"))
        return [error(str(problem))]
    if not os.access(there, os.W_OK | os.X_OK):
        problem = folder_not_writable(folder, PermissionError(errno.EACCES, "permission denied"))
        return [error(str(problem))]
    free = shutil.disk_usage(there).free
    if free < LITTLE_SPACE:
        return [warning(f"The disk of {folder} has only {free // 2**20} MB left.")]
    return []


def find_key_problems(settings: Settings) -> list[Problem]:
    """Whether the key can be read; a missing one is made at the start, unless it was lost."""
    keys = find_secret_keys(settings)
    path = settings.data_dir / KEY_FILE
    if settings.secret_key is not None or settings.secret_key_file is not None:
        return []
    if keys is None:
        return _key_is_missing(settings, path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return [warning(f"Other users of this machine can read the key: chmod 600 {path}")]
    return []


def _key_is_missing(settings: Settings, path: Path) -> list[Problem]:
    database = settings.data_dir / DATABASE_FILE
    if settings.database is None and database.exists():
        return [
            error(
                f"The database {database} is there but its key {path} is not: put it back from "
                f"your backup, or set CANAL_SECRET_KEY."
            )
        ]
    return []


async def find_port_problems(settings: Settings) -> list[Problem]:
    """Whether both servers could listen now. A Canal that runs already is no error."""
    smtp, http = settings.smtp_listen, settings.http_listen
    if (
        smtp.port
        and smtp.port == http.port
        and (smtp.host == http.host or "" in {smtp.host, http.host})
    ):
        return [
            error(f"CANAL_SMTP_LISTEN and CANAL_HTTP_LISTEN are both {smtp}: choose two ports.")
        ]
    problems: list[Problem] = []
    for variable, address in (("CANAL_SMTP_LISTEN", smtp), ("CANAL_HTTP_LISTEN", http)):
        try:
            await _try_to_listen(variable, address)
        except StartupError as wrong:
            problems.append(error(str(wrong)))
    if problems and await _canal_answers(http):
        return [warning("Canal runs already, so that its ports could not be tried.")]
    return problems


async def _try_to_listen(variable: str, address: ListenAddress) -> None:
    """Listens for a moment, exactly as the servers do. Raises StartupError."""
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(asyncio.Protocol, address.host or None, address.port)
    except socket.gaierror:
        raise StartupError(
            f"{variable} names the host {address.host}, which is not known."
        ) from None
    except OSError as failed:
        raise _cannot_listen(variable, address, failed) from failed
    server.close()
    await server.wait_closed()


def _cannot_listen(variable: str, address: ListenAddress, failed: OSError) -> StartupError:
    match failed.errno:
        case errno.EADDRINUSE:
            return port_in_use(variable, address)
        case errno.EADDRNOTAVAIL:
            return StartupError(f"{variable} is {address}, but this machine has no such address.")
        case errno.EACCES | errno.EPERM:
            return StartupError(
                f"{variable} is {address}, but this user may not listen on a port below 1024: "
                f"choose a higher one, or give Canal the capability CAP_NET_BIND_SERVICE."
            )
    return StartupError(f"Nothing can listen on {address} ({variable}): {failed.strerror}.")


async def _canal_answers(address: ListenAddress) -> bool:
    """Whether it is Canal that has the port."""
    import aiohttp

    host = ListenAddress(address.host or "127.0.0.1", address.port)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session,
            session.get(f"http://{host}/healthz") as answer,
        ):
            return answer.headers.get("Server") == "Canal"
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


def find_certificate_problems(settings: Settings) -> list[Problem]:
    """Whether the SMTP server's certificate and key can be used, and for how long."""
    cert, key = settings.smtp_tls_cert, settings.smtp_tls_key
    if cert is None or key is None:
        return []
    load_smtp_tls(cert, key)
    return _find_expiry_problems(cert)


def _find_expiry_problems(cert: Path) -> list[Problem]:
    from cryptography import x509

    try:
        ends = x509.load_pem_x509_certificate(cert.read_bytes()).not_valid_after_utc
    except ValueError:
        return []  # OpenSSL took it above; its dates are not worth a failure
    left = ends - datetime.now(UTC)
    if left < timedelta():
        return [error(f"The certificate {cert} has expired on {ends:%Y-%m-%d}: renew it.")]
    if left < timedelta(days=CERTIFICATE_DAYS):
        return [warning(f"The certificate {cert} expires on {ends:%Y-%m-%d}: renew it.")]
    return []
