"""Bounces of many makes that follow no standard, with and without a null return path."""

from __future__ import annotations

# ruff: noqa: E501 - a mail is one line here
import pytest

from mail.model import MailKind
from mail.reading.parse import parse_mail

ORIGINAL = (
    "Return-Path: <help@desk.example>\nReceived: from a by b\nMessage-ID: <o@desk.example>\n"
    "From: help@desk.example\nTo: jo@customer.example\nSubject: hi\n\nhello\n"
)
MAKES: list[tuple[str, str, str, str, str]] = [
    (
        "smtpd",
        "Mailer Daemon <MAILER-DAEMON@x.example>",
        "Delivery status notification: error",
        "    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\njo@customer.example: 550 5.2.2 <jo@customer.example>: Mailbox Full\n\n    Below is a copy of the original message:\n\n"
        + ORIGINAL,
        "5.2.2",
    ),
    (
        "james",
        "Mail Delivery System <postmaster@x.example>",
        "[BOUNCE]",
        "This message was unable to be delivered. Error message below:\n550 - Requested action not taken: no such user here\n\nMessage details:\n  Subject: hi\n  Sent date: Thu Apr 29 01:20:50 JST 2015\n  MAIL FROM: help@desk.example\n  RCPT TO: jo@customer.example\n  From: help@desk.example\n  To: jo@customer.example\n  Size (in bytes): 1024\n",
        "5.1.1",
    ),
    (
        "mfilter",
        "DELIVERY SYSTEM <postmaster@x.example>",
        "failure notice",
        "-------server message \n550 5.1.1 unknown user <jo@customer.example>\n\n-------SMTP command \nDATA\n\n-------original message \n"
        + ORIGINAL,
        "5.1.1",
    ),
    (
        "mcafee",
        "User unknown <postmaster@x.example>",
        "Delivery Status",
        "   --- The following addresses had delivery problems ---\n\n<jo@customer.example>   (User unknown jo@customer.example)\n",
        "5.1.1",
    ),
    (
        "marshal",
        "postmaster@x.example",
        'Undeliverable Mail: "hi"',
        "Your message:\n   From:    help@desk.example\n   Subject: hi\n\nCould not be delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected: \n    jo@customer.example\n\nAdditional Information",
        "5.1.1",
    ),
    (
        "kddi",
        "no-reply@app.auone-net.example",
        "Mail Undelivered",
        "Your mail sent on: Thu, 29 Apr 2010 11:04:47 +0900 \n     Could not be delivered to: <jo@customer.example>\n     As their mailbox is full.\n",
        "5.2.2",
    ),
    (
        "biglobe",
        "Mail Delivery Subsystem <postmaster@biglobe.example>",
        "Returned mail:",
        "   ----- The following addresses had delivery problems -----\njo@customer.example\n\n   ----- Non-delivered information -----\nThe number of messages in recipient's mailbox exceeded the local limit.\n",
        "5.2.2",
    ),
    (
        "surfcontrol",
        "DeliveryManager@x.example",
        "Message could not be sent",
        "Your message could not be sent.\n\nMessage envelope:\nRecipients: jo@customer.example\n\nReason: 550 5.7.1 relaying denied\n",
        "5.7.1",
    ),
    (
        "x1",
        "Postmaster@x.example",
        "Undelivered mail",
        "The original message was received at Thu, 29 Apr 2010 23:34:45 +0900\nfrom desk.example\n\n----- The following addresses had permanent fatal errors -----\njo@customer.example\n     unknown user\n",
        "5.1.1",
    ),
    (
        "x2",
        "MAILER-DAEMON@x.example",
        "Delivery failure",
        "Message from x.example.\nUnable to deliver message to the following address(es).\n\n<jo@customer.example>:\nRemote host said: 550 5.1.1 no mailbox\n\n--- Original message follows.\n\n"
        + ORIGINAL,
        "5.1.1",
    ),
    (
        "x3",
        "Mail Delivery System <MAILER-DAEMON@x.example>",
        "Delivery status notification",
        "  ============================================================================\n  This is an automatically generated Delivery Status Notification.\n\n  Delivery to the following recipients failed permanently:\n\n    * jo@customer.example\n\n  Reason: 550 no such user\n",
        "5.1.1",
    ),
    (
        "barracuda",
        "Barracuda <barracuda@x.example>",
        "**Message you sent blocked by our bulk email filter**",
        "Your message to: jo@customer.example\nwas blocked by our Spam Firewall. The email you sent with the following subject has NOT BEEN DELIVERED:\n\nSubject: hi\n",
        "5.7.1",
    ),
    (
        "imail",
        "Postmaster@x.example",
        "Undeliverable Mail",
        "Body of message generated response:\n550 5.7.1 jo@customer.example... spam\n\nOriginal message follows.\n\n"
        + ORIGINAL,
        "5.7.1",
    ),
    (
        "surgemail",
        "postmaster@x.example",
        "Delivery Failure",
        "Your message cannot be delivered to the following recipients:\n\n  Recipient address: jo@customer.example\n  Reason: Mailbox over quota\n",
        "5.2.2",
    ),
    (
        "symantec",
        "postmaster@x.example",
        "Undeliverable mail",
        "Your message was not delivered to the recipients below.\nReason: unknown recipient\n\nTo: <jo@customer.example>\n",
        "5.1.1",
    ),
    (
        "oldaol",
        "MAILER-DAEMON@aol.example",
        "Returned mail: User unknown",
        'The original message was received at Mon\n\n*** ATTENTION ***\n\nYour e-mail is being returned to you because there was a problem with its\ndelivery.  The address which was undeliverable is listed in the section\nlabeled: "----- The following addresses had permanent fatal errors -----".\n\n   ----- The following addresses had permanent fatal errors -----\n<jo@customer.example>\n\n   ----- Transcript of session follows -----\n... while talking to air-xa02.mail.aol.example.:\n>>> RCPT To:<jo@customer.example>\n<<< 550 MAILBOX NOT FOUND\n550 <jo@customer.example>... User unknown\n',
        "5.1.1",
    ),
    (
        "exchange2003",
        "System Administrator <administrator@x.example>",
        "Undeliverable: hi",
        "Your message did not reach some or all of the intended recipients.\n\n      Subject:\thi\n      Sent:\t4/29/2010 10:00 AM\n\nThe following recipient(s) could not be reached:\n\n      jo@customer.example on 4/29/2010 10:00 AM\n            The e-mail account does not exist at the organization this message was sent to.  Check the e-mail address, or contact the recipient directly to find out the correct address.\n            <x.example #5.1.1>\n",
        "5.1.1",
    ),
    (
        "gmx",
        "GMX Mailer Daemon <mailer-daemon@gmx.example>",
        "Mail delivery failed: returning message to sender",
        'This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\n"jo@customer.example":\nSMTP error from remote server after RCPT command:\nhost: mx\n5.1.1 <jo@customer.example> User is unknown {mx-x}\n\n--- The header of the original message is following. ---\n\n'
        + ORIGINAL,
        "5.1.1",
    ),
    (
        "groups",
        "postmaster@x.example",
        "Delivery notification: failed",
        "Sorry, we could not deliver.\n\n[jo@customer.example]\nGroup closed for outsiders: not allowed to post\n",
        "5.7.1",
    ),
    (
        "smtpexpired",
        "Mail Delivery System <MAILER-DAEMON@x.example>",
        "Undelivered Mail Returned to Sender",
        "<jo@customer.example>: connect to mx.customer.example[192.0.2.1]:25: Connection timed out\n",
        "4.4.1",
    ),
    (
        "polish",
        "Mail Delivery System <mailer-daemon@poczta.example>",
        "Zwrot: wiadomość niedostarczona",
        "Wiadomość nie została dostarczona do:\n\n<jo@customer.example>\n\nSkrzynka odbiorcy jest przepełniona.\n",
        "5.2.2",
    ),
    (
        "korean",
        "postmaster@mail.example",
        "메일이 반송되었습니다",
        "다음 수신자에게 메일을 보내지 못했습니다.\n\njo@customer.example\n550 5.1.1 존재하지 않는 사용자\n",
        "5.1.1",
    ),
    (
        "spanish",
        "Sistema de correo <postmaster@correo.example>",
        "Correo no entregado",
        "No se pudo entregar el mensaje a jo@customer.example: el usuario no existe.\n",
        "5.1.1",
    ),
    (
        "noreturn",
        "Administrator <admin@x.example>",
        "Delivery Status Notification (Failure)",
        "This is an automatically generated Delivery Status Notification.\n\nDelivery to the following recipients failed.\n\n       jo@customer.example\n\n",
        "5.0.0",
    ),
    (
        "mdn-like-zmail",
        "Mail Administrator <Postmaster@x.example>",
        "Mail System Error - Returned Mail",
        "This Message was undeliverable due to the following reason:\n\nYour message was not delivered because the destination computer was\nnot found.  Carefully check that it was spelled correctly.\n\nHost customer.example not found\n\nThe following recipients did not receive your message:\n\n<jo@customer.example>\n",
        "5.1.2",
    ),
    (
        "notify",
        "mail@x.example",
        "Mail delivery failed",
        "<jo@customer.example>: 550 no such user\n\n--- copy of the message ---\n\n" + ORIGINAL,
        "5.1.1",
    ),
]

UNSURE_WITHOUT_A_NULL_PATH = {"kddi"}
"""Sent by a noreply address, which parcel services have too."""


@pytest.mark.parametrize("make", MAKES, ids=lambda make: make[0])
@pytest.mark.parametrize("null_path", [True, False], ids=["null", "unknown"])
def test_the_recipient_and_the_status_are_found(
    make: tuple[str, str, str, str, str], null_path: bool
) -> None:
    name, sender, subject, body, status = make
    path = "Return-Path: <>\n" if null_path else ""
    head = f"{path}From: {sender}\nTo: help@desk.example\nSubject: {subject}\n"
    mail = parse_mail(f"{head}Content-Type: text/plain; charset=utf-8\n\n{body}".encode())
    if name in UNSURE_WITHOUT_A_NULL_PATH and not null_path:
        assert mail.kind is MailKind.MESSAGE
        return
    assert mail.kind is MailKind.BOUNCE
    assert mail.bounce is not None
    found = [(item.address, item.status) for item in mail.bounce.recipients]
    assert found == [("jo@customer.example", status)]
    if "Message-ID: <o@desk.example>" in body:
        assert mail.bounce.original_message_id == "<o@desk.example>"
