"""Room: install.stage2. Puts torch and funasr into the .venv that already serves pages. Never touches stage 1.

`python -m nas_asr.install.stage2 [--data DIR] [--torch auto|cpu|cuda] [--parent PID]`; started by `nas-asr up`,
beside everything else, and by `make test`. May be killed at any moment; the next run goes on. Exit status 0: installed.
"""

import argparse
import importlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import distributions
from pathlib import Path
from typing import NoReturn

from nas_asr.core import lifeline
from nas_asr.core.clock import utc_now
from nas_asr.core.errors import ConfigError
from nas_asr.install import status as progress
from nas_asr.install.child import Child, Outcome, VenvChild, explain
from nas_asr.install.exclusive import exclusive
from nas_asr.install.fit import GiB, has_nvidia_gpu, shortage
from nas_asr.install.locks import Stamps, canonical, lock
from nas_asr.install.status import Stage2State, Stage2Status
from nas_asr.install.torch_source import MINUTE, Choice, Source, sources, suits

PIP = ("-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off")
# Two source packages are built with the setuptools of stage 1, so that nothing unpinned is fetched to build them.
FROM_LOCK = ("--no-deps", "--require-hashes", "--no-build-isolation", "--use-pep517", "-r")
CHECK = "import json, torch, funasr; print(); print(json.dumps({'cuda': torch.cuda.is_available()}))"

TORCH_SHARE, PACKAGES_SHARE, CHECK_SHARE = 40, 50, 10  # of 100 steps; from their wall times with a warm network
SAY_EVERY = timedelta(seconds=2)


def installed_packages() -> dict[str, str]:
    """Versions by canonical name, of this environment, as they lie on the disk now."""
    importlib.invalidate_caches()
    return {canonical(found.name): found.version for found in distributions()}


def ours() -> frozenset[str]:
    """Names of the packages that belong to stage 2."""
    return frozenset(lock("engine").pins()) | frozenset(lock("torch").pins())


def forget_halves(prefix: Path, names: frozenset[str]) -> None:
    """Drop the metadata of packages that a kill cut short, so that pip sees them missing. INSTALLER comes last."""
    for folder in prefix.glob("lib/python3.*/site-packages/*.dist-info"):
        if canonical(folder.name.partition("-")[0]) in names and not (folder / "INSTALLER").is_file():
            shutil.rmtree(folder)


class Stopped(Exception):  # noqa: N818 (not an error: somebody asked)
    """SIGTERM or Ctrl-C."""


