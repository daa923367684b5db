"""Room: tests.install. Where torch comes from: the table of decisions. Never asks a real machine."""

from pathlib import Path

import pytest

from nas_asr.install.locks import Lock
from nas_asr.install.torch_source import CPU_INDEX, Choice, Source, sources, suits

PLAIN = Lock(Path("/x/torch.lock"))
CUDA = "torch for CUDA"
NEAR = "torch for processors, from the configured index"
FAR = "torch for processors, from PyTorch's own index"
APPLE = "torch for Apple processors"


def look(system: str, choice: Choice, gpu: bool) -> tuple[Source, ...]:
    return sources(system, choice, lambda: gpu, PLAIN)


@pytest.mark.parametrize(
    ("system", "choice", "gpu", "expected"),
    [
        ("linux", Choice.AUTO, True, [CUDA]),
        ("linux", Choice.AUTO, False, [NEAR, FAR]),
        ("linux", Choice.CPU, True, [NEAR, FAR]),
        ("linux", Choice.CUDA, False, [CUDA]),
        ("darwin", Choice.AUTO, False, [APPLE]),
        ("darwin", Choice.AUTO, True, [APPLE]),
    ],
)
def test_torch_comes_from_the_right_place(system: str, choice: Choice, gpu: bool, expected: list[str]) -> None:
    assert [place.name for place in look(system, choice, gpu)] == expected


def test_without_an_nvidia_gpu_nothing_asks_for_a_cuda_build() -> None:
    for place in look("linux", Choice.AUTO, gpu=False):
        assert "torch==2.13.0+cpu" in place.arguments
        assert "--no-deps" in place.arguments
        assert not place.cuda


def test_the_index_from_outside_is_asked_last_and_with_short_patience() -> None:
    near, far = look("linux", Choice.AUTO, gpu=False)
    assert CPU_INDEX not in near.arguments
    assert far.arguments[: far.arguments.index("--index-url")] == ("--timeout", "15", "--retries", "1")
    assert far.arguments[far.arguments.index("--index-url") + 1] == CPU_INDEX


def test_a_cuda_build_is_pinned_by_its_hashes_and_wants_more_room() -> None:
    (cuda,) = look("linux", Choice.AUTO, gpu=True)
    assert cuda.arguments == ("--no-deps", "--require-hashes", "-r", "/x/torch.lock")
    assert cuda.needed > max(place.needed for place in look("linux", Choice.CPU, gpu=True))


def test_a_person_who_chose_a_build_is_not_asked_about_the_gpu() -> None:
    def never() -> bool:
        raise AssertionError("looked for a GPU")

    assert sources("linux", Choice.CPU, never, PLAIN)
    assert sources("linux", Choice.CUDA, never, PLAIN)


@pytest.mark.parametrize(
    ("installed", "for_cpu", "for_cuda"),
    [(None, False, False), ("2.13.0+cpu", True, False), ("2.13.0", True, True), ("2.15.0", False, False)],
)
def test_a_torch_that_is_there_already_is_kept_where_it_suits(
    installed: str | None, for_cpu: bool, for_cuda: bool
) -> None:
    assert suits(installed, look("linux", Choice.CPU, gpu=False)[0]) is for_cpu
    assert suits(installed, look("linux", Choice.CUDA, gpu=True)[0]) is for_cuda
