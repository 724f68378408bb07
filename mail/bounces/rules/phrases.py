"""Sentences of refusing servers and the enhanced status code (RFC 3463) that each one means.

The first row with a match counts, so the special stands above the general. Lower case; white
space is one space.
"""

from __future__ import annotations

import re
from typing import Final

_TABLE: Final[tuple[tuple[str, str], ...]] = (
    (
        "5.2.2",
        (
            r"mail ?box(?: is| was| has been)? (?:currently )?(?:full|over ?quota)|"
            r"over ?(?:disk ?)?quota|"
            r"quota (?:is |has been |was )?(?:exceeded|exceed|reached|full|violation)|"
            r"exceed(?:s|ed|ing)? (?:the |its |his |their |your |allowed |mailbox |storage |disk )*"
            r"(?:his/her )?(?:quota|storage|disk|mailbox size|allocated space|space limit)|"
            r"(?:mail|mailbox|in-?box|account|folder|mailfolder|maildrop|user)s? (?:is |"
            r"are )?full\b|"
            r"would (?:exceed|put|be over).{0,40}quota|disk ?quota|mailbox quota|"
            r"not enough (?:storage|"
            r"space)|out of (?:mail )?quota|storage (?:quota|limit)|maildir (?:is )?over|"
            r"mailbox (?:has )?exceed|mailbox size limit|user has too many messages|"
            r"has too (?:many|much) (?:messages|mail|data)|mailbox_full|full mailbox|"
            r"no space left for|"
            r"insufficient (?:disk )?(?:space|storage) (?:for|in) (?:the )?(?:recipient|"
            r"mailbox|user)|"
            r"postfach.{0,20}voll|speicherplatz|bo[iî]te.{0,40}pleine|quota d.pass|"
            r"casella.{0,30}piena|"
            r"bandeja.{0,30}llena|buz[oó]n.{0,30}lleno|caixa.{0,30}cheia|skrzynka.{0,40}(?:pełna|"
            r"przepełn)|ящик.{0,30}(?:переполнен|полон)|переполнен|"
            r"メールボックス.{0,20}(?:いっぱい|一杯|超過)|"
            r"容量.{0,20}(?:超|不足|オーバー)|(?:邮箱|郵箱|信箱|邮件).{0,20}(?:已满|已滿|满|空间不足)|"
            r"편지함.{0,20}초과|용량.{0,10}초과"
        ),
    ),
    (
        "5.2.1",
        (
            r"(?:mailbox|account|user|recipient|address)(?: is| has been| was|:)? (?:currently |"
            r"temporarily |permanently |now )*(?:disabled|inactive|suspended|deactivated|"
            r"locked|frozen|"
            r"blocked for|closed|not active|expired|terminated|cancelled|deleted)|"
            r"(?:disabled|inactive|suspended|deactivated|expired|closed|dormant) "
            r"(?:mailbox|account|user|recipient|address)|account.{0,30}(?:has )?expired|"
            r"mailbox .{0,40} (?:is )?(?:inactive|disabled)|not accepting (?:mail|"
            r"messages) (?:for|on)|"
            r"has been (?:disabled|suspended|deactivated)|no longer (?:active|accepts|in use)|"
            r"account is not active|mailbox currently suspended|user suspended|deactivated due to|"
            r"заблокирован|отключен|konto.{0,20}(?:deaktiviert|gesperrt)|已(?:停用|禁用|冻结)|休止|利用停止"
        ),
    ),
    (
        "5.3.4",
        (
            r"(?:message|mail|e-?mail|body|content|"
            r"attachment)(?:'s)?(?: file)?(?: size)? (?:is |was |of "
            r"\d+ (?:bytes )?)?(?:too (?:large|big|long)|exceed|larger than)|"
            r"exceed(?:s|ed|ing)? (?:the |a )?(?:fixed |server'?s? |server |"
            r"system )?(?:maximum|max|"
            r"message|limit)[\w ]{0,30}size|maximum (?:allowed )?(?:message|mail|e-?mail|"
            r"file)? ?size|"
            r"size (?:limit|exceed|too)|message (?:exceeds|length exceeds)|"
            r"max(?:imum)? message size|"
            r"too large for|file too big|exceeded storage allocation|larger than the (?:current )?"
            r"(?:system )?limit|zu groß|trop (?:volumineux|grand|gros)|demasiado grande|"
            r"troppo grande|muito grande|слишком (?:большо|велик)|太大|過大|"
            r"サイズ.{0,20}(?:超|オーバー|大き)"
        ),
    ),
    (
        "5.4.6",
        (
            r"mail ?(?:forwarding )?loop|routing loop|loop(?:s|ing)? (?:detected|back)|"
            r"too many (?:hops|"
            r"received)|hop count exceeded|excessive hop|loops back to|already (?:has|"
            r"contains) .{0,30}"
            r"delivered-to|maximum hop|mail is looping|forwarding loop"
        ),
    ),
    (
        "5.1.2",
        (
            r"host unknown|host \S{1,100} (?:was )?not found|"
            r"destination (?:computer|server|host) was not|"
            r"unknown (?:mail )?host|no such (?:host|domain)|"
            r"host(?:name)? (?:name )?(?:was )?"
            r"(?:not found|lookup fail|does not exist|could not be (?:resolved|found))|"
            r"domain(?: name)?(?: of the recipient| part)? (?:was )?(?:not found|does not exist|"
            r"doesn't exist|is not valid|unknown|couldn't be found|could not be found)|"
            r"unknown domain|invalid domain|non-?existent (?:domain|host)|nxdomain|"
            r"(?:couldn't|could not|can't|cannot) (?:find|resolve|locate) (?:any |a |the |"
            r"mail )*(?:host|domain|mail exchanger|server|mx)|unrouteable (?:mail )?domain|"
            r"bad (?:destination )?(?:host|system|domain)|illegal host|name server: |"
            r"name service error for|dns (?:error|lookup fail)|no (?:valid )?(?:mx|mail) (?:record|"
            r"server|host|exchanger)s?|all relevant mx records point to non-existent|"
            r"unable to resolve|domain isn't|domain.{0,60}(?:not appear|not (?:been )?registered)|"
            r"domaine.{0,20}introuvable|域名.{0,20}(?:不存在|无法解析)|null mx|\(nullmx\)|"
            r"ドメイン.{0,20}(?:存在しません|見つかりません)"
        ),
    ),
    (
        "5.1.1",
        (
            r"user(?:name)?s? (?:account )?(?:is |was )?(?:\S{1,80} )?(?:unknown|not known|"
            r"not found|"
            r"does not exist|doesn'?t exist|invalid|not exist)|"
            r"unknown (?:user|recipient|address|mailbox|account|local|e-?mail|to |or illegal|"
            r"addressee|"
            r"destination)|no such (?:user|recipient|address|mailbox|account|person|local|"
            r"mail|e-?mail|"
            r"name|entry|object|id)|not a (?:valid|known) (?:user|recipient|mailbox|address|"
            r"e-?mail)|"
            r"(?:recipient|addressee|mailbox|e-?mail|account|address|member|person|name|id|"
            r"destination)(?:e?s)?"
            r"(?: address(?:es)?| names?| accounts?| mailbox(?:es)?)?(?: \S{1,100})? "
            r"(?:is |was |are |were |has been |have been |could |can )?"
            r"(?:unknown|not found|not be found|cannot be found|does not exist|doesn'?t exist|"
            r"not exist|invalid|not valid|no longer valid|unavailable|not available|not recognized|"
            r"not recognised|not known|not listed|isn'?t valid|no longer exists|undeliverable)|"
            r"invalid (?:final )?(?:delivery )?(?:userid|recipient|user|mailbox|address|e-?mail|"
            r"account|local|destination)|"
            r"no (?:mailbox|account|user|recipient)s? (?:here |found )?(?:by|with|of|for|"
            r"under|here|at|"
            r"in|exists?|named)|no valid recipient|not our (?:customer|user)|"
            r"(?:doesn't|does not) have (?:a|an) .{1,40} account|is not (?:a )?(?:known|"
            r"registered|local)|"
            r"not listed in (?:domino|public|the|name)|couldn'?t be found|wasn'?t found at|"
            r"(?:does not|doesn'?t) exist|bad (?:destination )?(?:mailbox|recipient|address|user)|"
            r"recipient(?:s)? (?:address )?(?:was |is )?(?:rejected|refused)|rejected recipient|"
            r"unrouteable address|unroutable address|undeliverable address|address (?:unknown|"
            r"error)|"
            r"cannot find your recipient|can't (?:find|verify) (?:this )?(?:user|recipient|"
            r"mailbox)|"
            r"user doesn't|nosuchuser|recipientnotfound|recipnotfound|resolver\.adr|"
            r"no local mailbox|"
            r"mailbox unavailable|is not accepted at this|there is no (?:user|such|one|mailbox)|"
            r"this (?:address|user|recipient) (?:no longer|does not|is not)|has left|"
            r"left the company|"
            r"konnte nicht gefunden|existiert nicht|unbekannt|empfänger.{0,40}(?:nicht|unbekannt)|"
            r"n'existe pas|inconnu|introuvable|adresse invalide|no existe|desconocido|"
            r"no se (?:encontr|ha encontrado)|n[aã]o existe|n[aã]o (?:foi )?encontrad|desconhecid|"
            r"inexistente|non esiste|sconosciut|inesistente|bestaat niet|onbekend|nie istnieje|"
            r"nieznany|nie znaleziono|не существует|не найден|неизвестн|не зарегистрирован|"
            r"недоступен|finns inte|okänd|findes ikke|ukendt|finnes ikke|ukjent|ei löydy|"
            r"tuntematon|"
            r"neexistuje|neznám|bulunamadı|mevcut değil|nem létezik|ismeretlen|不存在|无此|"
            r"無此|找不到|"
            r"无效|無效|宛先不明|見つかりません|存在しません|不明です|宛先が|"
            r"ユーザー?が(?:不明|存在)|없는|존재하지|알 수 없는|"
            r"לא קיים|לא נמצא|غير موجود|không tồn tại|không tìm thấy"
        ),
    ),
    (
        "4.4.1",
        r"connection (?:timed? ?out|refused)(?! (?:by|due|because))",
    ),
    (
        "5.7.1",
        (
            r"relay(?:ing)?(?: access| mail)? (?:is )?(?:not |denied|prohibited|refused|forbidden)|"
            r"unable to relay|not permitted to relay|cannot relay|can't relay|do(?:es)? not relay|"
            r"we do not relay|relay not|no relay|not relay|"
            r"not accepting (?:mail|messages|e-?mail) from|"
            r"spam|black ?list|block ?list|blocked|spamhaus|spamcop|barracuda|sorbs|dnsbl|\brbl\b|"
            r"polic(?:y|ies)|not (?:authori[sz]ed|allowed|permitted|accepted)|access denied|"
            r"forbidden|"
            r"prohibited|denied|(?:message|content|mail|sender|delivery|connection|"
            r"administrative|e-?mail"
            r"|transaction)[\w :]{0,30}(?:rejected|refused|prohibition|not accepted|blocked|"
            r"denied)|"
            r"virus|malware|infected|banned|prohibited content|dmarc|\bspf\b|dkim|unauthenticated|"
            r"authentication (?:is )?required|bad reputation|poor reputation|suspicious|"
            r"unsolicited|"
            r"restricted|permission|dont? like|rejected (?:by|due|because|for)|abgelehnt|refusé|"
            r"rechazad|rejeitad|rifiutat|geweigerd|odrzucon|отклонен|отвергнут|拒绝|拒絕|拒否|"
            r"垃圾|거부|נדחה|"
            r"مرفوض|từ chối"
        ),
    ),
    (
        "4.4.7",
        (
            r"retry time ?out|delivery time expired|(?:message|mail|delivery|"
            r"time)(?: has)? expired|"
            r"too long in (?:the )?queue|not (?:be )?delivered (?:with)?in|"
            r"queue(?:d)? (?:for )?too long|"
            r"timed? ?out (?:waiting|while|after)|too old|max(?:imum)? (?:time|retries|attempts)|"
            r"could not be delivered for (?:more than |the last |over )?\d|"
            r"(?:for|in|within|after) (?:\d+|one|two|three|four|five|several) (?:hour|day|"
            r"week|attempt|"
            r"minute)|retry (?:limit|count)|has been (?:in )?queue"
        ),
    ),
    (
        "4.4.1",
        (
            r"connection (?:timed? ?out|refused|failed|error)|no answer from|"
            r"(?:unable|failed|could not|couldn't|cannot|can't) (?:to )?(?:connect|contact|"
            r"establish|"
            r"reach)|network (?:is )?(?:unreachable|error)|host (?:is )?(?:down|unreachable)|"
            r"no route to host|operation timed out|not (?:responding|reachable)|no response|"
            r"timed? ?out|"
            r"too busy|unreachable|kept dropping|接続(?:できません|に失敗)|连接.{0,10}(?:失败|超时)"
        ),
    ),
    (
        "4.4.2",
        (
            r"lost connection|connection (?:was )?(?:lost|dropped|closed|reset|died|broken)|"
            r"conversation with|closed (?:the )?connection|broken pipe|unexpected(?:ly)? clos"
        ),
    ),
    (
        "4.4.7",
        (
            r"gave up|giving up|warning: message|still being retried|not yet been delivered|"
            r"delay(?:ed)?\b|will (?:continue to )?(?:be )?(?:retr|try)"
        ),
    ),
    (
        "4.3.0",
        (
            r"temporar(?:y|ily)|try (?:again|later)|greylist|graylist|please retry|local error|"
            r"system (?:error|problem)|internal (?:server )?error|resources|service (?:not|"
            r"currently)|"
            r"deferred|insufficient system|too many (?:connections|messages|recipients)|rate limit"
        ),
    ),
    ("5.5.0", r"syntax error|protocol error|command (?:not|unrecogni[sz]ed|rejected)|bad sequence"),
    ("5.6.0", r"8-?bit|mime|conversion|invalid header|bare lf|malformed|rfc ?(?:2822|5322|822)"),
)

