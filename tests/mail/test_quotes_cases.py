"""Whole replies as people send them, and what of them is to be seen."""

from __future__ import annotations

# ruff: noqa: E501 - a mail is one line here
import pytest

from mail.quotes.fold import visible_text

CASES: list[tuple[str, str, str | None]] = [
    # (name, text, expected or None for whole)
    ("plain", "Hello there\n\nbye", None),
    (
        "inline",
        "On Mon, Mar 2, 2026 at 10:00 AM Jo <jo@x.example> wrote:\n> Which size?\n\nLarge.\n\n> Which colour?\n\nRed.",
        None,
    ),
    ("inline2", "> Which size?\nLarge.\n> Which colour?\nRed.", None),
    ("inline3", "Hi Jo,\n\n> Which size?\n\nLarge.", None),
    (
        "inline+trail",
        "> Which size?\nLarge.\n\n> Which colour?\nRed.\n\nOn Mon, Mar 2, 2026 at 10:00 AM Jo <jo@x.example> wrote:\n> old\n> old",
        "> Which size?\nLarge.\n\n> Which colour?\nRed.",
    ),
    (
        "bottom",
        "On Mon, Mar 2, 2026 at 10:00 AM Jo <jo@x.example> wrote:\n> Which size?\n> And colour?\n\nLarge and red.",
        "Large and red.",
    ),
    (
        "bottomsig",
        "On Mon, Mar 2, 2026 at 10:00 AM Jo <jo@x.example> wrote:\n> Which size?\n> And colour?\n\nLarge and red.\n\n-- \nAna Lopez\n+1 555",
        "Large and red.",
    ),
    (
        "wrapq",
        "Hi\n\nOn Mon, Mar 2, 2026 at 10:00 AM Jo <jo@x.example> wrote:\n> Which size?\n> And colour?\n\nRegards, Ana",
        "Hi\n\nRegards, Ana",
    ),
    ("sig", "Hello\n\n-- \nAna\n+1 555 0100", "Hello"),
    ("signosp", "Hello\n\n--\nAna\n+1 555 0100", "Hello"),
    ("sigquote", "Hello\n\n-- \nAna\n\n> old text\n> more", "Hello"),
    (
        "iphone",
        "Yes please.\n\nSent from my iPhone\n\n> On Mar 2, 2026, at 10:00 AM, Jo <jo@x.example> wrote:\n>\n> Hello",
        "Yes please.",
    ),
    ("iphone2", "Yes please.\n\nSent from my iPhone", "Yes please."),
    ("onlysig", "Sent from my iPhone", None),
    ("onlyquote", "> hello\n> there", None),
    ("onlyattr", "On Mon, Mar 2, 2026 at 10:00 AM Jo <jo@x.example> wrote:\n> Which size?", None),
    ("fp1", "On Monday my boss wrote:\nplease call us back.\n\nWhat should I do?", None),
    ("fp2", "From: Lisbon\nTo: Porto\nDate: 3 May 2026\n\nI need two seats.", None),
    ("fp3", "I wrote:\n\n- one\n- two", None),
    (
        "fp4",
        "In my mail of 3 March 2026 at 10:00 I wrote to you:\nthe box is broken.\n\nNo answer came.",
        None,
    ),
    ("fp5", "The times are:\n10:00 at a@b.example:\nfoo\nbar", None),
    (
        "fp6",
        "Hi\n\nThe error is:\n2026-03-02 10:00:00 ERROR user@host.example:\nfailed to connect\n\nHelp",
        None,
    ),
    (
        "no colon",
        "Yes\n\nOn Mon, 2 Mar 2026 10:00:00 +0000 Jo Miller <jo@x.example> wrote\n\nWhen?",
        "Yes",
    ),
    ("no colon fp", "On Monday I told you what Jo wrote\n\nPlease read it.", None),
    ("gmail old", "Yes\n\n2026/3/2 Jo Miller <jo@x.example>\n\n> When?\n> Where?", "Yes"),
    ("gmail old 2", "Yes\n\n2026-03-02 10:00 GMT+01:00 Jo Miller\n\nWhen?", "Yes"),
    (
        "dates fp",
        "Both came:\n\n2026/3/2 Jo Miller <jo@x.example>\n2026/3/3 Al <al@x.example>",
        None,
    ),
    ("no time", "Yes\n\nOn Thursday, March 5, 2026, Jo via Forum wrote:\n\nWhen?", "Yes"),
    ("year fp", "In 2026 your manual wrote:\n\npress the red button.", None),
    ("es", "Sí\n\nEl jueves, 5 de marzo de 2026, Jo Miller escribió:\n\n¿Cuándo?", "Sí"),
    ("ru", "Да\n\nсуббота, 14 марта 2026 г. пользователь Jo написал:\n\nКогда?", "Да"),
    (
        "from sent",
        "Yes\nFrom: jo@x.example [mailto:jo@x.example]\nSent: Monday, March 2, 2026 10:00 AM\n\nWhen?",
        "Yes",
    ),
    (
        "from sent in line",
        "Yes\n\n--------\nFrom: jo@x.example Date: Mon, 2 Mar 2026 10:00:00 +0000\nWhen?",
        "Yes",
    ),
    (
        "names only",
        "Да\n\nОт: Jo Miller\nОтправлено: понедельник, 2 марта 2026 г. 10:00\nКому: Ana\n\nКогда?",
        "Да",
    ),
    (
        "orange",
        (
            'Oui\n\n====\n\nMessage du : 12/12/2025 13:20\nDe : "Jo " <jo@x.example>\nA : ana@y.example\n'
            "Copie à : \nSujet :  Visite !\n\nQuand ?"
        ),
        "Oui",
    ),
    ("from fp", "From: Lisbon\nDate: 3 May 2026\n\nI need two seats.", None),
    (
        "broken link",
        "Yes\n\nOn 2/3/2026 10:00, Jo wrote:\n> hello (http://x.example/action\n_nonce=3dd518)",
        "Yes",
    ),
    ("my cell", "Yes\n\nSent from my cell, please excuse any typos.", "Yes"),
    ("with link", "Yes\n\nSent from TypeApp<http://www.typeapp.example/r?b=2621>", "Yes"),
    ("courier", "How it went?\n\nSent via DHL", None),
    ("list", "Please send\n\n- Invoice\n- Receipt", None),
    ("list2", "Please send\n\n-Invoice\n-Receipt", None),
    ("md", "Title\n---\n\nSome text that follows\n\nMore", None),
    ("hr", "First\n\n-----\n\nSecond part which matters a lot.", None),
    (
        "fwd",
        "FYI\n\n---------- Forwarded message ---------\nFrom: Jo <jo@x.example>\nDate: Mon, Mar 2, 2026\nSubject: x\nTo: <a@b.example>\n\ntext",
        None,
    ),
    (
        "apple fwd",
        "See below\n\nBegin forwarded message:\n\n> From: Jo <jo@x.example>\n> Subject: x\n> Date: 2 March 2026\n> To: a@b.example\n>\n> text",
        None,
    ),
    ("dashname", "Sounds good.\n\n-Ana", "Sounds good."),
    ("best", "Sounds good.\n\nBest regards,\nAna", None),
    (
        "mailman",
        "Sounds good.\n\n_______________________________________________\nusers mailing list\nusers@lists.example\nhttps://lists.example/users",
        "Sounds good.",
    ),
    ("above", "Yes!\n\n##- Please type your reply above this line -##\n\nYour ticket 12", "Yes!"),
    (
        "marker0",
        "Yes!\n\nOn Mon, Mar 2, 2026 at 10:00 AM Jo <jo@x.example> wrote:\n\nHello [#canal-abcdefgh]",
        "Yes!",
    ),
    ("nested gt", "Yes!\n\n>> On Mon Jo wrote:\n>> hi\n> hello\n", "Yes!"),
    ("conf", "Done.\n\nCONFIDENTIALITY NOTICE: This e-mail is secret.\nDo not read.", "Done."),
    (
        "outlook ios",
        "OK\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: Jo <jo@x.example>\nSent: Monday, March 2, 2026 10:00:00 AM\nTo: Ana <ana@y.example>\nSubject: Re: x\n\nhello",
        "OK",
    ),
    (
        "two in line",
        "Thanks\nOn Mon, Mar 2, 2026 at 10:00 AM Jo <jo@x.example> wrote:\nhello",
        "Thanks",
    ),
    (
        "wrappedquote",
        "Yes\n\nOn 2/3/2026 10:00, Jo wrote:\n> this is a long line that has been wrapped by a mail program at some\npoint\n> and goes on",
        "Yes",
    ),
    ("crlf", "Yes\r\n\r\nOn 2/3/2026 10:00, Jo wrote:\r\n> hello\r\n", "Yes"),
    ("code", "Run this:\n\n    >>> print(1)\n    1\n\nIt fails.", None),
    ("time colon", "We meet 2 March 2026, 10:00:\n\n- at the office", None),
    ("sent from prose", "Hello\n\nSent from my desk to yours, the parcel is lost.", None),
    ("phones", "Which is better?\n\nGet me a new phone please.", None),
    ("wrote q", "Jo Miller wrote:\n> hello\n> there\n\nI agree.", "I agree."),
    ("jo said", "Hi all,\n\nJo Miller wrote:\n> hello\n\nI agree.", None),
    (
        "PS",
        "Yes\n\nAna\n\n-- \nAna Lopez\nACME\n\nOn 2/3/2026 10:00, Jo wrote:\n> hello\n",
        "Yes\n\nAna",
    ),
    (
        "sv samsung",
        "Tack\n\nSkickat från min Samsung Galaxy smartphone.\n\n-------- Originalmeddelande --------\nFrån: Jo <jo@x.example>\nDatum: 2026-03-02 10:00 (GMT+01:00)\nTill: a@b.example\nRubrik: Re: x\n\nhej",
        "Tack",
    ),
    (
        "pgp",
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nAll fine.\n\n-----BEGIN PGP SIGNATURE-----\n\niQEz\n=abcd\n-----END PGP SIGNATURE-----",
        "All fine.",
    ),
    ("desk", "It works.\n\nSent from my chair, which is nicer than my mobile phone.", None),
    ("sent verb", "Yes.\n\nOn 2 Mar 2026, at 10:00, Jo <jo@x.example>sent:\n> hello", "Yes."),
    (
        "bat initials",
        "Вы писали 2 марта 2026 г., 10:00:00:\n\nJM> Какой размер?\n\nБольшой.\n\nJM> Какой цвет?\n\nКрасный.",
        None,
    ),
    (
        "bat history",
        "Спасибо!\n\nВы писали 2 марта 2026 г., 10:00:00:\n\nJM> Какой размер?\nJM> Какой цвет?",
        "Спасибо!",
    ),
    (
        "answers in red",
        "Hi Jo, my answers are below in red.\n\nFrom: Jo <jo@x.example>\nSent: Monday, March 2, 2026 10:00\nTo: Ana\nSubject: x\n\nWhich size? LARGE",
        None,
    ),
    (
        "one line head",
        "Thanks\n\nFrom: Jo <jo@x.example> Sent: Monday, March 2, 2026 10:00 To: Ana Subject: x\n\nHello",
        "Thanks",
    ),
    (
        "sig below quote",
        "Thanks\n\nOn 2/3/2026 10:00, Jo wrote:\n> hello\n\n-- \nAna Lopez\nACME",
        "Thanks",
    ),
    (
        "list below quote",
        "Thanks\n\nOn 2/3/2026 10:00, Jo wrote:\n> hello\n\n_______________________________________________\nusers mailing list\nusers@lists.example",
        "Thanks",
    ),
    ("bare and sig", "Thanks\n\n> hello\n> there\n\n-- \nAna", "Thanks"),
    (
        "three lines",
        "Yes\n\nOn Mon, Mar 2, 2026 at 10:00 AM Jo Miller\n<\njo.miller@a.long.domain.example> wrote:\n\n> hello",
        "Yes",
    ),
    ("mutt", "Yes\n\n* Jo Miller <jo@x.example> [2026-03-02 10:00]:\n> hello", "Yes"),
    ("short year", "Ja\n\nAm 02.03.26 um 10:00 schrieb Jo Miller:\n> hallo", "Ja"),
    (
        "quoted head",
        "Yes\n\n> Date: Mon, 2 Mar 2026 10:00:00\n> From: jo@x.example\n> Subject: x\n>\n> hello",
        "Yes",
    ),
    (
        "windows mail",
        "Yes\n\nSent from Windows Mail\n\nFrom: Jo Miller\nSent: Monday, March 2, 2026 10:00 AM\nTo: ana@y.example\n\nhello",
        "Yes",
    ),
    (
        "dashed list",
        "We need:\n\n-Tea\n-Milk\n\nOn 2/3/2026 10:00, Jo wrote:\n> hello",
        "We need:\n\n-Tea\n-Milk",
    ),
    ("price list", "Offer:\n\n---\n\nPhone 200.00\nTablet 300.00", None),
    (
        "usenet",
        "Jo Miller <jo@x.example> wrote in message <1@x.example>:\n> hello\n\nI agree.",
        "I agree.",
    ),
    ("no address apple", "Ok\n\nOn 2 Mar 2026, at 10:00, Jo Miller wrote:\n\nHello there", "Ok"),
]


@pytest.mark.parametrize(("text", "own"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_the_own_words_are_seen_and_in_doubt_everything(text: str, own: str | None) -> None:
    expected = text.replace("\r\n", "\n") if own is None else own
    assert visible_text(text) == expected