@dataclass(slots=True)
class Stage2:
    """One installation; everything of the outside is an argument, so that tests give their own."""

    data: Path
    prefix: Path
    child: Child
    choice: Choice = Choice.AUTO
    system: str = sys.platform
    gpu: Callable[[], bool] = has_nvidia_gpu
    packages: Callable[[], dict[str, str]] = installed_packages
    room: Callable[[Path, int], ConfigError | None] = shortage
    now: Callable[[], datetime] = utc_now
    said: Stage2Status = Stage2Status(Stage2State.INSTALLING, total=100)
    said_at: datetime | None = None

    def run(self) -> Stage2Status:
        """Install what is missing; the status that was written last comes back."""
        try:
            with exclusive(self.prefix, self._wait):
                if progress.finished(self.prefix) and progress.modules_here() and self.choice is Choice.AUTO:
                    return self.say(state=Stage2State.INSTALLED, done=100, message=progress.INSTALLED.message)
                return self._install()
        except Stopped:
            again = progress.INTERRUPTED
            return self.say(state=again.state, message=again.message, remedy=again.remedy)
        except ConfigError as error:
            return self.say(state=Stage2State.FAILED, message=error.message, remedy=error.remedy)
        except OSError as error:
            sentence = f"Installing the Fun-ASR engine met a problem of the system: {error.strerror or error}."
            return self.say(state=Stage2State.FAILED, message=sentence, remedy=self._log_remedy())

    def _wait(self) -> None:
        self.say(step="wait", message="Another installation is under way here.")

    def say(self, *, state: Stage2State = Stage2State.INSTALLING, **changes: str | int) -> Stage2Status:
        """Write the status now. Keeps what is not given."""
        self.said = progress.stamped(replace(self.said, state=state, **changes), self.now())  # type: ignore[arg-type]
        self.said_at = self.now()
        progress.write_status(self.data, self.said)
        return self.said

    def _install(self) -> Stage2Status:
        progress.empty_log(self.data)
        forget_halves(self.prefix, ours())
        before = self.packages()
        places = sources(self.system, self.choice, self.gpu, lock("torch"))
        if not self._torch(places, before):
            return self.said
        self.say(step="packages", done=TORCH_SHARE, message="Installing the Fun-ASR engine.", remedy="")
        wanted = lock("engine")
        heard = self._counter(TORCH_SHARE, PACKAGES_SHARE, len(wanted.pins()))
        outcome = self.child.run([*PIP, *FROM_LOCK, str(wanted.path)], heard, 60 * MINUTE)
        if not outcome.good:
            return self._failed(outcome, "installing the Fun-ASR engine")
        self._stage1_is_whole(before)
        return self._check(cuda=places[0].cuda)

    def _torch(self, places: Sequence[Source], before: dict[str, str]) -> bool:
        present = before.get("torch")
        if any(suits(present, place) for place in places):
            self._room(3 * GiB // 2)
            return True
        replaced = ("--force-reinstall",) if present else ()
        for place in places:
            self._room(place.needed)
            self.say(step="torch", done=0, message=f"Installing {place.name}.", remedy="")
            outcome = self.child.run(
                [*PIP, *replaced, *place.arguments], self._counter(0, TORCH_SHARE, 3), place.limit_s
            )
            if outcome.good:
                return True
        self._left_out(outcome, cuda=places[-1].cuda)
        return False

    def _left_out(self, outcome: Outcome, *, cuda: bool) -> None:
        if cuda:
            sentence, _ = explain(outcome, "installing torch for CUDA")
            remedy = f"Start again, or take the build for processors: {self._again('--torch cpu')}"
            self.say(state=Stage2State.FAILED, message=sentence, remedy=remedy)
            return
        self.say(
            state=Stage2State.SKIPPED,
            message="Neither pip's configured index nor PyTorch's own had torch for this machine, so the Fun-ASR "
            "engine is left out; everything else works without it.",
            remedy=f"Bring a torch wheel into reach (pip's find-links or index setting), then: {self._again()}",
        )

    def _check(self, *, cuda: bool) -> Stage2Status:
        self.say(step="check", done=TORCH_SHARE + PACKAGES_SHARE, message="Checking that torch and the engine load.")
        if "torchaudio" in self.packages():
            raise ConfigError(
                "torchaudio is installed, and the Fun-ASR engine does not load beside it.",
                f"Run: {sys.executable} -m pip uninstall torchaudio",
            )
        outcome = self.child.run(["-c", CHECK], lambda line: self._beat(), 10 * MINUTE)
        if not outcome.good:
            raise ConfigError(
                "torch and funasr are installed, but they do not load here.",
                self._log_remedy() + " Else: make clean run",
            )
        # For the log only: a package that the user put here may quarrel with another.
        self.child.run(["-m", "pip", "check"], lambda line: self._beat(), MINUTE)
        Stamps(self.prefix).write("engine", lock("engine").text)
        message, remedy = progress.INSTALLED.message, ""
        if cuda and not _sees_gpu(outcome):
            message += " But torch does not see the NVIDIA GPU, so they will run on the processor."
            remedy = "Update the NVIDIA driver (the build is for CUDA 13), then start again."
        return self.say(state=Stage2State.INSTALLED, step="", done=100, message=message, remedy=remedy)

    def _stage1_is_whole(self, before: dict[str, str]) -> None:
        after = self.packages()
        changed = sorted(name for name in before.keys() - ours() if after.get(name) != before[name])
        if changed:
            named = ", ".join(changed)
            raise ConfigError(
                f"Installing the Fun-ASR engine changed packages of stage 1: {named}.", "Run: make clean run"
            )

    def _room(self, needed: int) -> None:
        if (error := self.room(self.prefix, needed)) is not None:
            raise error

    def _counter(self, start: int, share: int, expected: int) -> Callable[[str], None]:
        seen = 0

        def heard(line: str) -> None:
            nonlocal seen
            if line.startswith(("Collecting ", "Processing ")):
                seen = min(seen + 1, expected)
                downloading = share * 3 // 4  # the rest is unpacking
                self.said = replace(self.said, done=start + downloading * seen // expected)
            self._beat()

        return heard

    def _beat(self) -> None:
        if self.said_at is None or self.now() - self.said_at >= SAY_EVERY:
            self.say()

    def _failed(self, outcome: Outcome, doing: str) -> Stage2Status:
        sentence, remedy = explain(outcome, doing)
        return self.say(state=Stage2State.FAILED, message=sentence, remedy=f"{remedy} {self._log_remedy()}")

    def _log_remedy(self) -> str:
        return f"See {progress.log_file(self.data)}, then start again: {self._again()}"

    def _again(self, extra: str = "") -> str:
        return f"{sys.executable} -m nas_asr.install.stage2 --data {self.data} {extra}".rstrip()


def stage2_command(data: Path, parent: int) -> list[str]:
    """The command that `up` starts and supervises as one more child; it ends when `parent` does."""
    return [sys.executable, "-m", "nas_asr.install.stage2", "--data", str(data), "--parent", str(parent)]


def stage2_needed() -> bool:
    """Whether `up` has to start it."""
    return not (progress.finished() and progress.modules_here())


def _sees_gpu(outcome: Outcome) -> bool:
    try:
        return bool(json.loads(outcome.tail[-1])["cuda"])
    except (IndexError, ValueError, KeyError, TypeError):
        return False


def _stop(signum: int, frame: object) -> NoReturn:
    raise Stopped


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a program."""
    parser = argparse.ArgumentParser("python -m nas_asr.install.stage2", description="Installs the Fun-ASR engine.")
    parser.add_argument("--data", type=Path, default=Path("data"), help="for progress and log; default ./data")
    parser.add_argument(
        "--torch", type=Choice, choices=list(Choice), default=Choice.AUTO, help="which build; auto: CUDA on a GPU"
    )
    parser.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.parent:
        lifeline.hold(given.parent)
    os.nice(10)  # pages and recordings come first
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    data = given.data.absolute()
    child = VenvChild(Path(sys.executable), progress.log_file(data))
    ended = Stage2(data, Path(sys.prefix), child, choice=given.torch).run()
    sys.stdout.write(f"{ended.message} {ended.remedy}".rstrip() + "\n")
    return 0 if ended.state is Stage2State.INSTALLED else 1


if __name__ == "__main__":
    sys.exit(main())
