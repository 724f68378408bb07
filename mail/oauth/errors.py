"""What the token endpoints of Microsoft, Google and Yandex say, as errors that say what to do.

Decided by codes (`error`, Microsoft's AADSTS numbers), never by prose. The server's own
description is quoted only where we have no sentence, shortened, and holds no secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from mail.errors import DeadGrant, Deferred, DeviceCodeBlocked, LoginFailed, MailError
from mail.sentences import say

_AADSTS = re.compile(r"AADSTS(\d{4,8})")

# Microsoft: what a new login by the person mends.
_DEAD: dict[int, str] = {
    50173: say(
        "The password of the account was changed, which ended Canal's access. Connect again."
    ),
    70008: say("Microsoft's permission for this mailbox has expired. Connect again."),
    700082: say(
        "The mailbox was not used for so long that Microsoft ended the access. Connect again."
    ),
    70043: say("A sign-in rule of your organisation ended the access. Connect again."),
    50076: say("Microsoft wants multi-factor authentication for this account. Connect again."),
    50079: say(
        "Microsoft wants multi-factor authentication to be set up. Sign in once, connect again."
    ),
    50055: say("The password of the account has expired. Set a new one, then connect again."),
    50057: say("The account is disabled. Have it enabled in Microsoft Entra, then connect again."),
    50053: say("The account is locked after too many attempts. Wait, then connect again."),
    54005: say("The code was used already. Connect again."),
    501481: say("The code does not belong to this attempt. Connect again."),
    65001: say(
        "The app has no permission for this mailbox: consent was not given or was taken back. "
        "Connect again, or let an administrator consent."
    ),
    65004: say("Consent was declined. Connect again and accept what the app asks for."),
    90094: say("Only an administrator may allow this app: let one grant admin consent in Entra."),
    90095: say("Only an administrator may allow this app: the request was sent to one."),
    50105: say(
        "The account is not assigned to the app: assign it in Entra (Enterprise applications)."
    ),
    53003: say(
        "A Conditional Access policy blocks this sign-in. Have Canal's app allowed in it, or use "
        "the app-only access instead."
    ),
    50034: say("There is no such account in this organisation. Check the address and the tenant."),
}
# Microsoft: what only who runs the app registration can mend.
_APP: dict[int, str] = {
    7000222: say(
        "The client secret of the app registration has expired. Create a new one in Microsoft "
        "Entra (Certificates & secrets) and enter it."
    ),
    7000215: say("The client secret is wrong. Enter the secret's value, not its ID, from Entra."),
    700016: say(
        "There is no app registration with this client ID in this organisation. Check client ID "
        "and tenant."
    ),
    90002: say("There is no organisation (tenant) of that name. Check the tenant ID."),
    7000112: say("The app registration is disabled. Have it enabled in Microsoft Entra."),
    7000218: say(
        "The app registration does not allow public client flows. Switch “Allow public client "
        "flows” on in Microsoft Entra (Authentication), or enter a client secret."
    ),
    50011: say(
        "The redirect address is not registered for the app. Add it in Microsoft Entra "
        "(Authentication)."
    ),
    500113: say("No redirect address is registered for the app. Add it in Microsoft Entra."),
    500011: say(
        "The permission's resource is unknown in this organisation. Add the permissions of "
        "“Office 365 Exchange Online” to the app."
    ),
    70011: say("The app asks for a permission that does not exist. Check its API permissions."),
    700027: say("The certificate of the app registration is not accepted. Upload the current one."),
}
# Microsoft: sign-in by code is not wanted there, while that by browser may well be.
_CODE_BLOCKED: dict[int, str] = {
    53003: say(
        "A Conditional Access policy of your organisation blocks sign-in by code. Sign in by "
        "browser instead."
    ),
    530036: say(
        "A Conditional Access policy of your organisation blocks sign-in by code. Sign in by "
        "browser instead."
    ),
    50199: say("Microsoft does not confirm sign-in by code here. Sign in by browser instead."),
    7000218: say(
        "The app registration does not allow sign-in by code. Sign in by browser instead, or "
        "switch “Allow public client flows” on in Microsoft Entra (Authentication)."
    ),
}
_BY_ERROR: dict[str, str] = {
    "invalid_client": say("The client ID or the client secret is wrong. Check both."),
    "unauthorized_client": say(
        "The app is not allowed to do this. For a Google service account, add its client ID with "
        "the mail scope under domain-wide delegation in the Admin console."
    ),
    "invalid_scope": say(
        "The app asks for a permission that this provider does not grant this way."
    ),
    "unsupported_grant_type": say("This provider does not offer this way to sign in."),
    "redirect_uri_mismatch": say(
        "The redirect address is not registered for the app. Add it there."
    ),
    "org_internal": say("This app is only for the organisation that made it."),
    "admin_policy_enforced": say(
        "A rule of your organisation blocks this app. Let an administrator allow it."
    ),
}
_DEAD_BY_ERROR: dict[str, str] = {
    "invalid_grant": say(
        "The permission for this mailbox has ended or was taken back. Connect again."
    ),
    "interaction_required": say("The provider wants you to sign in again. Connect again."),
    "consent_required": say("The app has no permission for this mailbox any more. Connect again."),
    "login_required": say("The provider wants you to sign in again. Connect again."),
    "access_denied": say("Access was declined. Connect again and accept what the app asks for."),
    "authorization_declined": say("The sign-in was declined. Connect again and accept it."),
    "expired_token": say("The code has expired before it was entered. Start again."),
    "bad_verification_code": say("The code is not known. Start again."),
}
_TEMPORARY = frozenset({"temporarily_unavailable", "server_error", "internal_failure"})


class AppRefused(LoginFailed):
    """The provider refused the app itself, not the mailbox: its registration must be mended."""

    field = "client_secret"


def token_error(provider: str, status: int, answer: Mapping[str, object]) -> MailError:
    """The error for a token endpoint's answer. `provider` is its name for people."""
    error = answer.get("error")
    name = error if isinstance(error, str) else ""
    if status == 429 or status >= 500 or name in _TEMPORARY:
        return Deferred(
            say(
                "{provider} cannot answer just now. Canal tries again by itself.", provider=provider
            )
        )
    for code in aadsts_codes(answer):
        if code in _DEAD:
            return DeadGrant(_DEAD[code])
        if code in _APP:
            return AppRefused(_APP[code])
    if name in _DEAD_BY_ERROR:
        return DeadGrant(_DEAD_BY_ERROR[name])
    if name in _BY_ERROR:
        return AppRefused(_BY_ERROR[name])
    said = describe(answer)
    return LoginFailed(
        say(
            "{provider} refused the sign-in{what}.",
            provider=provider,
            what=": “" + said + "”" if said else "",
        )
    )


def device_error(provider: str, status: int, answer: Mapping[str, object]) -> MailError:
    """The same for the answers to a sign-in by code, where the browser is another way."""
    for code in aadsts_codes(answer):
        if code in _CODE_BLOCKED:
            return DeviceCodeBlocked(_CODE_BLOCKED[code])
    return token_error(provider, status, answer)


def aadsts_codes(answer: Mapping[str, object]) -> list[int]:
    """Microsoft's own error numbers in an answer, the most telling first."""
    listed = answer.get("error_codes")
    codes = [code for code in listed if isinstance(code, int)] if isinstance(listed, list) else []
    text = str(answer.get("error_description", ""))[:2000]
    return list(dict.fromkeys([*codes, *(int(found) for found in _AADSTS.findall(text))]))


def describe(answer: Mapping[str, object]) -> str:
    """The first line of what the provider says, for people; at most 200 characters."""
    text = str(answer.get("error_description") or answer.get("error") or "")
    line = text.strip().splitlines()[0] if text.strip() else ""
    return "".join(char for char in line if char.isprintable())[:200].rstrip(". ")