PHRASES: Final = tuple((status, re.compile(pattern)) for status, pattern in _TABLE)

DELAYED: Final = re.compile(
    r"warning: (?:message|could not|e-?mail|your)|this is a warning message only|"
    r"you do(?: not|n'?t) need to (?:resend|send|do)|(?:has|"
    r"have) not (?:yet )?been delivered yet|"
    r"(?:has been|is|was) postponed|over the next (?:few|\d+|several) (?:hour|day)|"
    r"has been delayed|is delayed|was delayed|delivery delayed|message (?:still )?delayed|"
    r"delivery (?:status notification )?\(?delay|will (?:continue to )?(?:be )?retr(?:y|ied)|"
    r"will (?:continue to|keep) try|(?:no|not) action (?:is |was )?(?:required|need)|"
    r"delivery attempts? will (?:continue|be made)|still (?:trying|being retried|"
    r"in (?:the )?queue)|"
    r"temporary non-delivery|not yet been delivered|delivery to .{1,80} has been delayed|"
    r"wird weiter versucht|verzögert|retardée?|retrasad|atrasad|ritardat|vertraagd|opóźnion|"
    r"задерж|отложен|försenad|forsinket|viivästy|zpožděn|gecik|延迟|延遲|遅延|遅れて|지연"
)

EXPIRED: Final = re.compile(
    r"(?:could not be delivered for|given up|giving up|gave up|has been abandoned|expired|"
    r"retry time ?out exceeded|too long in (?:the )?queue|last attempt|will not be retried|"
    r"permanent(?:ly)? (?:fail|error|fatal)|fatal error)"
)
