"""Room: install.locks. Lock files and stamps: what should be installed, and what was. Never installs."""

import re
from dataclasses import dataclass
from pathlib import Path

import nas_asr

PACKAGE = Path(nas_asr.__file__).resolve().parent
PROJECT = PACKAGE.parent
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)


def canonical(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True, slots=True)
class Lock:
    """One requirements/NAME.lock."""

    path: Path

    @property
    def text(self) -> str:
        """The whole file."""
        return self.path.read_text("utf-8")

    def pins(self) -> dict[str, frozenset[str]]:
        """Versions by package name; two versions where Pythons differ."""
        found: dict[str, set[str]] = {}
        for name, version in _PIN.findall(self.text):
            found.setdefault(canonical(name), set()).add(version)
        return {name: frozenset(versions) for name, versions in found.items()}


def lock(name: str) -> Lock:
    """The lock file of a stage: light, engine, torch or dev."""
    packed = PACKAGE / "install" / "locks" / f"{name}.lock"  # in a wheel; in a clone they stand beside the package
    return Lock(packed if packed.is_file() else PROJECT / "requirements" / f"{name}.lock")


@dataclass(frozen=True, slots=True)
class Stamps:
    """Marks inside a virtual environment, written last, so that an interrupted installation is seen as one."""

    prefix: Path

    @property
    def folder(self) -> Path:
        """Where the marks lie; made by `write`."""
        return self.prefix / "installed"

    def fits(self, stage: str, expected: str) -> bool:
        """Whether the last finished installation of `stage` was of exactly this."""
        try:
            return (self.folder / stage).read_text("utf-8") == expected
        except OSError:
            return False

    def has(self, stage: str) -> bool:
        """Whether there is a mark of any content."""
        return (self.folder / stage).is_file()

    def write(self, stage: str, content: str) -> None:
        """Set the mark."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / stage).write_text(content, "utf-8")

    def drop(self, stage: str) -> None:
        """Take the mark away."""
        (self.folder / stage).unlink(missing_ok=True)
