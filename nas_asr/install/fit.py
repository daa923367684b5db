"""Room: install.fit. Whether Python and machine can run nas_asr; if not, why and what now. Never changes anything."""

import importlib.util
import platform
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from nas_asr.core.errors import ConfigError

PYTHONS = ((3, 11), (3, 12))
PROCESSORS = {"linux": ("x86_64", "aarch64"), "darwin": ("arm64",)}
GLIBC = (2, 28)  # the oldest that every wheel of the lock files accepts
X86_FLAGS = frozenset({"popcnt", "sse4_2", "ssse3"})  # numpy's and onnxruntime's wheels are built for x86-64-v2
GiB = 1024**3


@dataclass(frozen=True, slots=True)
class Machine:
    """What matters of the machine. `glibc` is (0, 0) where there is none; `cpu_flags` is empty where nobody tells."""

    python: tuple[int, int]
    has_venv: bool
    debian: bool
    system: str
    processor: str
    bits: int
    glibc: tuple[int, int]
    cpu_flags: frozenset[str]


def this_machine() -> Machine:
    """The machine and the Python that we run on."""
    release = Path("/etc/debian_version")
    return Machine(
        python=sys.version_info[:2],
        has_venv=all(importlib.util.find_spec(name) is not None for name in ("venv", "ensurepip")),
        debian=release.is_file(),
        system=sys.platform,
        processor=platform.machine(),
        bits=struct.calcsize("P") * 8,
        glibc=_glibc(),
        cpu_flags=_cpu_flags(Path("/proc/cpuinfo")),
    )


def objection(machine: Machine) -> ConfigError | None:
    """The first reason why stage 1 cannot be installed here, or None."""
    named = ".".join(map(str, machine.python))
    if machine.python not in PYTHONS:
        return ConfigError(
            f"nas_asr needs Python 3.11 or 3.12, and this is Python {named}.",
            "Install one of them and name it: make run PYTHON=/path/to/python3.11",
        )
    return _objection_to_machine(machine) or _objection_to_venv(machine, named)


def _objection_to_machine(machine: Machine) -> ConfigError | None:
    if machine.bits != 64 or machine.processor not in PROCESSORS.get(machine.system, ()):
        return ConfigError(
            f"There are no packages for this machine ({machine.system}, {machine.processor}, {machine.bits} bit).",
            "Use a 64-bit Linux on an x86-64 or ARM processor, or a Mac with an Apple processor.",
        )
    if machine.system == "linux" and machine.glibc < GLIBC:
        return ConfigError(
            "There are no packages for this Linux: it has musl, or a C library older than glibc 2.28.",
            "Use a distribution with glibc 2.28 or newer, such as Debian 12.",
        )
    if machine.processor == "x86_64" and machine.cpu_flags and not machine.cpu_flags >= X86_FLAGS:
        return ConfigError(
            "This processor is too old for the packages: it lacks SSE 4.2 or POPCNT.",
            "Use a machine with an x86-64 processor of 2011 or later.",
        )
    return None


def _objection_to_venv(machine: Machine, named: str) -> ConfigError | None:
    if machine.has_venv:
        return None
    remedy = "Install the venv and ensurepip modules that belong to it."
    if machine.debian:
        remedy = f"Run: sudo apt install python{named}-venv"
    return ConfigError(f"Python {named} is here, but it cannot make virtual environments.", remedy)


def _glibc() -> tuple[int, int]:
    name, version = platform.libc_ver()
    parts = version.split(".")
    return (int(parts[0]), int(parts[1])) if name == "glibc" and len(parts) > 1 else (0, 0)


def _cpu_flags(cpuinfo: Path) -> frozenset[str]:
    if not cpuinfo.is_file():
        return frozenset()
    for line in cpuinfo.read_text("utf-8", "replace").splitlines():
        if line.startswith("flags"):
            return frozenset(line.partition(":")[2].split())
    return frozenset()


def has_nvidia_gpu() -> bool:
    """Whether an NVIDIA GPU can be used: the driver's own tool lists one, or kernel and container both show one."""
    # A container sees the host's /proc/driver/nvidia even when it was given no GPU; the device node tells.
    seen = Path("/proc/driver/nvidia/gpus")
    if seen.is_dir() and any(seen.iterdir()) and any(Path("/dev").glob("nvidia[0-9]*")):
        return True
    tool = shutil.which("nvidia-smi") or shutil.which("nvidia-smi", path="/usr/lib/wsl/lib")
    if tool is None:
        return False
    try:
        listed = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return listed.returncode == 0 and "GPU " in listed.stdout


def shortage(folder: Path, needed: int) -> ConfigError | None:
    """Why there is too little room in the file system of `folder` for `needed` bytes, or None."""
    free = shutil.disk_usage(folder).free
    if free >= needed:
        return None
    return ConfigError(
        f"{needed / GiB:.1f} GB of free disk are needed at {folder}, and there are {free / GiB:.1f} GB.",
        "Make room there, then start again: the installation goes on where it stopped.",
    )
