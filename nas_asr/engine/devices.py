"""Room: engine.devices. What torch may compute on: a CUDA GPU, Apple's, or the CPU. Never quietly another than asked for.

torch is imported only when a device is looked for: the built-in engine has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from nas_asr.core.errors import ModelUnavailable

_BF16_FROM = 8  # compute capability of the first cards that multiply bfloat16: RTX 30, A100


@dataclass(frozen=True, slots=True)
class Device:
    """Where a model computes. name: torch's (cuda:0, mps, cpu). llm_dtype: what the language model is held in.

    Never fp16: Qwen3 then writes "!!!!" (modelscope/FunASR #3597); the encoder stays fp32 on every device.
    """

    name: str
    llm_dtype: str = "fp32"

    @property
    def kind(self) -> str:
        """cuda, mps or cpu."""
        return self.name.partition(":")[0]


class Machine(Protocol):
    """What torch says about the machine."""

    def cuda_cards(self) -> int: ...
    def cuda_capability(self, index: int) -> int: ...
    def has_mps(self) -> bool: ...
    def cuda_in_torch(self) -> bool: ...


class TorchMachine:
    """The real machine, as the torch that is installed sees it."""

    def cuda_cards(self) -> int:
        """How many NVIDIA GPUs this torch can use."""
        import torch

        return torch.cuda.device_count() if torch.cuda.is_available() else 0

    def cuda_capability(self, index: int) -> int:
        """The first number of a card's compute capability: 8 from RTX 30 on."""
        import torch

        return int(torch.cuda.get_device_capability(index)[0])

    def has_mps(self) -> bool:
        """Whether Apple's GPU can be used."""
        import torch

        return bool(torch.backends.mps.is_available())

    def cuda_in_torch(self) -> bool:
        """Whether torch is a build for CUDA at all."""
        import torch

        return torch.version.cuda is not None


def choose(asked: str, machine: Machine) -> Device:
    """The device of a setting: auto takes the first of cuda, mps and cpu that is there.

    Raises ModelUnavailable where a device was asked for by name and is not there.
    """
    if asked == "auto":
        if machine.cuda_cards():
            return _card(0, machine)
        return Device("mps") if machine.has_mps() else Device("cpu")
    if asked == "cpu":
        return Device("cpu")
    if asked == "mps":
        if machine.has_mps():
            return Device("mps")
        raise ModelUnavailable("The device mps was asked for, but this is no Apple GPU.", "Choose auto or cpu.")
    return _asked_card(asked, machine)


def _asked_card(asked: str, machine: Machine) -> Device:
    number, cards = asked.removeprefix("cuda:"), machine.cuda_cards()
    index = int(number) if number.isdigit() else 0
    if index < cards:
        return _card(index, machine)
    if cards:
        raise ModelUnavailable(
            f"The device {asked} was asked for, but there are only cuda:0 to cuda:{cards - 1}.", "Choose one of them."
        )
    if not machine.cuda_in_torch():
        raise ModelUnavailable(
            f"The device {asked} was asked for, but the installed torch is a build without CUDA.",
            "Choose auto or cpu, or install again on a machine whose NVIDIA driver works.",
        )
    raise ModelUnavailable(
        f"The device {asked} was asked for, but torch sees no NVIDIA GPU here.",
        "Choose auto or cpu, or correct the driver; `nvidia-smi` shows what it sees.",
    )


def _card(index: int, machine: Machine) -> Device:
    return Device(f"cuda:{index}", "bf16" if machine.cuda_capability(index) >= _BF16_FROM else "fp32")


def check_placed(model: Any, device: Device) -> None:
    """That every weight is where it belongs. Raises ModelUnavailable: funasr goes to the CPU without a word."""
    strays = {str(parameter.device.type) for parameter in model.parameters()} - {device.kind}
    if strays:
        raise ModelUnavailable(
            f"The model was to be on {device.name}, but lies on {' and '.join(sorted(strays))}.",
            "Choose the device cpu, or correct the driver and start again.",
        )


def memory(device: Device) -> Mapping[str, int | str]:
    """The card's name and bytes of its memory: used and free by everybody, and ours. Empty for the CPU."""
    import torch

    if device.kind != "cuda":
        return {}
    free, total = torch.cuda.mem_get_info(device.name)
    return {
        "device_name": str(torch.cuda.get_device_name(device.name)),
        "memory_total": int(total),
        "memory_used": int(total - free),
        "memory_free": int(free),
        "memory_ours": int(torch.cuda.memory_reserved(device.name)),
    }


def give_back_memory(device: Device) -> None:
    """Return what torch keeps for later, so that a smaller piece of work finds room, or another program."""
    import gc

    import torch

    gc.collect()
    if device.kind == "cuda":
        torch.cuda.empty_cache()
    elif device.kind == "mps":
        torch.mps.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device or the machine had no room; the CPU's allocator has no class of its own for it."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    words = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in words or "can't allocate memory" in words)
