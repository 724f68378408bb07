"""Bounces beyond the corpus: what is none, what is broken, and what each one means."""

from __future__ import annotations

import email
from email.message import Message

import pytest

from mail.bounces.dsn import recipients_of
from mail.bounces.parts import parse_status
from mail.bounces.read import BounceReason, explain_bounce, parse_bounce
from mail.bounces.status import find_enhanced, find_reply, find_status, is_delay, status_of_words
from mail.model import Bounce, BounceAction, BounceRecipient


def read(body: str, **headers: str) -> Bounce | None:
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_payload(body)
    return parse_bounce(message, body)


def test_a_status_field_wins_over_the_words_beside_it() -> None:
    assert find_status("5.7.1", "550 user unknown") == "5.7.1"


def test_a_vague_status_gives_way_to_the_diagnostic() -> None:
    assert find_status("5.0.0", "550 5.2.2 Mailbox full") == "5.2.2"
    assert find_status("5.0.0", "550 Mailbox full") == "5.2.2"
    assert find_status("5.0.0", "554 no") == "5.0.0"


def test_the_reply_code_gives_the_class_and_the_words_the_detail() -> None:
    assert find_status(None, "452 mailbox full") == "4.2.2"
    assert find_status(None, "550 mailbox full") == "5.2.2"


def test_an_ip_address_a_version_or_a_port_is_no_status() -> None:
    assert find_enhanced("host 5.1.1.7 said no") is None
    assert find_enhanced("Exim 4.96.2.1") is None
    assert find_reply("mx[192.0.2.550]:25 port 587") is None
    assert find_reply("2026-03-02 10:00:450") is None


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("sorry, no mailbox here by that name", "5.1.1"),
        ("User jo not listed in Domino Directory", "5.1.1"),
        ("Recipient address rejected: User unknown in virtual mailbox table", "5.1.1"),
        ("The email account that you tried to reach does not exist", "5.1.1"),
        ("No such local user", "5.1.1"),
        ("Unrouteable address", "5.1.1"),
        ("Empfänger unbekannt", "5.1.1"),
        ("пользователь не найден", "5.1.1"),
        ("該当するユーザーは存在しません", "5.1.1"),
        ("The user you are trying to contact is over quota", "5.2.2"),
        ("The recipient's mailbox is full and can't accept messages now", "5.2.2"),
        ("Benutzer hat die maximale Größe: Postfach ist voll", "5.2.2"),
        ("Mailbox has exceeded the limit", "5.2.2"),
        ("This account has been disabled or discontinued", "5.2.1"),
        ("account inactive", "5.2.1"),
        ("Message size exceeds fixed maximum message size", "5.3.4"),
        ("552 Message too large", "5.3.4"),
        ("Host unknown (Name server: x.example: host not found)", "5.1.2"),
        ("Domain of the recipient does not exist", "5.1.2"),
        ("too many hops, this message is looping", "5.4.6"),
        ("Relaying denied. Proper authentication required.", "5.7.1"),
        ("blocked using zen.spamhaus.example", "5.7.1"),
        ("Message rejected due to content restrictions", "5.7.1"),
        ("retry timeout exceeded", "4.4.7"),
        ("Connection refused", "4.4.1"),
        ("lost connection with mx.example while sending end of data", "4.4.2"),
    ],
)
def test_the_words_of_servers_mean_a_status(words: str, status: str) -> None:
    assert status_of_words(words) == status


def test_words_that_mean_nothing_known_mean_nothing() -> None:
    assert status_of_words("the sky is blue") is None


def test_a_server_that_goes_on_trying_reports_a_delay() -> None:
    assert is_delay("Your message has been delayed. Delivery attempts will continue.")
    assert not is_delay("Delivery was delayed; the message expired and was returned.")


def test_one_block_without_blank_lines_still_names_each_recipient() -> None:
    text = (
        "Final-Recipient: rfc822; a@x.example\nAction: failed\nFinal-Recipient: rfc822;b@x.example"
    )
    assert [block["final-recipient"] for block in parse_status(text)] == [
        "rfc822; a@x.example",
        "rfc822;b@x.example",
    ]


def test_a_holiday_answer_from_the_null_path_is_no_bounce() -> None:
    assert (
        read(
            "I am on holiday. Your message has not been delivered to anybody else.",
            Return_Path="<>",
            From="Ana <ana@customer.example>",
            To="help@desk.example",
            Subject="Out of office",
        )
        is None
    )


