"""Room: tests.install. The lock files keep their promises: pinned, hashed, silent about indexes, and no torch in stage 1."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from nas_asr.install.locks import PROJECT, canonical, lock

STAGES = ("light", "engine", "torch", "dev")
ENVIRONMENTS: list[dict[str, str]] = [
    {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": system,
        "platform_machine": machine,
    }
    for python in ("3.11", "3.12")
    for system, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
]


def requirements(stage: str) -> Iterator[Requirement]:
    text = re.sub(r" \\\n\s+--hash=\S+", "", lock(stage).text)
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield Requirement(line)


def pinned(stage: str, environment: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for requirement in requirements(stage):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert canonical(requirement.name) not in found, f"{requirement.name} twice"
            (found[canonical(requirement.name)],) = (pin.version for pin in requirement.specifier)
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_every_package_is_pinned_with_hashes(stage: str) -> None:
    text = lock(stage).text
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.split("Do not edit.\n")[1].strip())
    assert len(blocks) > 10
    for block in blocks:
        assert re.match(r"[a-z0-9-]+==\S+( ; .+?)? \\\n( +--hash=sha256:[0-9a-f]{64}( \\\n|$))+$", block), block[:80]


@pytest.mark.parametrize("path", sorted((PROJECT / "requirements").iterdir()), ids=lambda path: path.name)
def test_no_file_names_an_index_or_a_host(path: Path) -> None:
    assert not re.search(
        r"https?:|file:|--(extra-)?index|--find-links|\.(org|com|io|net|cn)\b", path.read_text("utf-8")
    )


@pytest.mark.parametrize("stage", ["light", "engine", "dev"])
def test_torch_and_its_libraries_stand_in_no_lock_but_their_own(stage: str) -> None:
    names = set(lock(stage).pins())
    assert not {name for name in names if re.match(r"torch$|triton|nvidia-|cuda-", name)}


def test_torchaudio_stands_in_no_lock() -> None:
    assert all("torchaudio" not in lock(stage).pins() for stage in STAGES)


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda e: "-".join(e.values()))
def test_stage_1_satisfies_the_project(environment: dict[str, str]) -> None:
    project: dict[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    here = pinned("light", environment)
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for requirement in map(Requirement, wanted):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            version = here.get(canonical(requirement.name))
            assert version is not None, f"{requirement.name} is missing: run make lock"
            assert requirement.specifier.contains(version), f"{requirement}, locked is {version}: run make lock"


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda e: "-".join(e.values()))
def test_no_later_stage_asks_for_what_stage_1_brings(environment: dict[str, str]) -> None:
    light = pinned("light", environment)
    for stage in ("engine", "torch", "dev"):
        assert not light.keys() & pinned(stage, environment).keys()
    engine, dev = pinned("engine", environment), pinned("dev", environment)
    assert {name: engine[name] for name in engine.keys() & dev.keys()} == {
        name: dev[name] for name in engine.keys() & dev.keys()
    }
