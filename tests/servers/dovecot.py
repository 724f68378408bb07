"""A real Dovecot (Debian's, 2.3) in a folder of its own, on free ports, with its own users.

Passwords from a file, TLS by trustme, OAuth2 through Dovecot's oauth2 passdb against a small local
token endpoint, quota, and with or without IDLE. Works as root and as an ordinary user.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs

import trustme

from mail.connections import ImapSettings
from mail.discovery.providers import Security
from tests.servers import require
from tests.servers.ports import free_port

PROGRAM = shutil.which("dovecot") or "/usr/sbin/dovecot"
START_SECONDS = 20

_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
auth_verbose = yes
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 0
first_valid_gid = 0
mail_max_userip_connections = 0
auth_failure_delay = 0
auth_mechanisms = plain login xoauth2 oauthbearer
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.pem
mail_location = maildir:~/Maildir
maildir_stat_dirs = no
mailbox_idle_check_interval = 1 secs
mail_plugins = quota
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  {chroot}
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
  process_min_avail = 1
  service_count = 0
  client_limit = 2000
}}
service imap {{
  process_limit = 1100
  client_limit = 1
}}
service stats {{
  {chroot}
  client_limit = 2500
}}
service auth {{
  client_limit = 4000
  inet_listener {{
    port = {auth_port}
  }}
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users/%u
  mechanisms = plain login
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = {sent}
    special_use = {sent_use}
  }}
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
}}
plugin {{
  quota = maildir:User quota
  quota_rule = *:storage={quota}
}}
protocol imap {{
  mail_plugins = quota imap_quota
  imap_idle_notify_interval = 29 mins
  {capability}
}}
"""

_OAUTH2 = """
introspection_mode = post
introspection_url = {url}
username_attribute = email
active_attribute = active
active_value = true
tokeninfo_url =
"""

NO_IDLE = (
    "imap_capability = IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE LITERAL+ UIDPLUS"
    " LIST-EXTENDED SPECIAL-USE NAMESPACE"
)


@dataclass
class TokenEndpoint:
    """The introspection endpoint (RFC 7662) that Dovecot asks whether a token is good."""

    tokens: dict[str, str] = field(default_factory=dict)
    """Token → address of its owner."""
    url: str = ""
    asked: int = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                endpoint.asked += 1
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                owner = endpoint.tokens.get(parse_qs(body).get("token", [""])[0])
                answer = {"active": owner is not None, "email": owner}
                data = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_address[1]}/introspect"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join(5)