def test_a_postmaster_who_answers_as_a_person_is_no_bounce() -> None:
    assert (
        read(
            "Hello, the mailbox jo@x.example does not exist, please ask him.",
            From="Postmaster <postmaster@x.example>",
            To="help@desk.example",
            Subject="Re: Undelivered mail",
        )
        is None
    )


def test_the_own_address_is_never_the_one_that_failed() -> None:
    bounce = read(
        "The mail from help@desk.example could not be delivered: 550 unknown user",
        From="MAILER-DAEMON@x.example",
        To="help@desk.example",
        Subject="Undelivered Mail",
    )
    assert bounce is not None
    assert bounce.recipients == ()


def test_a_bounce_may_name_nobody_but_a_server_must_have_sent_it() -> None:
    body = "Your mail cannot be delivered to the following address: dylan"
    assert read(body, From='"Jet" <>', Subject="Mail Error") == Bounce(())
    assert read(body, From="delivery@shop.example", Subject="Delivery failed") is None
    assert read("The pump is down.", From="postmaster@x.example", Subject="Warning: pump") is None


def test_the_head_of_our_mail_above_the_reason_names_no_recipient() -> None:
    body = (
        "Your message\n\n  To:      team@list.example\n  Subject: Bug\n  Sent:    Monday\n\n"
        "did not reach the following recipient(s):\n\n"
        "c=US;a= ;p=X;o=Y;dda:SMTP=jo@x.example; on Fri\n    The recipient name is not recognized"
    )
    bounce = read(body, From="postmaster@x.example", Subject="Undeliverable: Bug")
    assert bounce is not None
    assert [item.address for item in bounce.recipients] == ["jo@x.example"]


def test_a_label_is_a_word_of_its_own() -> None:
    body = "Delivery failed 20 attempts: userjo@x.example"
    bounce = read(body, From="postmaster@x.example", Subject="Undeliverable Mail")
    assert bounce is not None
    assert bounce.recipients[0].address == "userjo@x.example"


def test_a_report_names_the_address_that_we_wrote_to() -> None:
    fields = {"original-recipient": "rfc822;jo@x.example", "final-recipient": "rfc822;jo@inner"}
    for known in ([], ["jo@x.example"]):
        assert recipients_of([fields], "", known)[0].address == "jo@x.example"
    fields["final-recipient"] = "rfc822;jo.b@x.example"
    assert recipients_of([fields], "", ["jo.b@x.example"])[0].address == "jo.b@x.example"


def test_a_filter_that_refuses_by_a_disposition_is_a_bounce_and_an_unread_mail_is_none() -> None:
    def notice(text: str, disposition: str) -> Bounce | None:
        source = (
            "From: Mail Delivery Subsystem <admin@x.example>\n"
            "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
            f"--b\n\n{text}\n--b\nContent-Type: message/disposition-notification\n\n"
            f"Final-Recipient: rfc822; jo@x.example\nDisposition: {disposition}\n\n--b--\n"
        )
        return parse_bounce(email.message_from_string(source), text)

    refused = notice("It was rejected: Quota exceeded", "automatic-action/MDN-sent; deleted")
    assert refused is not None
    assert refused.recipients[0].status == "5.2.2"
    assert notice("It was deleted without being read", "automatic-action/MDN-sent; deleted") is None
    assert notice("It was read", "manual-action/MDN-sent-manually; displayed") is None


SES = """{"notificationType":"%s","%s":{"bounceType":"Permanent","%s":[{"emailAddress":
"jo@x.example","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 no"}]},
"mail":{"headers":[{"name":"Message-ID","value":"<our@desk.example>"}]}}

--
If you wish to stop receiving notifications, click here.
"""


def test_amazon_tells_of_bounces_and_complaints_in_json() -> None:
    headers = {"From": "SES <no-reply@sns.amazonaws.com>", "x_amz_sns_message_id": "1"}
    bounce = read(SES % ("Bounce", "bounce", "bouncedRecipients"), **headers)
    failed = BounceRecipient("jo@x.example", BounceAction.FAILED, "5.1.1", "550 5.1.1 no")
    assert bounce == Bounce((failed,), "<our@desk.example>")
    complaint = read(SES % ("Complaint", "complaint", "complainedRecipients"), **headers)
    assert complaint is not None
    assert complaint.complaint
    assert read(SES % ("Bounce", "bounce", "bouncedRecipients"), From="jo@x.example") is None
    assert read("{" * 20_000, **headers) is None
    broken = (SES % ("Bounce", "bounce", "bouncedRecipients")).replace("x.example", "x.ex!\n ample")
    assert read(broken, **headers) == bounce


