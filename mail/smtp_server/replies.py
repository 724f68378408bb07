"""Every answer of our SMTP server, by name.

A reply has a basic code (RFC 5321), an enhanced code (RFC 3463, whose first digit must agree with
the basic one: a 550 with 4.7.0 bounces a mail whose text asks to try again) and a short English
sentence. Metrics count refusals by the name.

aiosmtpd answers in sentences of its own, most of them without an enhanced code. `name_reply` turns
them into ours, so that ENHANCEDSTATUSCODES (RFC 2034) is announced truthfully.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mail.errors import MailError


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `wire` is the line as it is sent, CRLF included."""

    name: str
    code: int
    enhanced: str
    text: str
    wire: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "wire", f"{self}\r\n".encode("ascii"))

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)

    @property
    def is_success(self) -> bool:
        return self.code < 400

    @property
    def is_temporary(self) -> bool:
        return 400 <= self.code < 500


class MailRefused(MailError):  # noqa: N818 - it names the case
    """The mail is refused: raised by whoever takes a mail, to give the client a reply of its own.

    Takes the 4xx or 5xx `Reply` that the client shall get.
    """

    def __init__(self, reply: Reply) -> None:
        if reply.is_success:
            raise ValueError(f"{reply.name} is not a refusal")
        super().__init__(str(reply))
        self.reply = reply


# What a recipient check may answer.
RCPT_OK = Reply("rcpt_ok", 250, "2.1.5", "Recipient OK")
UNKNOWN_RECIPIENT = Reply("unknown_recipient", 550, "5.1.1", "No such address here")
RECIPIENT_PAUSED = Reply("recipient_paused", 450, "4.2.1", "Address paused, try again later")
RECIPIENT_CLOSED = Reply("recipient_closed", 550, "5.2.1", "Address closed, takes no mail")
RECIPIENT_CHECK_FAILED = Reply("recipient_check_failed", 451, "4.3.0", "Try again later")

# What a delivery may answer.
ACCEPTED = Reply("accepted", 250, "2.0.0", "Mail stored")
TRY_LATER = Reply("try_later", 451, "4.3.0", "Mail not stored, try again later")
STORE_FULL = Reply("store_full", 452, "4.3.1", "Out of storage, try again later")
TOO_BUSY = Reply("too_busy", 452, "4.3.1", "Too much mail at once, try again later")
TOO_LARGE = Reply("too_large", 552, "5.3.4", "Mail too large")
HEADER_TOO_LARGE = Reply("header_too_large", 552, "5.3.4", "Mail header too large")
LINE_TOO_LONG = Reply("line_too_long", 500, "5.5.2", "Line too long")
MAIL_LOOP = Reply("mail_loop", 554, "5.4.6", "Too many hops, mail loop")
BLOCKED = Reply("blocked", 554, "5.7.1", "Mail refused by policy")

# The dialogue.
OK = Reply("ok", 250, "2.0.0", "OK")
SENDER_OK = Reply("sender_ok", 250, "2.1.0", "Sender OK")
START_MAIL = Reply("start_mail", 354, "", "End data with <CR><LF>.<CR><LF>")
BYE = Reply("bye", 221, "2.0.0", "Bye")
HELP = Reply("help", 214, "2.0.0", "See RFC 5321")
READY_FOR_TLS = Reply("ready_for_tls", 220, "2.0.0", "Ready to start TLS")
CANNOT_VERIFY = Reply("cannot_verify", 252, "2.5.0", "Cannot verify, send the mail to find out")
NO_TLS = Reply("no_tls", 502, "5.5.1", "TLS not available")
TLS_TWICE = Reply("tls_twice", 503, "5.5.1", "TLS is on already")
TLS_PIPELINED = Reply("tls_pipelined", 503, "5.5.1", "Nothing may follow STARTTLS in clear")
BAD_SYNTAX = Reply("bad_syntax", 500, "5.5.2", "Syntax error")
COMMAND_TOO_LONG = Reply("command_too_long", 500, "5.5.2", "Command line too long")
UNKNOWN_COMMAND = Reply("unknown_command", 500, "5.5.1", "Command not recognized")
NOT_IMPLEMENTED = Reply("not_implemented", 502, "5.5.1", "Command not implemented")
NOT_SMTP = Reply("not_smtp", 421, "4.7.0", "This is a mail server, goodbye")
BAD_ARGUMENT = Reply("bad_argument", 501, "5.5.4", "Syntax error in arguments")
NO_ARGUMENT = Reply("no_argument", 501, "5.5.4", "This command takes no argument")
HELO_SYNTAX = Reply("helo_syntax", 501, "5.5.4", "Syntax: HELO or EHLO hostname")
MAIL_SYNTAX = Reply("mail_syntax", 501, "5.5.4", "Syntax: MAIL FROM:<address>")
RCPT_SYNTAX = Reply("rcpt_syntax", 501, "5.5.4", "Syntax: RCPT TO:<address>")
BAD_SENDER = Reply("bad_sender", 553, "5.1.7", "Malformed sender address")
BAD_RECIPIENT = Reply("bad_recipient", 553, "5.1.3", "Malformed recipient address")
BAD_BODY = Reply("bad_body", 501, "5.5.4", "BODY is 7BIT or 8BITMIME")
BAD_SMTPUTF8 = Reply("bad_smtputf8", 501, "5.5.4", "SMTPUTF8 takes no value")
UNKNOWN_PARAMETER = Reply("unknown_parameter", 555, "5.5.4", "Parameter not recognized")
HELO_FIRST = Reply("helo_first", 503, "5.5.1", "Send HELO or EHLO first")
NESTED_MAIL = Reply("nested_mail", 503, "5.5.1", "Sender given already")
MAIL_FIRST = Reply("mail_first", 503, "5.5.1", "Send MAIL first")
RCPT_FIRST = Reply("rcpt_first", 503, "5.5.1", "No valid recipient given")
TOO_MANY_RECIPIENTS = Reply("too_many_recipients", 452, "4.5.3", "Too many recipients")

