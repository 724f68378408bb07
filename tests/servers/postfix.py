"""A real Postfix in a folder of its own: SASL, STARTTLS and TLS, SIZE, refusals by recipient.

With a `Dovecot` it checks passwords and tokens there and delivers into its mailboxes, so that a
mail goes the whole way: submitted, delivered, read by IMAP. Without one it takes mail for everybody
one folder, told apart by Delivered-To, and asks nobody for a password.

A recipient whose local part begins so is refused at RCPT: `reject550` and `reject552` for good,
`defer450` and `defer452` for now. Needs root, as Postfix does.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from tests.servers import require
from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_port

_PATH = "/usr/sbin:/usr/lib/postfix/sbin:" + os.environ.get("PATH", "")
START_SECONDS = 20
HOST = "127.0.0.1"

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = postfix.test
mydestination =
mynetworks = {networks}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
message_size_limit = {size_limit}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_domains = regexp:{folder}/etc/domains
virtual_mailbox_maps = {mailboxes}
virtual_mailbox_base = {base}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_tls_cert_file = {folder}/server.pem
smtpd_tls_key_file = {folder}/server.pem
smtpd_tls_security_level = may
smtpd_tls_auth_only = {tls_auth_only}
smtpd_sasl_auth_enable = {sasl}
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth_port}
smtpd_relay_restrictions = {relay}
smtpd_recipient_restrictions = check_recipient_access regexp:{folder}/etc/recipients, {relay}
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
virtual unix - n n - - virtual
smtp unix - - n - - smtp
retry unix - - n - - error
error unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
_RECIPIENTS = """
/^reject550/ 550 5.1.1 No such user here
/^reject552/ 552 5.2.2 Mailbox is full
/^defer450/ 450 4.7.1 Greylisted, try again in five minutes
/^defer452/ 452 4.5.3 Too many recipients
"""


class Postfix:
    """A running server. `ca_file` vouches for its certificate (localhost, 127.0.0.1)."""

    def __init__(self, folder: Path, dovecot: Dovecot | None) -> None:
        self.folder = folder
        self.dovecot = dovecot
        self.host = HOST
        self.port = free_port()
        self.tls_port = free_port()
        self.ca_file = str(folder / "ca.pem")
        self.mail = (dovecot.folder if dovecot else folder) / "mail"

    def mails(self, address: str) -> list[bytes]:
        """What was delivered to an address and has not been read, oldest first."""
        new = self.mail / (address if self.dovecot else "all") / "Maildir" / "new"
        mails = [path.read_bytes() for path in sorted(new.glob("*"))]
        return [one for one in mails if f"\nDelivered-To: {address}\n".encode() in one]

    def wait_for_mails(self, address: str, count: int = 1, seconds: float = 20) -> list[bytes]:
        """The mails of an address once there are so many. Raises AssertionError after a while."""
        end = time.monotonic() + seconds
        while len(found := self.mails(address)) < count:
            assert time.monotonic() < end, f"{len(found)} of {count} mails\n{self.log()[-2000:]}"
            time.sleep(0.02)
        return found

    def log(self) -> str:
        path = self.folder / "maillog"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self, *, size_limit: int, tls_auth_only: bool) -> None:
        config = self.folder / "etc"
        for name in (config, self.folder / "spool", self.folder / "data"):
            name.mkdir()
        shutil.chown(self.folder / "data", "postfix")
        (config / "main.cf").write_text(self._main(size_limit, tls_auth_only))
        (config / "master.cf").write_text(_MASTER.format(port=self.port, tls_port=self.tls_port))
        (config / "recipients").write_text(_RECIPIENTS)
        (config / "domains").write_text("/./ yes\n")
        self._postfix("start")
        end = time.monotonic() + START_SECONDS
        while not _greets(self.port):
            if time.monotonic() > end:
                self.stop()
                require(f"Postfix did not start: {self.log()[-800:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        self._postfix("stop", check=False)

    def _postfix(self, action: str, *, check: bool = True) -> None:
        program = shutil.which("postfix", path=_PATH) or "postfix"
        done = subprocess.run(
            [program, "-c", str(self.folder / "etc"), action],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": _PATH, "MAIL_CONFIG": str(self.folder / "etc")},
        )
        if check and done.returncode:
            require(f"Postfix did not {action}: {done.stderr[-800:]}{self.log()[-800:]}")

    def _main(self, size_limit: int, tls_auth_only: bool) -> str:
        owner = pwd.getpwnam("nobody")
        if self.dovecot:
            # Only users who exist have a home that mail can be laid into.
            mailboxes = f"texthash:{self.folder}/etc/users"
            names = sorted(path.name for path in self.mail.glob("*"))
            lines = "".join(f"{name} {name}/Maildir/\n" for name in names)
            (self.folder / "etc" / "users").write_text(lines)
        else:
            mailboxes = "static:all/Maildir/"
            self.mail.mkdir()
            os.chown(self.mail, owner.pw_uid, owner.pw_gid)
        allowed = "permit_sasl_authenticated" if self.dovecot else "permit_mynetworks"
        return _MAIN.format(
            folder=self.folder,
            base=self.mail,
            mailboxes=mailboxes,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            size_limit=size_limit,
            sasl="yes" if self.dovecot else "no",
            auth_port=self.dovecot.auth_port if self.dovecot else 9,
            tls_auth_only="yes" if tls_auth_only else "no",
            networks="" if self.dovecot else "127.0.0.0/8",
            relay=f"{allowed}, reject",
        )


@contextmanager
def running_postfix(
    dovecot: Dovecot | None = None, *, size_limit: int = 1_000_000, tls_auth_only: bool = True
) -> Iterator[Postfix]:
    """A Postfix for the time of the block; `require`s one. Users of `dovecot` come first."""
    if shutil.which("postfix", path=_PATH) is None:
        require("Postfix is not installed (apt-get install postfix)")
    if os.geteuid() != 0:
        require("Postfix can only be started by root")
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    folder.chmod(0o755)
    server = Postfix(folder, dovecot)
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", HOST)
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    authority.cert_pem.write_to_path(server.ca_file)
    try:
        server.start(size_limit=size_limit, tls_auth_only=tls_auth_only)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _greets(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), 1) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False