def wrapped(sender: str, depth: int = 1) -> Bounce | None:
    """A report, attached by `sender` to a mail of theirs, `depth` times."""
    mail = (
        "From: MAILER-DAEMON@mx.example\nSubject: Returned mail\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=i\n\n"
        "--i\n\nIt failed.\n--i\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; jo@x.example\nAction: failed\n"
        "Status: 5.1.1\n\n--i--\n"
    )
    for number in range(depth):
        mail = (
            f"From: {sender}\nSubject: Returned mail\n"
            f"Content-Type: multipart/mixed; boundary=o{number}\n\n--o{number}\n\n"
            "The following addresses had errors:\n"
            f"--o{number}\nContent-Type: message/rfc822\n\n{mail}\n--o{number}--\n"
        )
    return parse_bounce(email.message_from_string(mail), "")


def test_a_report_that_a_scanner_passed_on_is_read_and_one_that_a_person_passed_on_is_not() -> None:
    found = wrapped('"Mail Delivery Subsystem" <MAILER-DAEMON@scanner.example>')
    assert found is not None
    assert [item.address for item in found.recipients] == ["jo@x.example"]
    assert wrapped("Ana <ana@customer.example>") is None
    wrapped("MAILER-DAEMON@scanner.example", depth=60)


def test_one_complaint_may_be_about_many_recipients() -> None:
    source = (
        "From: fbl@isp.example\nContent-Type: multipart/report; report-type=feedback-report; "
        "boundary=b\n\n--b\n\nSpam.\n--b\nContent-Type: message/feedback-report\n\n"
        "Feedback-Type: abuse\nOriginal-Rcpt-To: <jo@x.example>\n"
        "Original-Rcpt-To: al@x.example\n\n--b--\n"
    )
    bounce = parse_bounce(email.message_from_string(source), "")
    assert bounce is not None
    assert bounce.complaint
    assert [item.address for item in bounce.recipients] == ["jo@x.example", "al@x.example"]


def test_the_header_of_exim_names_the_recipients() -> None:
    bounce = read(
        "failed",
        From="Mailer-Daemon@x.example",
        To="help@desk.example",
        Subject="Mail delivery failed",
        X_Failed_Recipients="a@x.example, b@x.example",
    )
    assert bounce is not None
    assert [item.address for item in bounce.recipients] == ["a@x.example", "b@x.example"]


def test_nothing_at_all_is_no_bounce() -> None:
    assert parse_bounce(Message(), "") is None
    assert parse_bounce(email.message_from_string("Subject: x\n\n"), "") is None


@pytest.mark.parametrize(
    ("status", "diagnostic", "reason"),
    [
        ("5.1.1", None, BounceReason.NO_SUCH_USER),
        ("5.1.10", None, BounceReason.HOST_UNKNOWN),
        ("5.1.2", None, BounceReason.HOST_UNKNOWN),
        ("5.2.1", None, BounceReason.DISABLED),
        ("4.2.2", None, BounceReason.MAILBOX_FULL),
        ("5.3.4", None, BounceReason.TOO_LARGE),
        ("4.4.7", None, BounceReason.EXPIRED),
        ("4.4.1", None, BounceReason.UNREACHABLE),
        ("5.4.6", None, BounceReason.LOOP),
        ("5.7.1", "554 5.7.1 Relay access denied", BounceReason.RELAY_DENIED),
        ("5.7.1", "554 5.7.1 blocked by Spamhaus", BounceReason.BLOCKED),
        ("5.7.26", "unauthenticated mail", BounceReason.AUTHENTICATION),
        ("5.7.1", "550 5.7.1 not permitted", BounceReason.POLICY),
        ("5.0.0", "550 no such user", BounceReason.NO_SUCH_USER),
        ("5.0.0", "554 dunno", BounceReason.UNKNOWN),
        (None, None, BounceReason.UNKNOWN),
    ],
)
def test_every_failure_has_a_reason(
    status: str | None, diagnostic: str | None, reason: BounceReason
) -> None:
    recipient = BounceRecipient("jo@x.example", BounceAction.FAILED, status, diagnostic)
    assert explain_bounce(recipient) is reason


def test_a_delay_and_a_success_are_told_apart_from_failures() -> None:
    delayed = BounceRecipient("jo@x.example", BounceAction.DELAYED, "4.2.2")
    delivered = BounceRecipient("jo@x.example", BounceAction.DELIVERED, "2.0.0")
    assert explain_bounce(delayed) is BounceReason.DELAYED
    assert explain_bounce(delivered) is BounceReason.DELIVERED
