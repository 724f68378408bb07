"""What mail clients write around quoted mail, collected for the tests; names and dates are ours."""

from __future__ import annotations

ATTRIBUTIONS = """
On Mon, Mar 2, 2026 at 10:00 AM Jo Miller <jo@x.example> wrote:
On Mar 2, 2026, at 10:00 AM, Jo Miller <jo@x.example> wrote:
On 02/03/2026 10:00, Jo Miller wrote:
On 2026-03-02 10:00, Jo Miller wrote:
On Monday, March 2nd, 2026 at 10:00, Jo Miller <jo@x.example> wrote:
On Monday, 2 March 2026, 10:00:00 GMT, Jo Miller <jo@x.example> wrote:
--- On Mon, 3/2/26, Jo Miller <jo@x.example> wrote:
On 2 Mar 2026, 10:00 +0200, Jo Miller <jo@x.example>, wrote:
On Sun, Mar 01, 2026 at 10:00 AM, Jo Miller < jo@x.example > wrote:
2026-03-02 10:00 GMT+03:00, Jo Miller <jo@x.example>:
2026-03-02 10:00 GMT+03:00 Jo Miller <jo@x.example>:
02.03.2026, 10:00, "Jo Miller" <jo@x.example>:
Понедельник, 2 марта 2026, 10:00 +03:00 от Jo Miller <jo@x.example>:
пн, 2 мар. 2026 г. в 10:00, Jo Miller <jo@x.example>:
2 марта 2026 г., 10:00 пользователь Jo Miller <jo@x.example> написал:
2 марта 2026 г., в 10:00, Jo Miller <jo@x.example> написал(а):
Вы писали 2 марта 2026 г., 10:00:00:
02.03.2026 10:00, Jo Miller пишет:
Em seg., 2 de mar. de 2026 às 10:00, Jo Miller <jo@x.example> escreveu:
Em 2 de mar. de 2026, à(s) 10:00, Jo Miller <jo@x.example> escreveu:
Jo Miller <jo@x.example> escreveu no dia segunda, 2/03/2026 à(s) 10:00:
Em segunda-feira, 2 de março de 2026 10:00:00 BRT, Jo Miller <jo@x.example> escreveu:
El lun, 2 mar 2026 a las 10:00, Jo Miller (<jo@x.example>) escribió:
El 2 mar 2026, a las 10:00, Jo Miller <jo@x.example> escribió:
El lunes, 2 de marzo de 2026, 10:00:00 CET, Jo Miller <jo@x.example> escribió:
Le lun. 2 mars 2026 à 10:00, Jo Miller <jo@x.example> a écrit :
Le 2 mars 2026 à 10:00, Jo Miller <jo@x.example> a écrit :
Le 02/03/2026 à 10:00, Jo Miller a écrit :
Am Mo., 2. März 2026 um 10:00 Uhr schrieb Jo Miller <jo@x.example>:
Am 02.03.2026 um 10:00 schrieb Jo Miller <jo@x.example>:
Am 02.03.2026 um 10:00 schrieb Jo Miller:
Jo Miller <jo@x.example> schrieb am Mo., 2. März 2026, 10:00:
Am 2. März 2026 10:00:00 MEZ schrieb Jo Miller <jo@x.example>:
Zitat von Jo Miller <jo@x.example>:
Quoting Jo Miller <jo@x.example>:
Il giorno lun 2 mar 2026 alle ore 10:00 Jo Miller <jo@x.example> ha scritto:
Il 02/03/2026 10:00, Jo Miller ha scritto:
Op ma 2 mrt 2026 om 10:00 schreef Jo Miller <jo@x.example>:
Op 02-03-2026 om 10:00 schreef Jo Miller:
Op 2 mrt. 2026 om 10:00 heeft Jo Miller <jo@x.example> het volgende geschreven:
W dniu 2.03.2026 o 10:00, Jo Miller pisze:
pon., 2 mar 2026 o 10:00 Jo Miller <jo@x.example> napisał(a):
W dniu pon., 2.03.2026 o 10:00 Jo Miller <jo@x.example> napisał(a):
Wiadomość napisana przez Jo Miller <jo@x.example> w dniu 2 mar 2026, o godz. 10:00:
пн, 2 бер. 2026 р. о 10:00 Jo Miller <jo@x.example> пише:
02.03.2026 10:00, Jo Miller пише:
Den mån 2 mars 2026 kl 10:00 skrev Jo Miller <jo@x.example>:
2 mars 2026 kl. 10:00 skrev Jo Miller <jo@x.example>:
Den 2026-03-02 kl. 10:00, skrev Jo Miller:
Den man. 2. mar. 2026 kl. 10.00 skrev Jo Miller <jo@x.example>:
man. 2. mars 2026 kl. 10:00 skrev Jo Miller <jo@x.example>:
Den 2. mars 2026 kl. 10:00 skrev Jo Miller <jo@x.example>:
ma 2. maalisk. 2026 klo 10.00 Jo Miller (jo@x.example) kirjoitti:
Jo Miller <jo@x.example> kirjoitti 2.3.2026 kello 10.00:
po 2. 3. 2026 v 10:00 odesílatel Jo Miller <jo@x.example> napsal:
Dne 2. 3. 2026 v 10:00 Jo Miller napsal(a):
Jo Miller <jo@x.example>, 2 Mar 2026 Pzt, 10:00 tarihinde şunu yazdı:
2 Mar 2026 Pzt 10:00 tarihinde Jo Miller <jo@x.example> şunu yazdı:
Jo Miller <jo@x.example> şunları yazdı (2 Mar 2026 10:00):
Jo Miller <jo@x.example> 于2026年3月2日周一 10:00写道：
在 2026年3月2日，10:00，Jo Miller <jo@x.example> 写道：
在 2026-03-02 10:00:00，"Jo Miller" <jo@x.example> 写道：
At 2026-03-02 10:00:00, "Jo Miller" <jo@x.example> wrote:
Jo Miller <jo@x.example> 於 2026年3月2日 週一 上午10:00寫道：
2026年3月2日(月) 10:00 Jo Miller <jo@x.example>:
2026/03/02 10:00、Jo Miller <jo@x.example>のメール:
2026/03/02 10:00、Jo Millerのメール：
On 2026/03/02 10:00, Jo Miller wrote:
2026년 3월 2일 (월) 오전 10:00, Jo Miller <jo@x.example>님이 작성:
2026. 3. 2. 오전 10:00, Jo Miller <jo@x.example> 작성:
‫בתאריך יום ב׳, 2 במרץ 2026 ב-10:00 מאת ‪Jo Miller‬‏ <‪jo@x.example‬‏>:‬
‫ב-2 במרץ 2026, בשעה 10:00, Jo Miller ‏<jo@x.example> כתב/ה:‬
في الاثنين، ٢ مارس ٢٠٢٦ في ١٠:٠٠ ص تمت كتابة ما يلي بواسطة Jo Miller <jo@x.example>:
في 2 مارس 2026، الساعة 10:00 ص، كتب Jo Miller <jo@x.example>:
Vào Th 2, 2 thg 3, 2026 vào lúc 10:00 Jo Miller <jo@x.example> đã viết:
Vào 10:00, Th 2, 2 thg 3, 2026 Jo Miller <jo@x.example> đã viết:
În lun., 2 mar. 2026 la 10:00, Jo Miller <jo@x.example> a scris:
Pe 2 mar. 2026, la 10:00, Jo Miller <jo@x.example> a scris:
Jo Miller <jo@x.example> ezt írta (időpont: 2026. márc. 2., H, 10:00):
Στις Δευ 2 Μαρ 2026 στις 10:00 π.μ., ο χρήστης Jo Miller <jo@x.example> έγραψε:
На пн, 2.03.2026 г. в 10:00 Jo Miller <jo@x.example> написа:
pon, 2. ožu 2026. u 10:00 Jo Miller <jo@x.example> napisao je:
po 2. 3. 2026 o 10:00 Jo Miller <jo@x.example> napísal(a):
V V pon., 2. mar. 2026 ob 10:00 je oseba Jo Miller <jo@x.example> napisala:
Pada Sen, 2 Mar 2026 pukul 10.00 Jo Miller <jo@x.example> menulis:
เมื่อ จ. 2 มี.ค. 2026 เวลา 10:00 Jo Miller <jo@x.example> เขียนว่า:
On 2 March 2026 10:00:00 CET, Jo Miller <jo@x.example> wrote:
---- On Mon, 02 Mar 2026 10:00:00 +0100 Jo Miller <jo@x.example> wrote ----
-----Jo Miller <jo@x.example> wrote: -----
Jo Miller <jo@x.example> wrote on 03/02/2026 10:00:00 AM:
El dl., 2 de març 2026, 10:00, Jo Miller <jo@x.example> va escriure:
Kuupäev E, 2. märts 2026 kell 10:00 Jo Miller (<jo@x.example>) kirjutas:
2026-03-02, pr, 10:00 Jo Miller <jo@x.example> rašė:
пон, 2. мар 2026. у 10:00 Jo Miller <jo@x.example> је написао/ла:
Jo Miller <jo@x.example>, 2 Mart 2026 10:00 tarihinde şunu yazdı:
""".strip().split("\n")

