"""Room: tests.engine.test_devices. The ladder of devices on machines that are made up: what is taken, and what is said."""

from dataclasses import dataclass

import pytest

from nas_asr.core.errors import ModelUnavailable
from nas_asr.engine.devices import Device, choose


@dataclass
class Made:
    """A machine as torch might describe it."""

    capabilities: tuple[int, ...] = ()
    mps: bool = False
    cuda_build: bool = True

    def cuda_cards(self) -> int:
        return len(self.capabilities)

    def cuda_capability(self, index: int) -> int:
        return self.capabilities[index]

    def has_mps(self) -> bool:
        return self.mps

    def cuda_in_torch(self) -> bool:
        return self.cuda_build


@pytest.mark.parametrize(
    ("asked", "machine", "device"),
    [
        ("auto", Made((8,)), Device("cuda:0", "bf16")),
        ("auto", Made((9,), mps=True), Device("cuda:0", "bf16")),
        ("auto", Made((7,)), Device("cuda:0", "fp32")),
        ("auto", Made(mps=True), Device("mps")),
        ("auto", Made(), Device("cpu")),
        ("cuda:1", Made((7, 8)), Device("cuda:1", "bf16")),
        ("cpu", Made((8,)), Device("cpu")),
    ],
)
def test_the_best_device_is_taken_and_no_language_model_runs_in_half_precision(
    asked: str, machine: Made, device: Device
) -> None:
    assert choose(asked, machine) == device


@pytest.mark.parametrize(
    ("asked", "machine", "sentence"),
    [
        ("cuda:0", Made(cuda_build=False), "build without CUDA"),
        ("cuda:0", Made(), "sees no NVIDIA GPU"),
        ("cuda:2", Made((8, 8)), "only cuda:0 to cuda:1"),
        ("mps", Made((8,)), "no Apple GPU"),
    ],
)
def test_a_device_that_was_asked_for_is_never_replaced_quietly(asked: str, machine: Made, sentence: str) -> None:
    with pytest.raises(ModelUnavailable, match=sentence) as caught:
        choose(asked, machine)
    assert caught.value.remedy
