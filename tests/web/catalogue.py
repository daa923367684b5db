"""Room: tests.web.catalogue. Collects what pages can say, and keeps the translations current. Run it after changing words:

    python -m tests.web.catalogue

It rewrites nas_asr/web/translations/*/messages.po: new sentences come in empty, sentences that nobody says any more go.
Then translate the empty ones; tests/web/test_translations.py fails until that is done.

Pages mark their words with _(). The floors below do not know of languages: their sentences are found by what they are,
arguments of our error classes and strings that look like a sentence; names and numbers in them become places.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from nas_asr.core import errors

ROOT = Path(__file__).parents[2]
TRANSLATIONS = ROOT / "nas_asr" / "web" / "translations"
BELOW = (
    "core/*.py", "services/*.py", "export/*.py", "media/*.py", "engine/*.py", "worker/*.py", "archive/*.py", "watcher/*.py",
    "store/scope.py", "store/database.py", "install/st*.py", "install/torch_source.py", "bootstrap.py", "doctor.py",
    "install/fetch.py", "install/hub.py", "install/pull.py", "install/desk.py", "install/seal.py",
)  # fmt: skip
# What only the command line says is not collected.
_BY_COMMAND = {"evaluate.py"}
_NAMES = {name for name, kind in vars(errors).items() if inspect.isclass(kind)} | {"TooManyTries", "FailureView", "Finding"}
_AT_THE_START = "ConfigError"  # ends the program before there is a page
_PLACE = re.compile(r"%\(\w+\)s")
_SENTENCE = re.compile(r"[A-Z“%].* .*[.?!]", re.DOTALL)
_KEYWORDS = {"_": None, "gettext": None, "lazy": None, "ngettext": (1, 2)}


_HEAD = r"""# Translations of nas_asr. Brought up to date by: python -m tests.web.catalogue
msgid ""
msgstr ""
"Language: {locale}\n"
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: {plurals}\n"

"""


def collect() -> Catalog:
    """Everything that pages can say, as msgids."""
    catalog = Catalog(project="nas_asr", charset="utf-8", fuzzy=False)
    for path in sorted((ROOT / "templates").rglob("*.html")):
        _add(catalog, path, "jinja2.ext:babel_extract")
    for path in sorted((ROOT / "nas_asr" / "web").rglob("*.py")):
        _add(catalog, path, "python")
        if "api" not in path.parts:
            _add_sentences(catalog, path)
    for pattern in BELOW:
        for path in sorted((ROOT / "nas_asr").glob(pattern)):
            if path.name not in _BY_COMMAND:
                _add_sentences(catalog, path)
    return catalog


def update(locale: str) -> tuple[bytes, Catalog]:
    """The translations of a language brought to what pages say now: as the file's bytes, and parsed."""
    path = TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"
    catalog = read_po(path.open("rb"), locale=locale) if path.is_file() else Catalog(locale=locale, charset="utf-8")
    catalog.update(collect(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    out = BytesIO()
    write_po(out, catalog, width=120, omit_header=True, sort_output=True, no_location=True, ignore_obsolete=True)
    head = _HEAD.format(locale=locale, plurals=catalog.plural_forms)
    return head.encode() + out.getvalue(), catalog


def locales() -> list[str]:
    """The languages that have translations."""
    return sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir())


def _add(catalog: Catalog, path: Path, method: str) -> None:
    with path.open("rb") as file:
        for _line, message, comments, _context in extract(method, file, keywords=_KEYWORDS):
            catalog.add(message, auto_comments=comments)


def _add_sentences(catalog: Catalog, path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        for text in _sentences(node):
            if len(_PLACE.sub("", text)) > 8:  # else its pattern would fit anything
                catalog.add(text)


def _sentences(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name == _AT_THE_START or name in _KEYWORDS:
            return
        ours = name in _NAMES
        for argument in [
            *node.args,
            *(word.value for word in node.keywords if word.arg not in ("field", "description")),
        ]:
            yield from (text for text in _texts(argument) if ours and " " in text or _SENTENCE.fullmatch(text))
    elif isinstance(node, ast.Assign | ast.Return | ast.Dict | ast.AnnAssign) and node.__dict__.get("value"):
        yield from (text for text in _texts(node.__dict__["value"]) if _SENTENCE.fullmatch(text))


def _texts(node: ast.AST) -> Iterator[str]:
    """The strings of an expression as msgids; choices, tuples and dictionaries hold several."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(_piece(part) for part in node.values)
    else:
        for part in _parts(node):
            yield from _texts(part)


def _parts(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.Tuple):
        return node.elts
    return node.values if isinstance(node, ast.BoolOp | ast.Dict) else []


def _piece(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value).replace("%", "%%")
    assert isinstance(part, ast.FormattedValue)
    for name in ast.walk(part.value):
        if isinstance(name, ast.Attribute | ast.Name):
            return f"%({name.attr if isinstance(name, ast.Attribute) else name.id})s"
    return "%(value)s"


def main() -> None:
    """Rewrite the files and say what is left to translate."""
    for locale in locales():
        text, catalog = update(locale)
        (TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po").write_bytes(text)
        left = [message.id for message in catalog if message.id and not is_translated(message.string)]
        print(f"{locale}: {len(catalog)} sentences, {len(left)} to translate")


def is_translated(string: object) -> bool:
    """Whether something stands there, in all plural forms."""
    return all(string) if isinstance(string, tuple | list) else bool(string)


if __name__ == "__main__":
    main()
