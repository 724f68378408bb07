"""What stands between dashes above an older mail, and above a forwarded one."""

from __future__ import annotations

from typing import Final

ORIGINAL: Final = frozenset(
    """
original message|the original message|original email|original mail|originalmessage|reply message
reply separator|replied message|reply|quoted message|previous message|in reply to
message history
mensagem original|e-mail original|mensaje original|correo original|message d'origine
message original|message d’origine|courriel original|ursprüngliche nachricht
ursprüngliche mail|ursprüngliche e-mail|originalnachricht|original-nachricht|original nachricht
original-mail|messaggio originale|messaggio originario|oorspronkelijk bericht
origineel bericht|oorspronkelijke bericht|wiadomość oryginalna|oryginalna wiadomość
oryginalny list|исходное сообщение|исходное письмо|оригинальное сообщение
первоначальное сообщение|вихідне повідомлення|оригінальне повідомлення|початкове повідомлення
ursprungligt meddelande|originalmeddelande|ursprungligt e-brev|oprindelig meddelelse
original meddelelse|den oprindelige meddelelse|oprindelig besked|opprinnelig melding
original melding|opprinnelig e-post|alkuperäinen viesti|alkuperäinen sähköposti
původní zpráva|původní e-mail|pôvodná správa|originálna správa|özgün ileti|orijinal mesaj
orijinal ileti|özgün mesaj|asıl mesaj|原始邮件|原始郵件|邮件原件|原邮件|原件|原始訊息|原信
回复的原邮件|回复的邮件|元のメッセージ|オリジナルメッセージ|元のメール
オリジナル メッセージ|원본 메시지
원본 메일|원본메시지|원본메일|원래 메시지|הודעה מקורית|ההודעה המקורית|הודעה ראשית
الرسالة الأصلية
رسالة أصلية|thư gốc|tin nhắn gốc|thông điệp gốc|thư ban đầu|eredeti üzenet|eredeti levél
αρχικό μήνυμα|αρχικο μηνυμα|оригинално съобщение|изходно съобщение|izvorna poruka
originalna poruka|mesaj original|mesajul original|mesaj inițial|izvirno sporočilo
originalno sporočilo|pesan asli|ข้อความต้นฉบับ|پیام اصلی|मूल संदेश|missatge original
algne kiri|algne sõnum|originalus laiškas|pirminis pranešimas|sākotnējais ziņojums
oriģinālais ziņojums|upprunaleg skilaboð|jatorrizko mezua|mensaxe orixinal|оригинална порука
""".strip()
    .replace("\n", "|")
    .split("|")
)

FORWARD: Final = frozenset(
    """
forwarded message|forwarded email|forwarded mail|forward message|forwarded by|begin forward
start of forwarded message|message transféré|courriel transféré|message transmis
mensagem encaminhada|mensagem reencaminhada|mensagem reenviada|email encaminhado
mensaje reenviado|correo reenviado|mensaje remitido|weitergeleitete nachricht
weitergeleitete mail|weitergeleitete e-mail|messaggio inoltrato|inoltrato da
doorgestuurd bericht|doorgezonden bericht|doorgestuurde e-mail|przekazana wiadomość
wiadomość przekazana|treść przekazanej wiadomości|przekazana przez
пересылаемое сообщение|пересланное сообщение|перенаправленное сообщение|пересылаемое письмо
пересланное письмо|начало пересылаемого сообщения|переслане повідомлення
пересилане повідомлення|перенаправлене повідомлення|vidarebefordrat meddelande
vidarebefordrat brev|videresendt meddelelse|videresendt besked|videresendt melding
videresendt e-post|välitetty viesti|edelleenlähetetty viesti|přeposlaná zpráva
předaná zpráva|preposlaná správa|iletilen ileti|iletilmiş mesaj|yönlendirilen ileti
yönlendirilmiş ileti|iletilen mesaj|转发的邮件|转发邮件|已转发邮件|轉寄郵件|轉寄的郵件
已轉寄的郵件
轉寄訊息|转发信息|转发的邮件信息|転送メッセージ|転送されたメッセージ|転送メール
전달된 메시지|전달된 메일
전달 메시지|전달된메시지|הודעה שהועברה|הודעה מועברת|رسالة معاد توجيهها|رسالة مُعاد توجيهها
الرسالة المعاد توجيهها|رسالة محولة|thư đã chuyển tiếp|thư được chuyển tiếp
tin nhắn được chuyển tiếp
chuyển tiếp tin nhắn|továbbított üzenet|továbbított levél|προωθημένο μήνυμα
προωθούμενο μήνυμα|препратено съобщение|препратено писмо|proslijeđena poruka
prosleđena poruka|mesaj redirecționat|mesaj transmis mai departe|mesaj înaintat
posredovano sporočilo|pesan yang diteruskan|pesan terusan|ข้อความที่ส่งต่อ|ข้อความส่งต่อ|پیام هدایت‌شده
अग्रेषित संदेश|missatge reenviat|edastatud kiri|edastatud sõnum|persiųstas laiškas
persiunčiamas laiškas|pārsūtīts ziņojums|pārsūtītais ziņojums|áframsend skilaboð
прослеђена порука
wiadomość przesłana dalej|メッセージを転送|välitetty viesti / fwd.msg
preposlaná správa --- forwarded message
weitergeleitet von|transféré par|encaminhado por|reenviado por
doorgestuurd door|przesłane dalej przez|vidarebefordrat av|videresendt af|videresendt av
переслал|überwiesen von
""".strip()
    .replace("\n", "|")
    .split("|")
)

