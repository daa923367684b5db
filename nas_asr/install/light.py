"""Room: install.light. Makes .venv and puts stage 1, nas_asr itself and, when asked, the test tools in. Never stage 2.

`python3.11 -m nas_asr.install.light [--dev]`: setup/venv.sh runs it with the machine's Python, before any package is there.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from nas_asr.core.errors import ConfigError
from nas_asr.install.child import Child, Outcome, VenvChild, explain
from nas_asr.install.exclusive import exclusive
from nas_asr.install.fit import GiB, objection, shortage, this_machine
from nas_asr.install.locks import PROJECT, Stamps, lock

PIP = ("-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--no-deps")
NEEDED = GiB
LIMIT_S = 1800.0
UNFINISHED = "unfinished"


def light_stamp() -> str:
    """What a finished stage 1 was made of; setup/venv.sh builds the same text to see quickly that nothing changed."""
    return f"{PROJECT}\n{lock('light').text}{(PROJECT / 'pyproject.toml').read_text('utf-8')}"


def missing(prefix: Path, *, dev: bool) -> list[str]:
    """Stages that are not as their lock files say: light, dev."""
    stamps, whole = Stamps(prefix), usable(prefix)
    stages = [] if whole and stamps.fits("light", light_stamp()) else ["light"]
    return [*stages, "dev"] if dev and not (whole and stamps.fits("dev", lock("dev").text)) else stages


def usable(prefix: Path) -> bool:
    """Whether what lies in `prefix` can be added to: whole, of this Python, and not moved here from another folder."""
    stamps = Stamps(prefix)
    if stamps.has(UNFINISHED) or not os.access(prefix / "bin" / "python", os.X_OK):
        return False
    marks = stamps.folder / "light"
    moved = marks.is_file() and marks.read_text("utf-8").partition("\n")[0] != str(PROJECT)
    return not moved and (prefix / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}").is_dir()


def install(prefix: Path, child_of: Callable[[Path], Child], stages: Sequence[str], say: Callable[[str], None]) -> None:
    """Bring `stages` up to their lock files. Raises ConfigError with a sentence and a remedy."""
    stamps = Stamps(prefix)
    if not usable(prefix):
        say(f"Making {prefix.name} with Python {sys.version_info[0]}.{sys.version_info[1]} ...")
        if not child_of(Path(sys.executable)).run(["-m", "venv", "--clear", str(prefix)], _unheard, LIMIT_S).good:
            raise ConfigError(f"{prefix} could not be made.", f"See {log_file()}, then start again.")
    guest = child_of(prefix / "bin" / "python")
    for stage in stages:
        wanted = lock(stage)
        named = wanted.path.relative_to(PROJECT)
        say(f"Installing {len(wanted.pins())} packages of {named} ...")
        outcome = _pip(guest, stamps, ["--require-hashes", "-r", str(wanted.path)])
        if not outcome.good:
            sentence, remedy = explain(outcome, f"installing {named}")
            raise ConfigError(sentence, f"{remedy} The whole log: {log_file()}")
        if stage == "light" and not _pip(guest, stamps, ["--no-build-isolation", "--editable", str(PROJECT)]).good:
            raise ConfigError("nas_asr itself could not be installed.", f"See {log_file()}, then start again.")
        stamps.write(stage, light_stamp() if stage == "light" else wanted.text)


def _pip(guest: Child, stamps: Stamps, arguments: Sequence[str]) -> Outcome:
    # The mark stays when we or pip are killed: half a package looks whole to pip, so the next run makes all anew.
    stamps.write(UNFINISHED, "")
    outcome = guest.run([*PIP, *arguments], _unheard, LIMIT_S)
    if outcome.status is not None and outcome.status >= 0:
        stamps.drop(UNFINISHED)
    return outcome


def _unheard(line: str) -> None:
    """The log has it."""


def log_file() -> Path:
    """Where pip's own words go: beside .venv's name, as .venv itself is emptied when it is made anew."""
    return PROJECT / ".venv.log"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _bring_up_to_date(prefix: Path, *, dev: bool) -> None:
    if (reason := objection(this_machine())) is not None:
        raise reason
    prefix.mkdir(exist_ok=True)
    with exclusive(prefix, lambda: _say("Waiting for another installation in .venv to end ...")):
        stages = missing(prefix, dev=dev)
        if not stages:
            return
        if (reason := shortage(prefix, NEEDED)) is not None:
            raise reason
        log_file().unlink(missing_ok=True)
        install(prefix, lambda python: VenvChild(python, log_file()), stages, _say)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a program: 0 when everything asked for is there."""
    parser = argparse.ArgumentParser(prog="python -m nas_asr.install.light")
    parser.add_argument("--dev", action="store_true", help="also what the tests and checks need")
    given = parser.parse_args(arguments)
    try:
        _bring_up_to_date(PROJECT / ".venv", dev=given.dev)
    except ConfigError as error:
        _say(f"{error.message}\n{error.remedy}")
        return 1
    except OSError as error:
        _say(f"{error.filename or PROJECT} cannot be written: {error.strerror}.")
        _say("Give the folder to the user who runs make.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
