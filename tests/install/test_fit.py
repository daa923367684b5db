"""Room: tests.install. Machines and Pythons that we cannot serve hear why, and what to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas_asr.install.fit import X86_FLAGS, Machine, objection, shortage, this_machine

DEBIAN = Machine((3, 11), True, True, "linux", "x86_64", 64, (2, 36), X86_FLAGS | {"avx"})


def test_this_machine_is_served() -> None:
    assert objection(this_machine()) is None


@pytest.mark.parametrize(
    "machine",
    [
        DEBIAN,
        replace(DEBIAN, python=(3, 12)),
        replace(DEBIAN, processor="aarch64", cpu_flags=frozenset()),
        replace(DEBIAN, system="darwin", processor="arm64", glibc=(0, 0), cpu_flags=frozenset(), debian=False),
    ],
)
def test_machines_with_packages_are_served(machine: Machine) -> None:
    assert objection(machine) is None


@pytest.mark.parametrize(
    ("machine", "sentence", "remedy"),
    [
        (replace(DEBIAN, python=(3, 13)), "this is Python 3.13", "PYTHON="),
        (replace(DEBIAN, python=(3, 9)), "this is Python 3.9", "PYTHON="),
        (replace(DEBIAN, has_venv=False), "cannot make virtual environments", "sudo apt install python3.11-venv"),
        (replace(DEBIAN, has_venv=False, debian=False), "cannot make virtual environments", "ensurepip"),
        (replace(DEBIAN, processor="armv7l", bits=32), "armv7l, 32 bit", "64-bit"),
        (replace(DEBIAN, processor="aarch64", bits=32), "32 bit", "64-bit"),
        (replace(DEBIAN, processor="riscv64"), "riscv64", "x86-64 or ARM"),
        (replace(DEBIAN, system="darwin"), "darwin, x86_64", "Apple processor"),
        (replace(DEBIAN, glibc=(0, 0)), "musl", "glibc"),
        (replace(DEBIAN, glibc=(2, 17)), "glibc 2.28", "Debian 12"),
        (replace(DEBIAN, cpu_flags=frozenset({"sse2", "ssse3"})), "too old", "2011"),
    ],
)
def test_what_cannot_be_served_is_told_with_a_remedy(machine: Machine, sentence: str, remedy: str) -> None:
    reason = objection(machine)
    assert reason is not None
    assert sentence in reason.message
    assert remedy in reason.remedy


def test_a_full_disk_is_told_with_how_much_is_missing(tmp_path: Path) -> None:
    reason = shortage(tmp_path, 10**18)
    assert reason is not None
    assert "free disk" in reason.message
    assert shortage(tmp_path, 1) is None