FORWARD_BEGIN: Final = (
    # Apple Mail and others write these without dashes, ending in a colon.
    "begin forwarded message",
    "start of forwarded message",
    "début du message réexpédié",
    "début du message transféré",
    "anfang der weitergeleiteten nachricht",
    "anfang der weitergeleiteten e-mail",
    "beginn der weitergeleiteten nachricht",
    "inicio del mensaje reenviado",
    "inicio del mensaje remitido",
    "início da mensagem encaminhada",
    "início da mensagem reencaminhada",
    "início da mensagem reenviada",
    "inizio messaggio inoltrato",
    "inizio del messaggio inoltrato",
    "begin doorgestuurd bericht",
    "begin van het doorgestuurde bericht",
    "początek przekazywanej wiadomości",
    "początek przekazanej wiadomości",
    "начало переадресованного сообщения",
    "начало пересылаемого сообщения",
    "початок листа, що пересилається",
    "початок переадресованого повідомлення",
    "vidarebefordrat brev",
    "vidarebefordrat mejl",
    "start på videresendt besked",
    "videresendt besked",
    "start på videresendt e-mail",
    "videresendt melding",
    "start på videresendt melding",
    "välitetty viesti alkaa",
    "välitetyn viestin alku",
    "začátek přeposílané zprávy",
    "začátek přeposlané zprávy",
    "začiatok preposlanej správy",
    "iletilen ileti başlangıcı",
    "başlangıç iletilen ileti",
    "yönlendirilen iletinin başlangıcı",
    "下面是被转发的邮件",
    "以下是轉寄的郵件",
    "開始轉寄郵件",
    "开始转发邮件",
    "転送されたメッセージ",
    "以下は転送されたメッセージです",
    "전달된 메시지 시작",
    "전달된 메시지",
    "תחילת ההודעה שהועברה",
    "תחילת הודעה שהועברה",
    "بداية الرسالة المعاد توجيهها",
    "بداية الرسالة المُعاد إرسالها",
    "bắt đầu thư được chuyển tiếp",
    "bắt đầu tin nhắn được chuyển tiếp",
    "începutul mesajului redirecționat",
    "începe mesajul redirecționat",
    "továbbított üzenet kezdete",
    "a továbbított levél kezdete",
    "αρχή προωθημένου μηνύματος",
    "αρχή προωθούμενου μηνύματος",
    "továbbított levél kezdete",
    "započni proslijeđenu poruku",
    "ileti başlangıcı",
    "начало на препратеното съобщение",
    "početak proslijeđene poruke",
    "početak prosleđene poruke",
    "inici del missatge reenviat",
    "awal pesan yang diteruskan",
)

ABOVE_THIS_LINE: Final = (
    # Help desks ask for the answer above such a line.
    "reply above this line",
    "type your reply above",
    "write above this line",
    "respond above this line",
    "reply above this",
    "please reply above",
    "antworten sie oberhalb dieser zeile",
    "antwort bitte oberhalb dieser zeile",
    "oberhalb dieser linie",
    "oberhalb dieser zeile",
    "répondre au-dessus de cette ligne",
    "au-dessus de cette ligne",
    "responda acima desta linha",
    "acima desta linha",
    "encima de esta línea",
    "por encima de esta línea",
    "sopra questa riga",
    "sopra questa linea",
    "boven deze regel",
    "boven deze lijn",
    "powyżej tej linii",
    "выше этой строки",
    "вище цього рядка",
    "ovanför den här raden",
    "over denne linje",
    "over denne linjen",
    "tämän rivin yläpuolelle",
    "nad tento řádek",
    "bu satırın üstüne",
    "在此行上方",
    "この行より上",
    "이 줄 위에",
)
