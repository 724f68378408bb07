"""Sentences in the language of whoever reads them.

The catalogs are `.po` files beside this module; they are read when a language is first needed, so
that nothing has to be compiled or built. A `Translator` is a value that is handed around: there is
no current language, since one process speaks several at once.

    catalogs = Catalogs()
    t = catalogs.translator("pt-BR")
    t.gettext("Nobody has taken {ticket} yet.").format(ticket="#12")
    t.ngettext("{n} mail waits.", "{n} mails wait.", n).format(n=n)
"""

from __future__ import annotations

import gettext
import io
from pathlib import Path

DOMAIN = "canal"
LOCALE_FOLDER = Path(__file__).parent / "locale"
SOURCE_LANGUAGE = "en"


class Translator:
    """Gives sentences in one language; placeholders are left for the caller to fill."""

    def __init__(self, locale: str, catalog: gettext.NullTranslations) -> None:
        self.locale = locale
        """The language that is spoken, such as en or pt_BR; also for dates and numbers."""
        self._catalog = catalog

    def gettext(self, message: str) -> str:
        return self._catalog.gettext(message)

    def pgettext(self, context: str, message: str) -> str:
        """For a word that means two things, such as the button "Open" and the status "Open"."""
        return self._catalog.pgettext(context, message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """The form for `n`."""
        return self._catalog.ngettext(singular, plural, n)


class Catalogs:
    """All languages that there are; made once, by the composition root."""

    def __init__(self, folder: Path = LOCALE_FOLDER, default: str = SOURCE_LANGUAGE) -> None:
        self._folder = folder
        self._default = default
        self._read: dict[str, Translator] = {}

    @property
    def locales(self) -> tuple[str, ...]:
        """The languages with a catalog, and the one that the sentences are written in."""
        found = (file.parents[1].name for file in self._folder.glob(f"*/*/{DOMAIN}.po"))
        return (SOURCE_LANGUAGE, *sorted(found))

    def translator(self, locale: str | None) -> Translator:
        """For a Slack locale such as pt-BR; None, or a language we don't speak, is the default."""
        return self._load(self.find(locale or "") or self.find(self._default) or SOURCE_LANGUAGE)

    def find(self, locale: str) -> str | None:
        """The nearest language that is spoken here, such as pt_BR for pt-br; None for none."""
        written = fallback_chain(locale)[:-1]
        if language_of(locale) == SOURCE_LANGUAGE:
            written = (*written, SOURCE_LANGUAGE)
        spoken = (one for one in written if one == SOURCE_LANGUAGE or self._file(one).exists())
        return next(spoken, None)

    def _load(self, name: str) -> Translator:
        if name not in self._read:
            self._read[name] = Translator(name, self._catalog(name))
        return self._read[name]

    def _catalog(self, name: str) -> gettext.NullTranslations:
        """The catalog with the wider languages behind it: pt_BR, then pt, then English."""
        first: gettext.NullTranslations | None = None
        for each in fallback_chain(name):
            if each == SOURCE_LANGUAGE or not self._file(each).exists():
                continue
            catalog = read_catalog(self._file(each))
            if first is None:
                first = catalog
            else:
                first.add_fallback(catalog)
        return first or gettext.NullTranslations()

    def _file(self, name: str) -> Path:
        return self._folder / name / "LC_MESSAGES" / f"{DOMAIN}.po"


def language_of(locale: str) -> str:
    """pt for pt-BR."""
    return locale.replace("-", "_").partition("_")[0].lower()


def parse_locale(text: str) -> str:
    """The catalog that somebody means by pt-br. Raises ValueError where there is none."""
    catalogs = Catalogs()
    found = catalogs.find(text)
    if found is None:
        raise ValueError(f"is “{text}”: choose one of {', '.join(catalogs.locales)}.")
    return found


def fallback_chain(locale: str) -> tuple[str, ...]:
    """The languages to try, nearest first: pt-BR → pt_BR, pt, en.

    The name may come from anywhere; one that could not be a locale is English.
    """
    language, _, region = locale.replace("-", "_").partition("_")
    language = language.lower()
    if not (language.isascii() and language.isalpha() and 2 <= len(language) <= 3):
        return (SOURCE_LANGUAGE,)
    region = region.upper() if region.isascii() and region.isalnum() else ""
    names = [f"{language}_{region}"] if region else []
    return tuple(dict.fromkeys([*names, language, SOURCE_LANGUAGE]))


def read_catalog(file: Path) -> gettext.GNUTranslations:
    """A `.po` file (LOCALE/LC_MESSAGES/…) for gettext; entries marked fuzzy are left out."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with file.open("rb") as opened:
        catalog = read_po(opened, locale=file.parents[1].name, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