HEADER_BLOCKS: dict[str, tuple[str, ...]] = {
    "en": (
        "From: Jo Miller <jo@x.example>",
        "Sent: Monday, March 2, 2026 10:00 AM",
        "To: Ana <ana@y.example>",
        "Cc: Bo",
        "Subject: RE: Order 12",
    ),
    "ennoaddr": (
        "From: Jo Miller",
        "Sent: Monday, March 2, 2026 10:00 AM",
        "To: Ana Lopez",
        "Subject: RE: Order 12",
    ),
    "mailto": (
        "From: Jo Miller [mailto:jo@x.example]",
        "Sent: Monday, March 2, 2026 10:00 AM",
        "To: Ana Lopez",
        "Subject: RE: Order 12",
    ),
    "bold": (
        "*From:* Jo Miller <jo@x.example>",
        "*Sent:* Monday, March 2, 2026 10:00 AM",
        "*To:* Ana Lopez <ana@y.example>",
        "*Subject:* RE: Order 12",
    ),
    "date": (
        "From: Jo Miller <jo@x.example>",
        "Date: Monday, March 2, 2026 at 10:00 AM",
        "To: Ana <ana@y.example>",
        "Subject: Re: Order 12",
    ),
    "hotmail": (
        "Date: Mon, 2 Mar 2026 10:00:00 +0000",
        "From: jo@x.example",
        "To: ana@y.example",
        "Subject: Re: Order",
    ),
    "hotmail2": (
        "Subject: Re: Order",
        "From: jo@x.example",
        "Date: Mon, 2 Mar 2026 10:00:00 +0000",
        "To: ana@y.example",
    ),
    "de": (
        "Von: Jo Miller <jo@x.example>",
        "Gesendet: Montag, 2. März 2026 10:00",
        "An: Ana <ana@y.example>",
        "Cc: Bo",
        "Betreff: AW: Bestellung",
    ),
    "gmx": (
        "Gesendet: Montag, 02. März 2026 um 10:00 Uhr",
        'Von: "Jo Miller" <jo@x.example>',
        "An: ana@y.example",
        "Betreff: Re: Bestellung",
    ),
    "fr": (
        "De : Jo Miller <jo@x.example>",
        "Envoyé : lundi 2 mars 2026 10:00",
        "À : Ana <ana@y.example>",
        "Objet : RE: Commande",
    ),
    "fr2": (
        "De : Jo Miller <jo@x.example>",
        "Date : lundi, 2 mars 2026 à 10:00",
        "À : Ana",
        "Cc : Bo",
        "Objet : Re: Commande",
    ),
    "es": (
        "De: Jo Miller <jo@x.example>",
        "Enviado: lunes, 2 de marzo de 2026 10:00",
        "Para: Ana <ana@y.example>",
        "Asunto: RE: Pedido",
    ),
    "es2": (
        "De: Jo Miller <jo@x.example>",
        "Enviado el: lunes, 2 de marzo de 2026 10:00",
        "Para: Ana <ana@y.example>",
        "Asunto: RE: Pedido",
    ),
    "pt": (
        "De: Jo Miller <jo@x.example>",
        "Enviado: segunda-feira, 2 de março de 2026 10:00",
        "Para: Ana <ana@y.example>",
        "Assunto: RES: Pedido",
    ),
    "pt2": (
        "De: Jo Miller <jo@x.example>",
        "Enviada em: segunda-feira, 2 de março de 2026 10:00",
        "Para: Ana <ana@y.example>",
        "Assunto: RES: Pedido",
    ),
    "zimbra": (
        'De: "Jo" <jo@x.example>',
        'Para: "Ana" <ana@y.example>',
        "Enviadas: Segunda-feira, 2 de março de 2026 10:00:00",
        "Assunto: Pedido",
    ),
    "it": (
        "Da: Jo Miller <jo@x.example>",
        "Inviato: lunedì 2 marzo 2026 10:00",
        "A: Ana <ana@y.example>",
        "Oggetto: R: Ordine",
    ),
    "nl": (
        "Van: Jo Miller <jo@x.example>",
        "Verzonden: maandag 2 maart 2026 10:00",
        "Aan: Ana <ana@y.example>",
        "Onderwerp: RE: Bestelling",
    ),
    "pl": (
        "Od: Jo Miller <jo@x.example>",
        "Wysłano: poniedziałek, 2 marca 2026 10:00",
        "Do: Ana <ana@y.example>",
        "Temat: Odp: Zamówienie",
    ),
    "ru": (
        "От: Jo Miller <jo@x.example>",
        "Отправлено: понедельник, 2 марта 2026 г. 10:00",
        "Кому: Ana <ana@y.example>",
        "Тема: RE: Заказ",
    ),
    "uk": (
        "Від: Jo Miller <jo@x.example>",
        "Надіслано: понеділок, 2 березня 2026 р. 10:00",
        "Кому: Ana <ana@y.example>",
        "Тема: RE: Замовлення",
    ),
    "sv": (
        "Från: Jo Miller <jo@x.example>",
        "Skickat: den 2 mars 2026 10:00",
        "Till: Ana <ana@y.example>",
        "Ämne: SV: Order",
    ),
    "da": (
        "Fra: Jo Miller <jo@x.example>",
        "Sendt: 2. marts 2026 10:00",
        "Til: Ana <ana@y.example>",
        "Emne: SV: Ordre",
    ),
    "no": (
        "Fra: Jo Miller <jo@x.example>",
        "Dato: mandag 2. mars 2026 10:00",
        "Til: Ana <ana@y.example>",
        "Emne: SV: Ordre",
    ),
    "fi": (
        "Lähettäjä: Jo Miller <jo@x.example>",
        "Lähetetty: maanantai 2. maaliskuuta 2026 10.00",
        "Vastaanottaja: Ana <ana@y.example>",
        "Aihe: VS: Tilaus",
    ),
    "cs": (
        "Od: Jo Miller <jo@x.example>",
        "Odesláno: pondělí 2. března 2026 10:00",
        "Komu: Ana <ana@y.example>",
        "Předmět: RE: Objednávka",
    ),
    "tr": (
        "Kimden: Jo Miller <jo@x.example>",
        "Gönderildi: 2 Mart 2026 Pazartesi 10:00",
        "Kime: Ana <ana@y.example>",
        "Konu: YNT: Sipariş",
    ),
    "tr2": (
        "Gönderen: Jo Miller <jo@x.example>",
        "Gönderildi: 2 Mart 2026 Pazartesi 10:00",
        "Kime: Ana <ana@y.example>",
        "Konu: YNT: Sipariş",
    ),
    "zh": (
        "发件人: Jo Miller <jo@x.example>",
        "发送时间: 2026年3月2日 10:00",
        "收件人: Ana <ana@y.example>",
        "主题: 回复: 订单",
    ),
    "qq": (
        '发件人: "Jo"<jo@x.example>;',
        "发送时间: 2026年3月2日(星期一) 上午10:00",
        '收件人: "Ana"<ana@y.example>;',
        "主题: 回复: 订单",
    ),
    "zht": (
        "寄件者: Jo Miller <jo@x.example>",
        "寄件日期: 2026年3月2日 上午 10:00",
        "收件者: Ana <ana@y.example>",
        "主旨: RE: 訂單",
    ),
    "ja": (
        "差出人: Jo Miller <jo@x.example>",
        "送信日時: 2026年3月2日 10:00",
        "宛先: Ana <ana@y.example>",
        "件名: RE: 注文",
    ),
    "ko": (
        "보낸 사람: Jo Miller <jo@x.example>",
        "보낸 날짜: 2026년 3월 2일 월요일 오전 10:00",
        "받는 사람: Ana <ana@y.example>",
        "제목: RE: 주문",
    ),
    "he": (
        "מאת: Jo Miller <jo@x.example>",
        "נשלח: יום שני 02 מרץ 2026 10:00",
        "אל: Ana <ana@y.example>",
        "נושא: RE: הזמנה",
    ),
    "ar": (
        "من: Jo Miller <jo@x.example>",
        "تاريخ الإرسال: الاثنين، 2 مارس 2026 10:00",
        "إلى: Ana <ana@y.example>",
        "الموضوع: رد: طلب",
    ),
    "vi": (
        "Từ: Jo Miller <jo@x.example>",
        "Đã gửi: Thứ Hai, 2 Tháng Ba 2026 10:00",
        "Đến: Ana <ana@y.example>",
        "Chủ đề: RE: Đơn hàng",
    ),
    "ro": (
        "De la: Jo Miller <jo@x.example>",
        "Trimis: luni, 2 martie 2026 10:00",
        "Către: Ana <ana@y.example>",
        "Subiect: RE: Comanda",
    ),
    "hu": (
        "Feladó: Jo Miller <jo@x.example>",
        "Elküldve: 2026. március 2., hétfő 10:00",
        "Címzett: Ana <ana@y.example>",
        "Tárgy: RE: Rendelés",
    ),
    "el": (
        "Από: Jo Miller <jo@x.example>",
        "Στάλθηκε: Δευτέρα, 2 Μαρτίου 2026 10:00",
        "Προς: Ana <ana@y.example>",
        "Θέμα: RE: Παραγγελία",
    ),
    "bg": (
        "От: Jo Miller <jo@x.example>",
        "Изпратено: понеделник, 2 март 2026 г. 10:00",
        "До: Ana <ana@y.example>",
        "Относно: RE: Поръчка",
    ),
    "hr": (
        "Od: Jo Miller <jo@x.example>",
        "Poslano: ponedjeljak, 2. ožujka 2026. 10:00",
        "Prima: Ana <ana@y.example>",
        "Predmet: RE: Narudžba",
    ),
    "sk": (
        "Od: Jo Miller <jo@x.example>",
        "Odoslané: pondelok 2. marca 2026 10:00",
        "Komu: Ana <ana@y.example>",
        "Predmet: RE: Objednávka",
    ),
}

