"""The page that the browser sees after a sign-in, in the browser's language. Pure."""

from __future__ import annotations

from html import escape
from typing import Any

from bot.slack.i18n import Catalogs
from bot.slack.texts import Texts
from bot.wires.sign_in_steps import BegunSignIn, FinishedSignIn, purpose_words

HTML: dict[str, Any] = {
    "content_type": "text/html",
    "charset": "utf-8",
    "headers": {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "Referrer-Policy": "no-referrer",
    },
}
_MOST = 500


class CallbackPage:
    """`accepted` is the browser's Accept-Language (RFC 9110 12.5.4); its order is believed."""

    def __init__(self, catalogs: Catalogs, accepted: str) -> None:
        wanted = (one.partition(";")[0].strip() for one in accepted[:_MOST].split(","))
        known = (one for one in wanted if one and catalogs.find(one))
        translator = catalogs.translator(next(known, None))
        self._language = translator.locale.replace("_", "-")
        self._texts = Texts(translator)

    def failed(self, error: Exception) -> str:
        return self._page(self._texts("Not signed in"), self._texts.own(str(error)))

    def finished(self, done: FinishedSignIn) -> str:
        texts = self._texts
        text = texts(
            "{name}: signed in for {purpose}.",
            name=done.channel_name,
            purpose=purpose_words(done.directions, texts),
        )
        if not isinstance(done.next, BegunSignIn):
            return self._page(texts("Signed in"), f"{text} {texts('You can close this page.')}")
        purpose = purpose_words(done.next.directions, texts)
        link = (done.next.url, texts("Sign in for {purpose}", purpose=purpose))
        return self._page(texts("Signed in"), f"{text} {texts('One more is needed:')}", link)

    def _page(self, title: str, text: str, link: tuple[str, str] | None = None) -> str:
        more = f'<p><a href="{escape(link[0])}">{escape(link[1])}</a></p>' if link else ""
        return (
            f'<!doctype html><html lang="{self._language}"><meta charset="utf-8">'
            f"<title>Canal: {escape(title)}</title>"
            '<body style="font-family:sans-serif;max-width:36em;margin:4em auto">'
            f"<h1>{escape(title)}</h1><p>{escape(text)}</p>{more}</body></html>"
        )
