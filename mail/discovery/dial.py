"""Open a TCP or TLS connection in bounded time, with a sentence for everything that can go wrong.

Blocking; for worker threads. `socket.create_connection` tries each address of a host with the full
time-out, so that a host with four dead addresses takes four times as long: here one budget is
shared.
"""

from __future__ import annotations

import socket
import ssl
import time
from functools import lru_cache

from mail.discovery.untrusted import why_untrusted
from mail.errors import (
    ConnectFailed,
    ConnectionCut,
    ConnectTimeout,
    HostUnknown,
    PortRefused,
    ProtocolBroken,
    ServerSilent,
    TlsFailed,
)
from mail.sentences import say


@lru_cache(maxsize=16)
def tls_context(verify: bool = True, ca_file: str | None = None) -> ssl.SSLContext:
    """A client context: shared, because each one costs half a megabyte of certificates."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def dial(host: str, port: int, deadline: float) -> socket.socket:
    """A connected socket with TCP_NODELAY. `deadline` is a `time.monotonic()` value.

    Raises HostUnknown, PortRefused, ConnectTimeout or ConnectFailed.
    """
    targets = _resolve(host, port)
    failures: list[OSError] = []
    for left, (family, kind, protocol, address) in zip(
        range(len(targets), 0, -1), targets, strict=True
    ):
        budget = (deadline - time.monotonic()) / left
        if budget <= 0:
            break
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(budget)
            sock.connect(address)
            # imapclient sends a command and its CRLF in two packets: 40 ms stalls with Nagle.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except OSError as error:
            sock.close()
            failures.append(error)
        else:
            return sock
    raise _connect_error(host, port, failures)


def secure(
    sock: socket.socket, context: ssl.SSLContext, host: str, port: int, deadline: float
) -> ssl.SSLSocket:
    """`sock` with TLS around it; closed when that fails. Raises TlsFailed, ServerSilent, …"""
    try:
        sock.settimeout(max(0.1, deadline - time.monotonic()))
        return context.wrap_socket(sock, server_hostname=host)
    except (OSError, ValueError) as error:
        sock.close()
        raise _tls_error(host, port, error) from error


def _resolve(
    host: str, port: int
) -> list[tuple[socket.AddressFamily, socket.SocketKind, int, tuple[object, ...]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError, ValueError, OverflowError) as error:
        temporary = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        if temporary:
            raise HostUnknown(
                say(
                    "The name {host} could not be looked up: the name server does not answer, or "
                    "there is no such host. Check the host name.",
                    host=host,
                )
            ) from error
        raise HostUnknown(
            say("There is no host {host}. Check the host name for a typing mistake.", host=host)
        ) from error
    return [(family, kind, protocol, address) for family, kind, protocol, _, address in found]


def _connect_error(host: str, port: int, failures: list[OSError]) -> ConnectFailed:
    if any(isinstance(error, ConnectionRefusedError) for error in failures):
        return PortRefused(
            say(
                "{host} does not accept connections on port {port}. Check the port and the "
                "encryption that goes with it.",
                host=host,
                port=port,
            )
        )
    if not failures or any(isinstance(error, TimeoutError) for error in failures):
        return ConnectTimeout(
            say(
                "{host} did not answer on port {port}. Check host and port; a firewall between "
                "Canal and the server may also be in the way.",
                host=host,
                port=port,
            )
        )
    reason = failures[0].strerror or type(failures[0]).__name__
    return ConnectFailed(
        say(
            "{host}, port {port}, could not be reached: {reason}.",
            host=host,
            port=port,
            reason=reason,
        )
    )


_NOT_TLS = {
    "WRONG_VERSION_NUMBER",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
    "HTTP_REQUEST",
    "UNKNOWN_PROTOCOL",
}


def _tls_error(host: str, port: int, error: OSError | ValueError) -> Exception:
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsFailed(
            say(
                "The certificate of {host} cannot be trusted: {why}. Check the host "
                "name, or have the certificate of the server put right.",
                host=host,
                why=why_untrusted(error),
            )
        )
    if isinstance(error, TimeoutError):
        return ServerSilent(
            say(
                "{host} accepted the connection on port {port} but then said nothing. Check that "
                "port and encryption belong together.",
                host=host,
                port=port,
            )
        )
    if isinstance(error, ssl.SSLError) and error.reason in _NOT_TLS:
        return ProtocolBroken(
            say(
                "{host} does not speak TLS on port {port}. Choose STARTTLS for this port, or the "
                "port that is meant for TLS.",
                host=host,
                port=port,
            )
        )
    return _broken_off(host, port, error)


def _broken_off(host: str, port: int, error: OSError | ValueError) -> Exception:
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        reason = (error.reason or "handshake failed").replace("_", " ").lower()
        return TlsFailed(
            say(
                "No encrypted connection to {host}, port {port}: {reason}.",
                host=host,
                port=port,
                reason=reason,
            )
        )
    return ConnectionCut(
        say(
            "{host} closed the connection on port {port} while encryption was being set up. "
            "Check that port and encryption belong together.",
            host=host,
            port=port,
        )
    )
