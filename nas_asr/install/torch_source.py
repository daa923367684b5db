"""Room: install.torch_source. Where torch may come from here, in the order to try. Decides; never installs."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from nas_asr.install.fit import GiB
from nas_asr.install.locks import Lock

TORCH = "2.13.0"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
MINUTE = 60.0


class Choice(StrEnum):
    """What a person asked for; auto looks for an NVIDIA GPU."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


@dataclass(frozen=True, slots=True)
class Source:
    """One place: pip's arguments after `install`, its time limit, and the free disk that stage 2 then needs."""

    name: str
    arguments: tuple[str, ...]
    limit_s: float
    needed: int
    cuda: bool = False


def sources(system: str, choice: Choice, gpu: Callable[[], bool], plain: Lock) -> tuple[Source, ...]:
    """Places to try in turn. `plain` locks the configured index's own build: CUDA on Linux, Apple on a Mac."""
    locked = ("--no-deps", "--require-hashes", "-r", str(plain.path))
    if system == "darwin":
        return (Source("torch for Apple processors", locked, 45 * MINUTE, 3 * GiB),)
    if choice is Choice.CUDA or (choice is Choice.AUTO and gpu()):
        return (Source("torch for CUDA", locked, 120 * MINUTE, 10 * GiB, cuda=True),)
    cpu = ("--no-deps", f"torch=={TORCH}+cpu")
    return (
        Source("torch for processors, from the configured index", cpu, 30 * MINUTE, 5 * GiB // 2),
        # A network without a way out may drop packets silently: short waits, few tries.
        Source(
            "torch for processors, from PyTorch's own index",
            ("--timeout", "15", "--retries", "1", "--index-url", CPU_INDEX, *cpu),
            30 * MINUTE, 5 * GiB // 2,
        ),
    )  # fmt: skip


def suits(installed: str | None, source: Source) -> bool:
    """Whether the torch that is there (its version, or None) is the one that `source` would bring."""
    if installed is None or installed.partition("+")[0] != TORCH:
        return False
    return not (source.cuda and installed.endswith("+cpu"))
