"""Room: setup.lock. Pins every package with hashes, for the Pythons and machines that we serve (`make lock`).

One resolution for everything, so that a later stage never asks for another version of what an earlier one
installed. Never writes the address of a package index: a lock says what, the reader's pip says from where.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "requirements"
HEADER = "# {what}\n# Made by `make lock` from pyproject.toml and requirements/*.in. Do not edit.\n"
TORCH_BUILD = re.compile(r"^(torch|triton|cuda-.*|nvidia-.*)$")  # the part that differs with processor and GPU
EVERYWHERE = ("--universal", "--python-version", "3.11")
WITHOUT_TORCH = "torch ; sys_platform == 'never'\n"  # silero-vad asks for it; its ONNX model runs without

WHAT = {
    "light": "Stage 1: pages, watcher, worker and the built-in English engine. No torch.",
    "engine": "Stage 2 beside torch: Fun-ASR and what it needs, less what stage 1 has.",
    "torch": "Stage 2's torch where there is an NVIDIA GPU (and on macOS). Elsewhere a CPU build is taken.",
    "dev": "Tests and checks, less what stage 1 has.",
}


@dataclass(frozen=True, slots=True)
class Pin:
    """One requirement of a lock file: its lines as written, name and marker taken out of them."""

    name: str
    marker: str
    lines: tuple[str, ...]


def environments() -> Iterator[dict[str, str]]:
    """The Pythons and machines that we serve, as marker environments."""
    for version, full in (("3.11", "3.11.0"), ("3.11", "3.11.14"), ("3.12", "3.12.0"), ("3.12", "3.12.13")):
        for system, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")):
            yield {
                "python_version": version,
                "python_full_version": full,
                "sys_platform": system,
                "platform_system": system.capitalize(),
                "platform_machine": machine,
                "implementation_name": "cpython",
                "platform_python_implementation": "CPython",
                "os_name": "posix",
            }


def reaches_us(pin: Pin) -> bool:
    """Whether some Python or machine of ours would install it."""
    return not pin.marker or any(Marker(pin.marker).evaluate(environment) for environment in environments())


def parse(text: str) -> Iterator[Pin]:
    """The pins of a lock file, in its order."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        lines.append(line)
        if not line.endswith("\\"):
            requirement, _, marker = lines[0].rstrip("\\").strip().partition(" ; ")
            yield Pin(requirement.partition("==")[0], marker, tuple(lines))
            lines = []


def resolve(sources: Iterable[Path], target: Path, *extra: str) -> list[Pin]:
    """Ask uv, which keeps the versions that stand in `target`; only pins that reach a machine of ours come back."""
    command = [sys.executable, "-m", "uv", "pip", "compile", *map(str, sources), "--output-file", str(target), *extra]
    quiet = ["--quiet", "--no-header", "--no-annotate", "--no-emit-index-url", "--generate-hashes"]
    subprocess.run([*command, *quiet, *EVERYWHERE], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    return [pin for pin in parse(target.read_text("utf-8")) if reaches_us(pin)]


def bare(pins: Iterable[Pin]) -> str:
    """The pins without their hashes, each once."""
    return "".join(f"{line}\n" for line in dict.fromkeys(pin.lines[0].rstrip("\\ ") for pin in pins))


def write(name: str, pins: Iterable[Pin]) -> None:
    """Write requirements/NAME.lock."""
    body = "\n".join(line for pin in pins for line in pin.lines)
    (FOLDER / f"{name}.lock").write_text(HEADER.format(what=WHAT[name]) + body + "\n", "utf-8")


def main() -> None:
    """Write all lock files, keeping present versions unless --upgrade is given."""
    light, engine, dev = ([FOLDER / f"{name}.in"] for name in ("light", "engine", "dev"))
    light.append(ROOT / "pyproject.toml")
    locked = (
        "" if "--upgrade" in sys.argv else "".join(file.read_text("utf-8") for file in sorted(FOLDER.glob("*.lock")))
    )
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        (every := scratch / "every.txt").write_text(bare(parse(locked)), "utf-8")
        (without_torch := scratch / "override.txt").write_text(WITHOUT_TORCH, "utf-8")
        (agreed := scratch / "agreed.txt").write_text(bare(resolve([*light, *engine, *dev], every)), "utf-8")
        bound = ("--constraint", str(agreed))
        first = resolve(light, scratch / "light.txt", *bound, "--override", str(without_torch))
        second = resolve([*light, *engine], scratch / "engine.txt", *bound)
        third = resolve([*light, *dev], scratch / "dev.txt", *bound, "--override", str(without_torch))
    names = {pin.name for pin in first}
    write("light", first)
    write("engine", (pin for pin in second if pin.name not in names and not TORCH_BUILD.match(pin.name)))
    write("torch", (pin for pin in second if TORCH_BUILD.match(pin.name)))
    write("dev", (pin for pin in third if pin.name not in names))


if __name__ == "__main__":
    main()
