"""Automatic mail is told from people's, and never answered automatically (RFC 3834)."""

from __future__ import annotations

from email.message import Message

import pytest

from mail.model import Envelope, MailKind
from mail.reading.kinds import classify, is_noreply, may_auto_answer

AUTOMATIC_SUBJECTS = """
Out of Office: your mail
Out of the office Re: order
Automatic reply: Order 12
Auto: Re: order
Autoreply: order
Abwesenheitsnotiz: Bestellung
Automatische Antwort: Bestellung
Réponse automatique : commande
Absence du bureau
Respuesta automática: pedido
Fuera de la oficina
Resposta automática: Pedido
Ausência temporária: Pedido
Risposta automatica: ordine
Fuori sede
Automatisch antwoord: bestelling
Afwezigheidsbericht
Odpowiedź automatyczna: zamówienie
Автоматический ответ: заказ
Автоматична відповідь: замовлення
Autosvar: order
Automatiskt svar: order
Automatisk svar: ordre
Automaattinen vastaus: tilaus
Automatická odpověď: objednávka
Otomatik yanıt: sipariş
自动回复: 订单
自動回覆: 訂單
自動返信: 注文
자동 회신: 주문
מענה אוטומטי: הזמנה
رد تلقائي: طلب
Trả lời tự động: đơn hàng
Automatikus válasz: rendelés
Αυτόματη απάντηση: παραγγελία
Răspuns automat: comanda
""".strip().split("\n")

PEOPLES_SUBJECTS = """
Order 12
Re: Order 12
My office is out of paper
Question about the automatic reply
Automobile parts
Holidays 2026: opening hours?
Autobahn toll
Is this an automatic answer?
Why no reply?
Delivery to my office
Ferienwohnung
""".strip().split("\n")


def mail(**headers: str) -> Message:
    message = Message()
    message["From"] = "Ana <ana@customer.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_payload("Hello")
    return message


def kind(**headers: str) -> MailKind:
    return classify(mail(**headers))


@pytest.mark.parametrize("subject", AUTOMATIC_SUBJECTS)
def test_the_subject_of_an_automatic_answer_is_known(subject: str) -> None:
    assert kind(Subject=subject) is MailKind.AUTO_REPLY


@pytest.mark.parametrize("subject", PEOPLES_SUBJECTS)
def test_a_persons_subject_is_a_persons(subject: str) -> None:
    assert kind(Subject=subject) is MailKind.MESSAGE


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "Auto-Replied; owner-email=x"},
        {"Auto_Submitted": "auto-generated", "In_Reply_To": "<a@b>"},
        {"X_Autoreply": "yes"},
        {"X_Autorespond": "order"},
        {"Precedence": "auto_reply"},
        {"X_MDAutoReply": "1"},
    ],
)
def test_headers_of_automatic_answers_are_known(headers: dict[str, str]) -> None:
    assert kind(**headers) is MailKind.AUTO_REPLY


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "no"},
        {"X_Auto_Response_Suppress": "All"},
        {"X_Autoreply": "no"},
        {"Auto_Submitted": "auto-generated"},
        {"Precedence": "normal"},
    ],
)
def test_headers_that_people_have_too_make_nothing_automatic(headers: dict[str, str]) -> None:
    assert kind(**headers) is MailKind.MESSAGE


def test_lists_have_their_kind() -> None:
    assert kind(List_Id="<x.example>") is MailKind.LIST
    assert kind(Precedence="bulk") is MailKind.LIST


def test_a_challenge_that_answers_our_mail_is_automatic() -> None:
    subject = "Please confirm your message"
    assert kind(Subject=subject, In_Reply_To="<a@b>") is MailKind.AUTO_REPLY
    assert kind(Subject=subject) is MailKind.MESSAGE


@pytest.mark.parametrize(
    "address",
    [
        "noreply@x.example",
        "no-reply@x.example",
        "no_reply+12@x.example",
        "DoNotReply@x.example",
        "billing-noreply@x.example",
        "mailer-daemon@x.example",
        "bounce-12-ab@x.example",
        "nao-responda@x.example",
        "ne-pas-repondre@x.example",
        "users-bounces@x.example",
        "owner-users@x.example",
    ],
)
def test_nobody_reads_such_addresses(address: str) -> None:
    assert is_noreply(address)


@pytest.mark.parametrize("address", ["jo@x.example", "norah@x.example", "reply@x.example"])
def test_people_read_theirs(address: str) -> None:
    assert not is_noreply(address)


def test_a_person_may_be_answered_automatically() -> None:
    assert may_auto_answer(mail(Subject="Order"), Envelope("ana@customer.example"))
    assert may_auto_answer(mail(Subject="Order"), Envelope())


@pytest.mark.parametrize(
    ("headers", "mail_from"),
    [
        ({}, ""),
        ({"Return_Path": "<>"}, None),
        ({"Auto_Submitted": "auto-generated"}, None),
        ({"Precedence": "junk"}, None),
        ({"List_Unsubscribe": "<mailto:x@y>"}, None),
        ({"X_Auto_Response_Suppress": "OOF, AutoReply"}, None),
        ({"Reply_To": "noreply@x.example"}, None),
        ({}, "bounces@x.example"),
        ({"Subject": "Automatic reply: x"}, None),
        ({"Content_Type": "multipart/report"}, None),
    ],
)
def test_no_machine_is_answered_automatically(
    headers: dict[str, str], mail_from: str | None
) -> None:
    assert not may_auto_answer(mail(**headers), Envelope(mail_from))


def test_our_own_mail_is_not_answered_automatically() -> None:
    message = mail()
    assert not may_auto_answer(message, Envelope(), own=["ANA@customer.example"])
    assert not may_auto_answer(Message(), Envelope())
