"""Sentences in other languages: the right fallback, and never a broken placeholder."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from bot.config.settings import ConfigProblems, load_settings
from bot.slack.i18n import DOMAIN, LOCALE_FOLDER, Catalogs, fallback_chain

PLURAL = "Plural-Forms: nplurals=2; plural=(n > 1);"


def write_catalog(folder: Path, locale: str, body: str) -> None:
    file = folder / locale / "LC_MESSAGES" / f"{DOMAIN}.po"
    file.parent.mkdir(parents=True)
    head = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"{PLURAL}\\n"\n\n'
    file.write_text(head + body, encoding="utf-8")


@pytest.fixture
def catalogs(tmp_path: Path) -> Catalogs:
    write_catalog(
        tmp_path,
        "pt",
        'msgid "Close"\nmsgstr "Fechar"\n\n'
        'msgid "Taken by {who}"\nmsgstr "Com {who}"\n\n'
        'msgid "{n} mail waits."\nmsgid_plural "{n} mails wait."\n'
        'msgstr[0] "{n} mensagem espera."\nmsgstr[1] "{n} mensagens esperam."\n\n'
        'msgctxt "button"\nmsgid "Open"\nmsgstr "Abrir"\n\n'
        '#, fuzzy\nmsgid "Guessed"\nmsgstr "Adivinhado"\n',
    )
    write_catalog(tmp_path, "pt_BR", 'msgid "Close"\nmsgstr "Encerrar"\n')
    return Catalogs(tmp_path)


@pytest.mark.parametrize(
    ("locale", "chain"),
    [
        ("pt-BR", ("pt_BR", "pt", "en")),
        ("pt_br", ("pt_BR", "pt", "en")),
        ("en-US", ("en_US", "en")),
        ("fr", ("fr", "en")),
        ("../../etc", ("en",)),
        ("", ("en",)),
        ("pt_../x", ("pt", "en")),
    ],
)
def test_the_nearest_language_comes_first(locale: str, chain: tuple[str, ...]) -> None:
    assert fallback_chain(locale) == chain


def test_a_region_falls_back_to_its_language_entry_by_entry(catalogs: Catalogs) -> None:
    brazil = catalogs.translator("pt-BR")
    assert (brazil.locale, brazil.gettext("Close")) == ("pt_BR", "Encerrar")
    assert brazil.gettext("Taken by {who}") == "Com {who}"
    assert brazil.gettext("Never translated") == "Never translated"


def test_a_region_without_a_catalog_speaks_its_language(catalogs: Catalogs) -> None:
    assert catalogs.translator("pt-PT").gettext("Close") == "Fechar"


@pytest.mark.parametrize("locale", [None, "de-DE", "en-GB", "", "../.."])
def test_who_speaks_none_of_ours_reads_english(catalogs: Catalogs, locale: str | None) -> None:
    assert catalogs.translator(locale).gettext("Close") == "Close"


def test_the_workspaces_language_is_for_those_who_have_none(tmp_path: Path) -> None:
    write_catalog(tmp_path, "pt", 'msgid "Close"\nmsgstr "Fechar"\n')
    workspace = Catalogs(tmp_path, default="pt-BR")
    assert workspace.translator(None).gettext("Close") == "Fechar"
    assert workspace.translator("en-US").gettext("Close") == "Close"


@pytest.mark.parametrize(
    ("locale", "n", "sentence"),
    [
        ("en", 1, "1 mail waits."),
        ("en", 0, "0 mails wait."),
        ("pt", 0, "0 mensagem espera."),
        ("pt", 2, "2 mensagens esperam."),
    ],
)
def test_each_language_has_its_own_plural(
    catalogs: Catalogs, locale: str, n: int, sentence: str
) -> None:
    t = catalogs.translator(locale)
    assert t.ngettext("{n} mail waits.", "{n} mails wait.", n).format(n=n) == sentence


def test_a_word_may_mean_two_things(catalogs: Catalogs) -> None:
    t = catalogs.translator("pt")
    assert (t.pgettext("button", "Open"), t.gettext("Open")) == ("Abrir", "Open")


def test_a_guess_is_no_translation(catalogs: Catalogs) -> None:
    assert catalogs.translator("pt").gettext("Guessed") == "Guessed"


@pytest.mark.parametrize("locale", ["pt", "pt_BR"])
def test_portuguese_has_every_sentence(locale: str) -> None:
    with (LOCALE_FOLDER / f"{DOMAIN}.pot").open("rb") as opened:
        wanted = {(one.context, one.id) for one in read_po(opened) if one.id}
    with (LOCALE_FOLDER / locale / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as opened:
        found = {
            (one.context, one.id)
            for one in read_po(opened, locale=locale, abort_invalid=True)
            if one.id and all(strings(one.string)) and not one.fuzzy
        }
    assert wanted - found == set()


@pytest.mark.parametrize(
    ("written", "meant"), [("pt-br", "pt_BR"), ("pt-PT", "pt"), ("EN", "en"), ("en-GB", "en")]
)
def test_a_language_may_be_written_in_several_ways(written: str, meant: str) -> None:
    assert load_settings({"CANAL_LANGUAGE": written}).language == meant


@pytest.mark.parametrize("unknown", ["de", "portuguese", "../pt", "english", "e"])
def test_a_language_that_there_is_not_is_one_sentence_with_those_there_are(unknown: str) -> None:
    with pytest.raises(ConfigProblems) as caught:
        load_settings({"CANAL_LANGUAGE": unknown})
    sentence = f"CANAL_LANGUAGE is “{unknown}”: choose one of en, pt, pt_BR."
    assert caught.value.sentences == (sentence,)


def test_whoever_speaks_none_of_ours_reads_the_settings_language() -> None:
    catalogs = Catalogs(default="pt")
    spoken = [catalogs.translator(each).locale for each in ("de-DE", None, "en-US", "pt-BR")]
    assert spoken == ["pt", "pt", "en", "pt_BR"]


def committed_translations() -> Iterator[tuple[str, Message]]:
    for file in sorted(LOCALE_FOLDER.glob(f"*/*/{DOMAIN}.po")):
        with file.open("rb") as opened:
            for message in read_po(opened, locale=file.parents[1].name, abort_invalid=True):
                if message.id and any(strings(message.string)):
                    yield file.parents[1].name, message


def strings(of: str | list[str] | tuple[str, ...] | None) -> list[str]:
    """One sentence, or the forms of a plural."""
    if of is None:
        return []
    return [of] if isinstance(of, str) else list(of)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_translation_has_the_placeholders_of_its_sentence() -> None:
    for locale, message in committed_translations():
        source = strings(message.id)
        allowed = set.union(*map(placeholders, source))
        needed = set.intersection(*map(placeholders, source)) - {"n"}
        for translated in strings(message.string):
            where = f"{locale}: {translated!r}"
            assert placeholders(translated) <= allowed, where
            assert needed <= placeholders(translated), where


def test_no_translation_adds_or_drops_slack_markup_or_line_ends() -> None:
    for locale, message in committed_translations():
        source = strings(message.id)[0]
        for translated in strings(message.string):
            for mark in ("\n\n", "`", "<", ">", "*", "_"):
                where = f"{locale}: {mark!r} in {translated!r}"
                assert (translated.count(mark) == 0) == (source.count(mark) == 0), where