class Dovecot:
    """A running server. Users are made with `add_user`, mails laid into folders with `deliver`."""

    def __init__(self, folder: Path, oauth: TokenEndpoint) -> None:
        self.folder = folder
        self.oauth = oauth
        self.host = "localhost"
        self.port = free_port()
        self.tls_port = free_port()
        self.auth_port = free_port()
        """Where a Postfix asks about passwords and tokens."""
        self.ca_file = str(folder / "ca.pem")
        self.process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)

    def add_user(self, user: str, password: str = "secret", quota: str = "") -> None:
        """A new mailbox. `quota` is such as "100K"."""
        home = self.folder / "mail" / user
        self._make(home)
        extra = f"userdb_quota_rule=*:storage={quota}" if quota else ""
        owner = "{}:{}".format(*_mail_owner())
        # A file each: Dovecot looks only once a second whether a file has changed.
        entry = f"{user}:{{PLAIN}}{password}:{owner}::{home}::{extra}\n"
        (self.folder / "users" / user).write_text(entry)

    def settings(self, user: str, **changes: object) -> ImapSettings:
        """Settings for `user` over TLS; `changes` are fields of ImapSettings."""
        values: dict[str, object] = {
            "host": self.host,
            "port": self.tls_port,
            "security": Security.TLS,
            "user": user,
            "password": "secret",
            "ca_file": self.ca_file,
            "timeout": 10.0,
        }
        return ImapSettings(**(values | changes))  # type: ignore[arg-type]

    def maildir(self, user: str, folder: str = "INBOX") -> Path:
        base = self.folder / "mail" / user / "Maildir"
        return base if folder == "INBOX" else base / f".{folder.replace('/', '.')}"

    def deliver(self, user: str, data: bytes, folder: str = "INBOX", *, seen: bool = False) -> Path:
        """Lay one mail into a folder, as a delivery agent does (tmp, then rename)."""
        target = self.maildir(user, folder)
        for part in ("tmp", "new", "cur"):
            self._make(target / part)
        name = f"{time.time():.6f}.{next(self._numbers)}.test"
        place = target / "cur" / f"{name}:2,S" if seen else target / "new" / name
        (target / "tmp" / name).write_bytes(data)
        (target / "tmp" / name).rename(place)
        return place

    def _make(self, path: Path) -> None:
        """A folder that belongs to whom Dovecot reads mail as, with what is above it."""
        if path.exists():
            return
        self._make(path.parent)
        path.mkdir()
        if os.getuid() == 0:
            os.chown(path, *_mail_owner())

    def renumber(self, user: str, folder: str = "INBOX") -> None:
        """Make the server forget its numbering, so that UIDVALIDITY changes."""
        for index in self.maildir(user, folder).glob("dovecot*"):
            index.unlink()

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill_sessions(self) -> None:
        """Cut every IMAP session without a word."""
        assert self.process is not None
        for pid in _children(self.process.pid):
            with_name = Path(f"/proc/{pid}/comm")
            if with_name.exists() and with_name.read_text().strip() == "imap":
                os.kill(pid, signal.SIGKILL)

    def start(self, *, idle: bool, quota: str, sent_special_use: bool) -> None:
        config = self.folder / "dovecot.conf"
        config.write_text(self._config(idle=idle, quota=quota, sent_special_use=sent_special_use))
        (self.folder / "oauth2.conf").write_text(_OAUTH2.format(url=self.oauth.url))
        with (self.folder / "stderr").open("wb") as stderr:
            self.process = subprocess.Popen(
                [PROGRAM, "-F", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=stderr
            )
        end = time.monotonic() + START_SECONDS
        while not (_listens(self.port) and _listens(self.tls_port)):
            if self.process.poll() is not None or time.monotonic() > end:
                said = (self.folder / "stderr").read_text() + self.log()
                self.stop()
                require(f"Dovecot did not start: {said[-800:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)

    def _config(self, *, idle: bool, quota: str, sent_special_use: bool) -> str:
        me = pwd.getpwuid(os.getuid())
        root = os.getuid() == 0
        return _CONFIG.format(
            folder=self.folder,
            port=self.port,
            tls_port=self.tls_port,
            auth_port=self.auth_port,
            internal="dovecot" if root else me.pw_name,
            internal_group="dovecot" if root else str(me.pw_gid),
            login="dovenull" if root else me.pw_name,
            chroot="" if root else "chroot =",
            quota=quota,
            sent="create" if sent_special_use else "no",
            sent_use="\\Sent" if sent_special_use else "",
            capability="" if idle else NO_IDLE,
        )


@contextmanager
def running_dovecot(
    *, idle: bool = True, quota: str = "0", sent_special_use: bool = True
) -> Iterator[Dovecot]:
    """A Dovecot for the time of the block; `require`s one."""
    if not Path(PROGRAM).exists():
        require("Dovecot is not installed (apt-get install dovecot-imapd)")
    # Its sockets live in this folder, and their paths must be short: not below tmp_path.
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    folder.chmod(0o755)
    oauth = TokenEndpoint()
    server = Dovecot(folder, oauth)
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    authority.cert_pem.write_to_path(server.ca_file)
    (folder / "users").mkdir()
    try:
        with oauth.running():
            server.start(idle=idle, quota=quota, sent_special_use=sent_special_use)
            try:
                yield server
            finally:
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _mail_owner() -> tuple[int, int]:
    """Dovecot reads no mail as root."""
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(entry.parent.name))
    return found
