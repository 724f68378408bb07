"""Which language a mail is written in."""

from __future__ import annotations

import time

import pytest

from mail.reading.language import detect_language
from mail.writing.attributions import LANGUAGES, language_key

MAILS = {
    "en": "Hello, I have not received the order that was sent last week. Please help.",
    "de": "Hallo, ich habe die Bestellung noch nicht erhalten. Bitte um Hilfe.",
    "fr": "Bonjour, je n'ai pas reçu la commande que nous avons passée. Merci pour votre aide.",
    "es": "Hola, no he recibido el pedido que hice la semana pasada. Gracias por su ayuda.",
    "pt": "Olá, ainda não recebi o pedido que fiz na semana passada. Você pode me ajudar?",
    "it": "Buongiorno, non ho ancora ricevuto il mio ordine. Grazie per la risposta.",
    "nl": "Hallo, ik heb mijn bestelling nog niet ontvangen. Graag hulp met het pakket.",
    "pl": "Dzień dobry, nie dostałem jeszcze mojego zamówienia. Proszę o pomoc.",
    "cs": "Dobrý den, ještě jsem nedostal svou objednávku. Prosím o pomoc, děkuji.",
    "sk": "Dobrý deň, ešte som nedostal svoju objednávku. Prosím o pomoc, ďakujem.",
    "sv": "Hej, jag har inte fått min beställning. Kan ni hjälpa mig? Tack och hälsningar.",
    "da": "Hej, jeg har ikke fået min ordre endnu. Hvad bliver der gjort? Tak og hilsen.",
    "nb": "Hei, jeg har ikke fått ordren min ennå. Kan dere hjelpe? Takk og hilsen.",
    "fi": "Hei, en ole saanut tilaustani. Voitteko auttaa? Kiitos, terveisin Jo.",
    "hu": "Jó napot, még nem kaptam meg a csomagot. Kérem, segítsenek, köszönöm.",
    "ro": "Bună ziua, nu am primit comanda mea. Vă mulțumesc pentru ajutor.",
    "tr": "Merhaba, siparişim hâlâ gelmedi. Bu konuda bir bilgi var mı? Teşekkürler.",
    "hr": "Dobar dan, nisam dobio narudžbu koji je poslan. Molim za pomoć, hvala.",
    "vi": "Xin chào, tôi chưa nhận được đơn hàng của tôi. Cảm ơn bạn.",
    "id": "Saya belum menerima pesanan yang dikirim. Mohon bantuan, terima kasih.",
    "ru": "Здравствуйте, я ещё не получил свой заказ. Пожалуйста, помогите, спасибо.",
    "uk": "Вітаю, я ще не отримав своє замовлення. Будь ласка, допоможіть, дякую.",
    "bg": "Здравейте, още не съм получил поръчката. Моля за помощ, благодаря.",
    "el": "Γεια σας, δεν έχω λάβει την παραγγελία μου.",
    "he": "שלום, עדיין לא קיבלתי את ההזמנה שלי.",
    "ar": "مرحبا، لم أستلم طلبي بعد.",
    "th": "สวัสดีครับ ผมยังไม่ได้รับสินค้า",
    "ja": "こんにちは、注文した商品がまだ届いていません。",
    "ko": "안녕하세요, 주문한 상품을 아직 받지 못했습니다.",
    "zh": "您好,我还没有收到订单,请帮助我,谢谢。",
    "zh-Hant": "您好,我還沒有收到訂單,請幫助我,謝謝。",
}


@pytest.mark.parametrize("language", MAILS)
def test_a_short_mail_tells_its_language(language: str) -> None:
    assert detect_language(MAILS[language], "en-US") == language


@pytest.mark.parametrize("language", MAILS)
def test_every_language_that_is_found_has_words_for_quotes(language: str) -> None:
    assert language_key(language) in LANGUAGES
    assert language == "en" or language_key(language) != "en"


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        ("", "", None),
        ("12345", "pt-BR", "pt-BR"),
        ("OK", "de_DE, en", "de-DE"),
        ("OK", "<script>", None),
        ("Ok 👍", "", None),
    ],
)
def test_without_words_the_mail_is_believed(text: str, declared: str, language: str | None) -> None:
    assert detect_language(text, declared) == language


def test_long_texts_take_little_time() -> None:
    started = time.monotonic()
    detect_language("on " * 1_000_000)
    detect_language("語" * 1_000_000)
    assert time.monotonic() - started < 1
