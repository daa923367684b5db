"""Room: tests.engine.test_devices. The ladder of devices on machines that are made up: what is taken, and what is said."""

import os
from dataclasses import dataclass

import pytest

from nas_asr import settings
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


def test_torch_is_told_before_it_is_imported_that_threads_sleep_and_hubs_are_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OMP_WAIT_POLICY", "OMP_NUM_THREADS", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTORCH_ALLOC_CONF", "mine")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "")
    settings.prepare_torch(3)
    told = {
        name: os.environ.pop(name)
        for name in ("OMP_WAIT_POLICY", "OMP_NUM_THREADS", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    }
    assert told == {
        "OMP_WAIT_POLICY": "PASSIVE",
        "OMP_NUM_THREADS": "3",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
    }
    assert os.environ["PYTORCH_ALLOC_CONF"] == "mine"