# Why a connection ends.
TOO_MANY_CONNECTIONS = Reply("too_many_connections", 421, "4.7.0", "Too many connections")
TOO_MANY_ERRORS = Reply("too_many_errors", 421, "4.7.0", "Too many errors, goodbye")
TIMED_OUT = Reply("timed_out", 421, "4.4.2", "Timed out, goodbye")
SHUTTING_DOWN = Reply("shutting_down", 421, "4.3.2", "Shutting down, try again later")

NAMED: Mapping[str, Reply] = {
    reply.name: reply for reply in list(globals().values()) if isinstance(reply, Reply)
}
"""All of the above by name."""

STOCK: Mapping[str, Reply] = {
    "250 OK": OK,
    "221 Bye": BYE,
    "354 End data with <CR><LF>.<CR><LF>": START_MAIL,
    "220 Ready to start TLS": READY_FOR_TLS,
    "454 TLS not available": NO_TLS,
    "501 Syntax: STARTTLS": NO_ARGUMENT,
    "501 Syntax: QUIT": NO_ARGUMENT,
    "501 Syntax: RSET": NO_ARGUMENT,
    "501 Syntax: DATA": NO_ARGUMENT,
    "503 Error: send HELO first": HELO_FIRST,
    "501 Syntax: MAIL FROM: <address>": MAIL_SYNTAX,
    "501 Syntax: MAIL FROM: <address> [SP <mail-parameters>]": MAIL_SYNTAX,
    "501 Syntax: RCPT TO: <address>": RCPT_SYNTAX,
    "501 Syntax: RCPT TO: <address> [SP <mail-parameters>]": RCPT_SYNTAX,
    "553 5.1.3 Error: malformed address": BAD_RECIPIENT,
    "503 Error: nested MAIL command": NESTED_MAIL,
    "503 Error: need MAIL command": MAIL_FIRST,
    "503 Error: need RCPT command": RCPT_FIRST,
    "501 Error: BODY can only be one of 7BIT, 8BITMIME": BAD_BODY,
    "501 Error: SMTPUTF8 takes no arguments": BAD_SMTPUTF8,
    "501 Error: SMTPUTF8 disabled": UNKNOWN_PARAMETER,
    "552 Error: message size exceeds fixed maximum message size": TOO_LARGE,
    "555 MAIL FROM parameters not recognized or not implemented": UNKNOWN_PARAMETER,
    "555 RCPT TO parameters not recognized or not implemented": UNKNOWN_PARAMETER,
    "500 Line too long (see RFC5321 4.5.3.1.6)": LINE_TOO_LONG,
    "552 Error: Too much mail data": TOO_LARGE,
}
"""What aiosmtpd 1.4.6 says, and what we say instead."""

_CODE = re.compile(r"([2-5])\d\d(?=[ -]|\Z)")


def name_reply(line: str) -> Reply:
    """Our reply for a line of aiosmtpd's; one that we do not know keeps its code, not its text.

    (A text that we have not read might repeat what the client sent.)
    """
    known = STOCK.get(line)
    if known is not None:
        return known
    code = _CODE.match(line)
    if code is None:
        return TRY_LATER
    text = "OK" if code[1] in "23" else "Not possible"
    return Reply(f"other_{code[0]}", int(code[0]), "" if code[1] == "3" else f"{code[1]}.0.0", text)
