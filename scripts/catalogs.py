"""Takes the sentences of the code into the catalogs: `make catalogs`, or with `--check` looks only.

python scripts/catalogs.py            writes canal.pot and updates every canal.po
python scripts/catalogs.py --check    status 1 when a catalog is not up to date
python scripts/catalogs.py --new fr   starts another language
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "bot" / "slack" / "locale"
TEMPLATE = LOCALE / "canal.pot"
SOURCES = ("bot/demo.py", "bot/slack", "bot/listeners", "bot/wires", "handlers", "mail")
KEYWORDS = {**DEFAULT_KEYWORDS, "texts": None, "say": None}
"""How cards and windows ask for a sentence: `texts("…")` (bot.slack.texts), and how the layers
below say one: `say("…")` (mail.sentences)."""
PROVIDERS = "mail/discovery/providers.json"
ERRORS = ("handlers/errors.py", "mail/errors.py")
"""Where the docstring of a class is its default sentence."""
VOLATILE = tuple(
    f'"{field}:'
    for field in (
        "Generated-By",
        "Language-Team",
        "Last-Translator",
        "PO-Revision-Date",
        "POT-Creation-Date",
        "Project-Id-Version",
        "Report-Msgid-Bugs-To",
    )
)
HEADER = (
    "# The sentences of Canal.\n# Written by people: translate msgstr, keep every {placeholder}.\n"
)


def extract() -> Catalog:
    """All sentences that go through gettext, in a stable order."""
    catalog = Catalog(project="Canal", header_comment=HEADER.rstrip(), charset="utf-8", fuzzy=False)
    for file in source_files():
        name = file.relative_to(ROOT).as_posix()
        found = extract_from_file("python", file, keywords=KEYWORDS, comment_tags=["Translators:"])
        for _line, message, comments, context in found:
            catalog.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    for sentence in provider_hints():
        catalog.add(sentence, None, [(PROVIDERS, 0)])
    for name in ERRORS:
        for sentence in default_sentences(ROOT / name):
            catalog.add(sentence, None, [(name, 0)])
    return catalog


def default_sentences(file: Path) -> Iterator[str]:
    """What the errors of a layer say where nothing else was said."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            yield (ast.get_docstring(node) or "").partition("\n")[0]


def provider_hints() -> Iterator[str]:
    """What each mail provider wants first: an app password, IMAP switched on."""
    for provider in json.loads((ROOT / PROVIDERS).read_text(encoding="utf-8")):
        yield from (hint["sentence"] for hint in provider.values() if _is_hint(hint))


def _is_hint(value: object) -> bool:
    return isinstance(value, dict) and "sentence" in value


def source_files() -> Iterator[Path]:
    for place in SOURCES:
        found = ROOT / place
        yield from [found] if found.is_file() else sorted(found.rglob("*.py"))


def render(catalog: Catalog) -> str:
    """As text, without dates and line numbers: a change shows only when a sentence changed."""
    buffer = io.BytesIO()
    write_po(
        buffer, catalog, width=96, sort_by_file=True, include_lineno=False, ignore_obsolete=True
    )
    lines = buffer.getvalue().decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(VOLATILE))


def update(file: Path, template: Catalog) -> str:
    """One language with the new sentences in and the gone ones out; no guessing at translations."""
    with file.open("rb") as opened:
        catalog = read_po(opened, locale=file.parents[1].name)
    catalog.update(template, no_fuzzy_matching=True)
    catalog.header_comment = HEADER.rstrip()
    return render(catalog)


def wanted_files() -> dict[Path, str]:
    """What every catalog should hold."""
    template = extract()
    wanted = {TEMPLATE: render(template)}
    for file in sorted(LOCALE.glob("*/LC_MESSAGES/canal.po")):
        wanted[file] = update(file, template)
    return wanted


def start_language(locale: str) -> None:
    file = LOCALE / locale / "LC_MESSAGES" / "canal.po"
    if file.exists():
        sys.exit(f"{locale} is there already.")
    file.parent.mkdir(parents=True)
    catalog = Catalog(locale=locale, project="Canal", header_comment=HEADER.rstrip(), fuzzy=False)
    file.write_text(render(catalog), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, say what is old")
    parser.add_argument("--new", metavar="LOCALE", help="start a language, such as fr or pt_BR")
    arguments = parser.parse_args()
    if arguments.new:
        start_language(arguments.new)
    old = []
    for file, wanted in wanted_files().items():
        if file.exists() and file.read_text(encoding="utf-8") == wanted:
            continue
        old.append(file.relative_to(ROOT).as_posix())
        if not arguments.check:
            file.write_text(wanted, encoding="utf-8")
    if old:
        verb = "Not up to date (make catalogs)" if arguments.check else "Written"
        print(f"{verb}: {', '.join(old)}")
    return 1 if old and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