SEPARATORS = [
    "",
    "________________________________",
    "-----Original Message-----",
    "-----Ursprüngliche Nachricht-----",
    "------ Original Message ------",
    "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐",
    "-------- Mensagem original --------",
    "----- Messaggio originale -----",
    "-----Message d'origine-----",
    "-----Mensaje original-----",
    "-----Oorspronkelijk bericht-----",
    "-----Wiadomość oryginalna-----",
    "-----Исходное сообщение-----",
    "-----Ursprungligt meddelande-----",
    "-----Oprindelig meddelelse-----",
    "-----Opprinnelig melding-----",
    "-----Alkuperäinen viesti-----",
    "-----Původní zpráva-----",
    "-----Özgün İleti-----",
    "------------------ 原始邮件 ------------------",
    "-----原始郵件-----",
    "-----元のメッセージ-----",
    "-----원본 메시지-----",
    "-----הודעה מקורית-----",
    "-----الرسالة الأصلية-----",
    "-----Thư gốc-----",
    "-------- Message original --------",
    "  _____  ",
    "------------------ Original ------------------",
    "-----\n",
    "---------- Svar ----------",
]

DEVICE_LINES = """
Sent from my iPhone
Sent from my Samsung Galaxy smartphone.
Sent from my BlackBerry 10 smartphone.
Sent via BlackBerry from T-Mobile
Sent from Mail for Windows 10
Sent from Mail for Windows
Sent from Yahoo Mail for iPhone
Sent from Yahoo Mail on Android
Get Outlook for iOS
Get Outlook for Android<https://aka.ms/x>
Sent from Outlook for iOS
Sent with Proton Mail secure email.
Sent from ProtonMail mobile
Sent from my mobile device
Sent from my Android phone with K-9 Mail.
Sent from my Verizon, Samsung Galaxy smartphone
Enviado do meu iPhone
Enviado a partir do meu iPhone
Enviado do Outlook para iOS
Enviado desde mi iPhone
Enviado desde Outlook para Android
Enviado desde Yahoo Mail para iPhone
Obtener Outlook para iOS
Obter o Outlook para iOS
Envoyé de mon iPhone
Envoyé depuis mon téléphone mobile
Envoyé de mon téléphone Samsung
Obtenez Outlook pour iOS
Télécharger Outlook pour Android
Envoyé à partir de Outlook pour iOS
Von meinem iPhone gesendet
Gesendet von meinem iPad
Gesendet von Outlook für iOS
Holen Sie sich Outlook für iOS
Diese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet.
Gesendet mit der GMX Mail App
Von Samsung Mobile gesendet
Inviato da iPhone
Inviato dal mio iPhone
Inviato da Outlook per iOS
Scarica Outlook per iOS
Ottieni Outlook per Android
Verstuurd vanaf mijn iPhone
Verzonden vanaf mijn Samsung-apparaat
Outlook voor iOS downloaden
Wysłane z iPhone'a
Wysłano z iPhone’a
Pobierz aplikację Outlook dla systemu iOS
Отправлено с iPhone
Отправлено с моего iPhone
Отправлено из мобильной Почты Mail.ru
Отправлено из мобильной Яндекс Почты
Получите Outlook для iOS
Скачать Outlook для iOS
Надіслано з iPhone
Надіслано з пошти ukr.net
Skickat från min iPhone
Hämta Outlook för iOS
Sendt fra min iPhone
Hent Outlook til iOS
Få Outlook for iOS
Lähetetty iPhonesta
Hanki Outlook for iOS
Odesláno z iPhonu
Odesláno z mého iPhonu
Získat Outlook pro iOS
Stáhněte si Outlook pro iOS
iPhone'umdan gönderildi
iPhone’umdan gönderildi
iOS için Outlook'u edinin
发自我的iPhone
发自我的 iPhone
从我的 iPhone 发送
從我的 iPhone 傳送
獲取適用於 iOS 的 Outlook
获取 Outlook for iOS
发送自 Windows 10 版邮件应用
发自我的小米手机
iPhoneから送信
iPadから送信
Outlook for iOS を入手
나의 iPhone에서 보냄
iPhone에서 보냄
내 Galaxy에서 보냄
Android용 Outlook 다운로드
נשלח מה-iPhone שלי
‏נשלח מה-iPhone שלי
‫קבל את Outlook עבור iOS‬
أرسلت من الـ iPhone
تم الإرسال من iPhone
احصل على Outlook لـ iOS
Đã gửi từ iPhone của tôi
Gửi từ iPhone của tôi
Tải Outlook cho iOS
Trimis de pe iPhone-ul meu
Az iPhone-omról küldve
Στάλθηκε από το iPhone μου
Изпратено от моя iPhone
Poslano s mog iPhonea
Odoslané z môjho iPhonu
Enviat des del meu iPhone
Dikirim dari iPhone saya
ส่งจาก iPhone ของฉัน
Sent from Gmail Mobile
Sent from Spark
Sent via Superhuman
Sent from myMail for iOS
Sent from AOL Mobile Mail
Sent from my T-Mobile 4G LTE Device
Sent from Smartphone
Sent using Zoho Mail
Sent from HEY
Sent with Tutanota
Sent from eM Client
Sent from a mobile device; please excuse brevity
<sent from my phone>
(sent from my phone)
-- Sent with Spark
""".strip().split("\n")

NO_DEVICE_LINES = """
Sent you the phone number yesterday.
I sent it from my phone.
Von meiner Seite ist alles klar.
Von meiner mobilen Nummer aus geht es nicht.
Meine Mail wurde gestern gesendet.
Get the parcel to me by mobile courier
Enviado ontem pelo correio.
由于手机坏了
Enviado por correio para o meu celular novo não chegou, o que fazer?
Gesendet wurde das Paket am Montag.
Verzonden pakket niet ontvangen
La commande envoyée est cassée
Отправлено вам вчера
iPhone kaputt, bitte um Rückruf
Ik heb een nieuwe phone verzonden
Download link is broken
手机无法发送
Hent pakken på fredag
We sent the samsung tablet back
""".strip().split("\n")
