"""Header labels as mail clients print them above a quoted or forwarded mail.

One table per role; every spelling is lower case. A client's language is not known beforehand,
so a label counts for its role whatever the language around it.
"""

from __future__ import annotations

from typing import Final, Literal

Role = Literal["from", "date", "to", "cc", "subject", "reply_to", "other"]

_TABLE: Final[dict[Role, str]] = {
    "from": (
        "expeditorul|від кого|"
        "from|sender|de|von|da|van|od|от|від|от кого|отправитель|från|fra|lähettäjä|odesílatel|"
        "odosielateľ|kimden|gönderen|nadawca|发件人|发信人|寄件者|寄件人|差出人|送信者|"
        "送信元|from|"
        "보낸 사람|보낸사람|보낸이|발신|발신자|מאת|שולח|من|المرسل|từ|người gửi|expéditeur|"
        "absender|"
        "remetente|remitente|mittente|afzender|verzonden door|avsändare|afsender|avsender|"
        "feladó|από|αποστολέας|подател|pošiljatelj|pošiljalac|pošiljatel|šalje|expeditor|de la|"
        "dari|จาก|از|प्रेषक|desde|saatja|no|siuntėjas|nuo|sūtītājs|frá|от:|von dem|"
        "eredeti feladó|"
        "från/from|from/von|шаље|pengirim|ผู้ส่ง|فرستنده|delivered by"
    ),
    "date": (
        "gönderilen|"
        "date|sent|sent at|sent on|date sent|gesendet|datum|gesendet am|verschickt|envoyé|"
        "envoyé le|envoyée|message du|date d'envoi|enviado|enviado el|enviado em|enviada|"
        "enviada em|enviadas|"
        "enviados|data|fecha|fecha de envío|inviato|inviato il|inviata|data invio|verzonden|"
        "verzonden op|wysłano|wysłane|data wysłania|отправлено|дата|дата отправки|надіслано|"
        "відправлено|дата надсилання|skickat|skickat den|sendt|dato|sendt den|dato sendt|"
        "lähetetty|päiväys|päivämäärä|pvm|lähetysaika|odesláno|odoslané|dátum|gönderildi|"
        "gönderim|gönderme tarihi|tarih|gönderilme tarihi|发送时间|发送日期|日期|时间|"
        "傳送時間|寄件日期|"
        "傳送日期|寄送時間|時間|送信日時|送信日|日時|日付|보낸 날짜|보낸날짜|날짜|"
        "보낸 시간|일시|보냄|발송일|"
        "נשלח|נשלח ב|תאריך|תאריך שליחה|تاريخ الإرسال|التاريخ|أُرسل|أرسلت|تم الإرسال|التأريخ|"
        "ngày|đã gửi|gửi|ngày gửi|thời gian|elküldve|küldve|küldés dátuma|"
        "στάλθηκε|ημερομηνία|εστάλη|изпратено|изпратен|poslano|poslato|poslané|datum slanja|"
        "trimis|data trimiterii|dată|tanggal|dikirim|terkirim|วันที่|ส่ง|تاریخ|दिनांक|"
        "saadetud|kuupäev|išsiųsta|data:|nosūtīts|datums|dagsetning|sent date|received|"
        "reçu|empfangen|recibido|ricevuto|enviat|data i hora"
    ),
    "to": (
        "destinatarul|pre|送信先|"
        "to|recipient|recipients|an|empfänger|à|a|pour|destinataire|destinataires|para|"
        "destinatario|destinatário|destinatarios|aan|ontvanger|do|odbiorca|adresat|кому|"
        "получатель|до|till|til|vastaanottaja|komu|příjemce|príjemca|kime|alıcı|收件人|"
        "收信人|收件者|"
        "宛先|宛て先|받는 사람|받는사람|받는이|수신|수신자|אל|לכבוד|נמען|إلى|المستلم|đến|"
        "tới|người nhận|"
        "címzett|προς|парола до|до кого|za|prima|primatelj|primalac|către|la|kepada|ถึง|به|"
        "प्रति|saaja|kellele|kam|gavėjas|kam:|til:|per|a:|viðtakandi|an:"
    ),
    "cc": (
        "kópia|kopie (cc)|copie à|"
        "cc|c.c.|kopie|kopia|kopi|kopio|copie|copia|cópia|копия|копія|másolatot kap|"
        "másolat|bilgi|抄送|副本|cc:|참조|עותק|העתק|نسخة|نسخة إلى|đồng kính gửi|κοιν.|κοινοποίηση|"
        "копие|kopija|dw|udw|cci|cco|ccn|bcc|abschriften|tembusan|สำเนา|رونوشت|скрытая копия|"
        "密送|密件副本|숨은참조|skrytá kopie|gizli"
    ),
    "subject": (
        "subiectul|subject|betreff|objet|sujet|assunto|asunto|oggetto|onderwerp|temat|тема|ämne|emne|aihe|"
        "otsikko|předmět|predmet|konu|主题|主題|主旨|标题|標題|件名|제목|נושא|الموضوع|موضوع|"
        "chủ đề|tiêu đề|tárgy|θέμα|относно|naslov|zadeva|subiect|subjek|perihal|judul|เรื่อง|"
        "हिषय|विषय|teema|tema|temats|efni|assumpte|gaia|предмет|re"
    ),
    "reply_to": (
        "odgovori na|odpověď na|válaszcím|odpowiedź-do|răspuns către|ответ-кому|"
        "odpovedať-pre|кому відповісти|"
        "reply-to|reply to|antwort an|antworten an|répondre à|responder a|responder para|"
        "rispondi a|antwoord aan|beantwoorden|odpowiedz do|ответить|кому ответить|svara till|"
        "svar til|svara|vastaus|odpovědět|yanıt adresi|yanıtla|回复|回复至|回覆|返信先|회신|"
        "השב אל|الرد على|trả lời"
    ),
    "other": (
        "importance|priority|wichtigkeit|priorität|importância|importancia|importanza|urgentie|"
        "ważność|priorytet|важность|приоритет|attachments|attachment|anlagen|anhang|anhänge|"
        "pièces jointes|anexos|adjuntos|datos adjuntos|allegati|bijlagen|załączniki|вложения|"
        "bifogade filer|vedhæftede filer|vedlegg|liitteet|přílohy|ekler|附件|添付ファイル|첨부|"
        "organization|organisation|mailed-by|signed-by|security|newsgroups|message-id|"
        "sensitivity|categories|due|reply requested|folder"
    ),
}


def _by_label() -> dict[str, Role]:
    result: dict[str, Role] = {}
    for role, labels in _TABLE.items():
        for label in labels.split("|"):
            result.setdefault(label.rstrip(":"), role)
    return result


LABELS: Final[dict[str, Role]] = _by_label()

LONGEST_LABEL: Final = max(map(len, LABELS))
