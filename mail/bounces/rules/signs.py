"""By what a bounce is known: who sends it, what its subject and its text say."""

from __future__ import annotations

import re
from typing import Final

DAEMON: Final = re.compile(
    r"(?:^|[<\s\"'(/])(?:mailer[-_ ]?daemon|mail[-_ ]?daemon|maildaemon|mdaemon|mmdf|mailer|"
    r"post[-_ ]?master|mail[-_. ]?(?:delivery|admin|system|router|gateway|mailer|server|agent|"
    r"robot|hub|deliver|bounce|failure)\w*|bounces?|bounce[-+_=]\S{0,100}|delivery[-_. ]?"
    r"(?:sub)?(?:system|status|failure|agent|service|notification|daemon|manager)?|undeliver\w*|"
    r"ndr|dsn|smtp[-_ ]?(?:gateway|daemon|server)?|system[-_ ]?admin\w*|administrator|"
    r"microsoft ?exchange\w*|exchange ?(?:server|administrator)?|no-?reply-?(?:bounce|dsn)|"
    r"internet mail delivery|mta|notes ?admin\w*|lotus|domino|groupwise|interscan\w*|"
    r"imss|symantec\w*|mailsweeper|mailmarshal|mimecast|barracuda|postini|messagelabs|"
    r"mail ?delivery|returned ?mail|non-?delivery\w*|errors?[-_]?to|owner-\S{0,60}|"
    r"mail-?failure|failed-?mail|daemon|qmail|exim|postfix|sendmail|zmailer|"
    r"communigate|surgemail|kerio\w*|zimbra|auto-?notify|"
    r"sendonly|"
    r"почтов\w* (?:сервер|систем|робот)\w*|邮件(?:系统|投递|退信)\S*|系統退信|系统退信|退信|"
    r"メール(?:配信|サーバ|送信)\S*)"
    r"(?=$|[@>\s\"')/.,_\\-])",
    re.IGNORECASE,
)
"""In a From header, in lower case."""

SERVER: Final = re.compile(
    r"(?:^|[<\s\"'(])(?:mailer[-_ ]?daemon|post[-_ ]?master|mail delivery (?:sub)?system|"
    r"mail delivery (?:service|agent))(?=$|[@>\s\"'),.\\-])",
    re.IGNORECASE,
)
"""In a From header: names that no person and no shop goes by."""

REPORT: Final = re.compile(
    r"\A[\s*#=_.-]{0,200}(?:this is an? (?:automat\w+|permanent|temporary|advisory)|"
    r"(?:your )?(?:e-?mail |mail |message )?(?:non-?delivery|delivery failure|undeliverable|"
    r"delivery status)[\w ]{0,20}(?:report|notification|notice|receipt|message)|"
    r"message from \w|failed recipients?|(?:the )?(?:following|original|attached) "
    r"(?:mail|message|e-?mail) (?:could|was|can))",
    re.IGNORECASE,
)
"""How reports of servers begin."""

