"""Lines that a device, an app or a virus scanner puts below a mail, in every language."""

from __future__ import annotations

import re
from typing import Final

_DEVICE: Final = (
    r"i\s?phon|i\s?pad|i\s?pod|apple watch|my mac|macbook|android|samsung|galaxy|huawei|"
    r"xiaomi|"
    r"redmi|oppo|vivo|oneplus|pixel|nokia|motorola|sony|xperia|htc|honor|realme|blackberry|"
    r"windows|phone|smartfon\w*|tablet\w*|mobile|mobil\w*|móvil|celular|telemóvel|handy|"
    r"телефон\w*|смартфон\w*|планшет\w*|wireless|handheld|my device|gerät|appareil|"
    r"dispositivo|apparaat|enhet|enhed|laitteesta|urządzeni\w*|zařízení|zariadenia|cihaz\w*|"
    r"készülék\w*|συσκευή|surface|手机|手機|スマートフォン|携帯|스마트폰|휴대폰|אייפון|"
    r"סמארטפון|הנייד|"
    r"هاتف\w*|جهاز\w*|الآيفون|điện thoại|thiết bị|ponsel|perangkat"
)

_APP: Final = (
    r"outlook|yahoo|gmail|google mail|mail for |mail app|proton\s?mail|proton|k-9|spark|"
    r"superhuman|"
    r"nine|aqua\s?mail|bluemail|verizon|at&t|t-mobile|polymail|newton|front\b|missive|hey\b|"
    r"mailbox\b|typeapp|edison|canary|airmail|thunderbird|mailbird|em client|zoho|fastmail|"
    r"tutanota|tuta\b|gmx|"
    r"web\.de|freenet|orange|laposte|sfr|mail\.ru|почты|яндекс\w*|yandex|rambler|qq|foxmail|"
    r"网易|163|邮箱|信箱|郵件|邮件|メール|네이버|naver|daum|bol|uol|libero|tiscali|seznam|"
    r"wp\.pl|onet|"
    r"o2\.pl|interia|ukr\.net|i\.ua|mailspring|roundcube|horde|zimbra|mutt|webmail"
)

_STARTS: Final = (
    r"sent (?:from|via|using|with|by|on|through)|written on|typed on|composed on|sent securely|"
    r"message sent (?:from|via)|this (?:e-?mail|message) was sent (?:from|via|with)|"
    r"gesendet (?:von|mit|über|aus)|verschickt (?:von|mit)|versendet (?:von|mit)|"
    r"diese (?:nachricht|e-?mail|mail) wurde (?:von|mit)|"
    r"envoyée? (?:de|depuis|à partir|avec|par|via)|provenance :|message envoyé (?:de|avec)|"
    r"enviad[oa] (?:desde|do|da|de|pelo|pela|a partir|com|con|via)|"
    r"inviat[oa] (?:da|dal|dall'|con|tramite)|"
    r"verstuurd (?:vanaf|vanuit|met|van|via)|verzonden (?:vanaf|vanuit|met|van|via)|"
    r"wysłan[eoay] (?:z|ze|przez|za)|отправлено (?:с|из|через)|послано с|"
    r"надіслано (?:з|із|через)|відправлено (?:з|із)|"
    r"skickat (?:från|med|via)|skickades från|sendt (?:fra|via|med|frá)|sent úr|lähetetty|"
    r"odesláno (?:z|ze)|posláno (?:z|ze)|odoslané (?:z|zo)|trimis (?:de|din|cu)|elküldve|"
    r"küldve|"
    r"στάλθηκε|εστάλη|αποστολή από|изпратено (?:от|с)|posla[nt]o (?:s|sa|z|iz)|"
    r"enviat (?:des|amb)|saadetud|išsiųsta|nosūtīts|dikirim dari|bidali|"
    r"发自|发送自|寄自|来自|來自|傳送自|נשלח|שלח מ|أرسلت|أُرسلت|"
    r"تم الإرسال|مرسلة|"
    r"được gửi|đã gửi từ|gửi từ|ส่งจาก|فرستاده|ارسال شده"
)

_GET: Final = (
    r"get|download|holen sie sich|laden sie|obtenez|télécharge[rz]|obtener|obter|obtenga|"
    r"obtenha|"
    r"descargar|baixe|ottieni|scarica|outlook voor|pobierz|получить|скачать|отримати|"
    r"hämta|hent|"
    r"få|hanki|získat|získejte|stáhněte|získajte|获取|獲取|取得|получите|下载|下載|"
    r"قم بتنزيل|הורד|קבל|"
    r"tải|다운로드|"
    r"ottenere|download de|descarca[țt]i|töltse le|letöltés|λήψη"
)

_ENDS: Final = (
    # The device comes first in these languages.
    r"gönderildi|gönderilmiştir|küldve|elküldve|から送信|から送信されました|より送信|"
    r"を使用して送信|"
    r"で送信|에서 보냄|에서 보낸 메일|에서 보냈습니다|에서 전송|"
    r"에서 발송|भेजा गया"
)

_AROUND: Final = (
    # Words before and after the device.
    r"von (?:meinem|meiner|unterwegs).{0,60}?(?:gesendet|verschickt|geschrieben|geschickt)|"
    rf"von .{{0,20}}?(?:{_DEVICE}).{{0,20}}?gesendet|"
    rf"(?:从|從|由|通过|透過|自).{{0,20}}?(?:{_DEVICE}).{{0,20}}?(?:发送|發送|傳送|寄出)|"
    rf"enviad[oa] por .{{0,10}}?(?:{_APP})|"
    r"[^.!]{0,40}outlook[^.!]{0,30}(?:ios|android)|[^.!]{0,20}(?:ios|android).{0,20}outlook"
)

_MINE: Final = (
    r"(?:sent (?:from|via|on)|gesendet von|envoyé (?:de|depuis)|enviado (?:desde|do|de)|"
    r"inviato da(?:l|lla)?|verstuurd vanaf|verzonden vanaf|wysłan[eo] z|отправлено с|"
    r"надіслано з|skickat från|sendt fra|odesláno z) "
    r"(?:my|meinem|meiner|mon|ma|mi|meu|minha|mio|mia|mijn|mojego|mojej|моего|моей|мого|min|"
    r"mitt|mého|mé) [^.!?:;,]{2,40}(?:, (?:please )?(?:excuse|sorry|pardon)[^.!?]{0,60})?\.?$"
)
"""Whatever it is sent from, it is the writer's own thing."""

DEVICE_LINE: Final = re.compile(
    rf"[-_*~<\[(\s]{{0,8}}(?:(?:{_STARTS})[^,.!?;:]{{0,28}}?(?:{_DEVICE}|{_APP})"
    rf"|(?:{_GET})\s?.{{0,4}}(?:outlook|yahoo|bluemail|gmail|proton)"
    rf"|outlook (?:voor|para|pour|för|für|per|for|til|dla|для|na) "
    rf"|(?:{_AROUND})"
    rf"|(?:{_MINE})"
    rf"|from my (?:{_DEVICE})[^.!?,]{{0,20}}$"
    r"|sent (?:from|via|with|using) [\w.-]{2,20}(?: for [\w ]{2,12}| ?[<(\[]https?://\S{1,300})$"
    rf"|.{{0,20}}?(?:{_DEVICE}|outlook|yahoo).{{0,30}}?(?:{_ENDS})[.。\s]{{0,3}}$)"
)
"""Matches the start of a lower-case line of at most 200 characters."""

FOOTERS: Final = (
    "virus-free.",
    "virenfrei.",
    "libre de virus.",
    "sem vírus.",
    "livre de vírus.",
    "garanti sans virus",
    "privo di virus",
    "virusvrij.",
    "без вирусов.",
    "this email has been checked for viruses",
    "this message has been checked for viruses",
    "diese e-mail wurde von avast",
    "este e-mail foi verificado",
    "este correo electrónico ha sido comprobado",
    "el software de antivirus avast",
    "l'absence de virus",
    "questa e-mail è stata controllata",
    "deze e-mail is gecontroleerd",
    "ta wiadomość e-mail została sprawdzona",
    "это сообщение проверено на вирусы",
    "you received this message because you are subscribed to the google group",
    "you received this message because you are subscribed to",
    "to unsubscribe from this group and stop receiving emails",
    "reply to this email directly or view it on github",
    "— reply to this email directly",
)

DISCLAIMERS: Final = (
    "confidentiality notice",
    "disclaimer:",
    "confidentiality:",
    "privileged and confidential",
    "this email and any attachments are confidential",
    "this e-mail and any attachments are confidential",
    "this email and any files transmitted with it",
    "this e-mail and any files transmitted with it",
    "this message and any attachments",
    "this e-mail message and any attachments",
    "this email (including any attachments)",
    "this e-mail (including any attachments)",
    "this e-mail may contain confidential",
    "this email may contain confidential",
    "this message contains confidential",
    "this message may contain confidential",
    "this communication is confidential",
    "the information contained in this e-mail",
    "the information contained in this email",
    "the information contained in this message",
    "the information in this email is confidential",
    "the contents of this e-mail",
    "the contents of this email",
    "please consider the environment before printing",
    "diese e-mail enthält vertrauliche",
    "diese e-mail kann vertrauliche",
    "diese nachricht enthält vertrauliche",
    "der inhalt dieser e-mail ist",
    "die in dieser e-mail enthaltenen informationen",
    "ce message et toutes les pièces jointes",
    "ce message et ses pièces jointes",
    "ce courriel et les documents",
    "ce message est confidentiel",
    "aviso legal",
    "aviso de confidencialidad",
    "este mensaje y sus archivos adjuntos",
    "este mensaje y, en su caso",
    "este correo electrónico y sus",
    "aviso de confidencialidade",
    "esta mensagem e seus anexos",
    "esta mensagem pode conter informa",
    "esta mensagem, incluindo seus anexos",
    "as informações contidas nesta mensagem",
    "le informazioni contenute in questo",
    "questo messaggio e i suoi allegati",
    "questa e-mail e i suoi allegati",
    "dit bericht is vertrouwelijk",
    "deze e-mail en eventuele bijlagen",
    "de informatie in deze e-mail",
    "de informatie verzonden met dit e-mail",
    "niniejsza wiadomość",
    "treść tej wiadomości",
    "это сообщение и любые",
    "настоящее сообщение",
    "det här meddelandet och",
    "detta meddelande är konfidentiellt",
    "denne e-mail indeholder fortrolige",
    "denne e-mail kan indeholde fortrolig",
    "denne e-posten og eventuelle",
    "tämä viesti ja sen liitteet",
    "tento e-mail a všechny",
    "tato zpráva a všechny",
    "bu e-posta ve ekleri",
    "bu mesaj ve ekleri",
    "本邮件及其附件",
    "本電子郵件及其附件",
    "此郵件及其附件",
    "本メールは",
    "このメールには秘密",
    "본 메일은",
    "본 이메일은",
    "הודעה זו וכל",
    "هذه الرسالة وأي مرفقات",
    "email này và các tệp",
)