SUBJECT: Final = re.compile(
    r"undeliver|non-?deliver|message you sent|not deliver|"
    r"deliver\w* (?:status|fail|error|problem|report|"
    r"has failed|"
    r"delay|notification|incomplete|unsuccess)|fail\w* (?:to deliver|delivery|notice|mail|"
    r"notification"
    r"|recipient)|mail (?:could not|delivery|failure|error|system error|not delivered|"
    r"returned)|"
    r"returned? (?:mail|to sender|message|e-?mail)|mail ?status report|message status|"
    r"(?:message|mail|e-?mail) (?:not|could not be|cannot be|was not|was blocked|delayed|"
    r"failed|"
    r"rejected|undeliver|couldn)|bounce|user unknown|unknown user|rejected|failure notice|"
    r"failed:? |"
    r"delayed|could ?n[o']t (?:send|be deliver|be sent|deliver)|unable to deliver|"
    r"address (?:not found|unknown|error)|"
    r"permanent (?:failure|error)|delivery$|warning: |notification d'|undelivered|mdaemon|"
    r"problem delivering|could not send|error sending|mail error|nondeliverable|mailbox full|"
    r"unzustellbar|nicht zu(?:ge)?stell|zustell(?:ung|status|fehler)|unzustellbarkeits|"
    r"fehlgeschlagen|rückmeldung|non (?:remis|distribu|délivr|livr)|échec|echec|impossible de"
    r"|retour à l'exp|non recapitabil|mancat[ao] (?:recapito|consegna)|non consegn|impossibile|"
    r"recapito|no (?:se (?:ha )?(?:pudo|puede)|entreg)|no entregad|imposible|devuelt|"
    r"error de entrega|fallo en la entrega|n[aã]o (?:entreg|p[oô]de|foi poss)|devolvid|"
    r"falha (?:na|de|no)|não é possível entregar|erro (?:na|de|no) (?:entrega|envio)|"
    r"niet (?:bezorg|afgelever|verzonden|bestel)|onbestelbaar|mislukt|"
    r"nie (?:dostarcz|można|udało)|niedostarcz|zwrot|niedoręcz|"
    r"не (?:доставлен|удалось доставить|удается доставить)|недоставлен|невозможно доставить|"
    r"ошибка доставки|возврат|не вдалося|недоставлене|не доставлено|"
    r"kan inte leverera|går inte att leverera|olevererbar|kunne ikke leveres|ikke leveres|"
    r"kan ikke"
    r"|uleveret|kunne ikke levere|ei voi(?:da|tu)? toimittaa|toimit(?:us|tami)|palautet|"
    r"nedoruč|nelze doručit|nedodan|vrácen|teslim edilem|iletilem|gönderilem|kézbesít|"
    r"δεν ήταν δυνατή|αδυναμία|nelivrat|imposibil|недостав|ne(?:isporuč|uspjel|uspel)|"
    r"退信|退回|"
    r"投递失败|投遞失敗|无法(?:投递|送达|发送|传递)|無法(?:投遞|傳遞|送達|傳送)|未送达|"
    r"未能送达|未傳遞|未传递|传递失败|"
    r"發送失敗|发送失败|配信(?:不能|失敗|エラー|できません|されません)|送信(?:エラー|失敗|"
    r"できません)|不達|届きません|"
    r"戻り|エラー|宛先不明|전달(?:되지|할 수|실패)|반송|배달|전송 ?실패|발송 ?실패|"
    r"לא ניתן למסור|נכשלה|לא נמסר|لم يتم تسليم|تعذر تسليم|فشل|không thể (?:gửi|chuyển|"
    r"phân phát)|"
    r"gửi thất bại|không gửi được|gagal",
    re.IGNORECASE,
)
"""In a subject."""

TEXT: Final = re.compile(
    r"(?:could|can|was|were|has|have|is|did|been|be)(?: ?not|"
    r"n['’]t)(?: \w{1,12}){0,3}? (?:deliver|"
    r"sent|reach|relay|accept)\w*|undeliver|un-?able to (?:deliver|send|relay|process)|"
    r"(?:delivery|deliver|mail|message|sending) (?:\S{1,60} ){0,8}?(?:failed|failure|"
    r"error|rejected|"
    r"refused|aborted|delayed|bounced|returned)|permanent (?:fatal )?(?:error|fail)|"
    r"fatal errors|had delivery problems|delivery (?:status notification|problems|attempts)|"
    r"failed (?:address|recipient|to deliver|permanently)|returned (?:to (?:you|sender)|"
    r"mail|below|"
    r"message)|not be delivered|user unknown|unknown user|no such user|mailbox (?:full|"
    r"unavailable|"
    r"is full|not found)|transcript of session|reporting-mta|final-recipient|diagnostic-code|"
    r"did(?: not|n't) reach|bounced|rejected by|was rejected|has been (?:rejected|delayed|"
    r"returned|"
    r"blocked)|address(?:es)? (?:failed|rejected)|giving up on it|following (?:recipient|"
    r"address|"
    r"error|person|user|destination)|recipient.{0,60}(?:unknown|rejected|not found|invalid)|"
    r"trouble delivering|problem delivering|over quota|quota exceeded|unknown recipient|"
    r"not listed in|unrouteable|rcpt to|(?:account|mailbox|user|recipient) (?:is|was|has been) "
    r"(?:disabled|inactive|suspended|full)|host unknown|name server|delivery error|"
    r"not (?:been )?delivered|message delayed|could not send|was undeliverable|"
    r"couldn'?t deliver|"
    r"nicht (?:zu(?:ge)?stellt|zustellbar|ausgeliefert|übermittelt|gesendet|erreicht|"
    r"zustellen)|"
    r"unzustellbar|konnte nicht|n'a (?:pas|pu)|n'ont pu|impossible|pas (?:été|pu)|échec|"
    r"no (?:se (?:ha )?(?:pudo|puede|entreg)|pudo|ha podido|fue posible|entreg)|"
    r"n[aã]o (?:p[oô]de|foi|entreg)|não é possível|non (?:è stato|può|ha|è possibile|sono)|"
    r"impossibile|niet (?:worden|kon|bezorgd|afgeleverd)|kon niet|nie (?:można|udało|może|"
    r"zost)|"
    r"не (?:может быть|удалось|доставлен|было|могло)|невозможно|ошибк|не вдалося|"
    r"kunde inte|kan inte|kunne ikke|kan ikke|ei voitu|nebyl|nelze|edilemedi|nem lehet|"
    r"nem sikerül|"
    r"δεν ήταν|nu a putut|无法|無法|未能|失败|失敗|退回|退信|できません|できなかった|届け|"
    r"ありません|配信|エラー|"
    r"못했|없습니다|실패|반송|לא ניתן|נכשל|تعذر|لم يتم|فشل|không thể|thất bại",
    re.IGNORECASE,
)
"""In the explanation."""

RETURNED: Final = re.compile(
    r"^[\s>*|#=._~+-]{0,80}(?:"
    r"(?:this is |below (?:this line )?is |here is |the following is |attached is |"
    r"enclosed is )"
    r"(?:a |the )?(?:full |copy|header|original|text|returned|your|first|beginning)|"
    r"below this line|(?:the )?(?:original|returned|unsent|your|undelivered|failed|"
    r"rejected|bounced|"
    r"offending|enclosed|source)(?: original)? (?:message|mail|e-?mail|text|"
    r"letter)(?: text| headers?"
    r"| header| body)?(?: is| was)?(?: enclosed| attached| below| included| returned)?"
    r"(?: follows?| below|:|$|[\s=._~+-]{3,}$)|(?:message|mail|original|"
    r"e-?mail) (?:header|text|body|"
    r"content)s?(?: and \w{1,10})?(?: follows?| below|:|[\s=._~+-]{2,}$)|"
    r"header(?:s)? (?:of|from|follow)|the headers? (?:of|from)|original (?:headers|message)|"
    r"start of (?:returned|original|bounced|forwarded) message|returned (?:mail|"
    r"message) follows|"
    r"forwarded message follows|copy of (?:the|your|this|original) (?:message|mail|letter|"
    r"original)|"
    r"(?:begin(?:ning)? of|start of) (?:the )?(?:original|returned|message)|message follows|"
    r"first \d+ (?:lines|bytes)|unsent message|received message follows|undelivered message|"
    r"ursprüngliche|originalnachricht|kopie (?:der|ihrer)|message (?:original|d'origine)|"
    r"copie d[eu]|mensaje original|copia d[eo]l?|mensagem original|cópia d[ea]|"
    r"messaggio originale|oorspronkelijk|oryginaln|исходное|оригинал|копия|текст письма|"
    r"заголов|"
    r"原邮件|原始邮件|原郵件|元のメール|送信されたメール|원본|원문)",
    re.IGNORECASE,
)
"""A line above the copy of the mail that comes back."""
