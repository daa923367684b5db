"""Room: tests.nano.checkpoint. Where the small checkpoint lies, and how to copy it without its CTC head. Trains nothing."""

import json
import shutil
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

SMALL = Path(__file__).parent / "checkpoint"
CLIPS = Path(__file__).parent / "clips"


def clip(name: str) -> NDArray[np.float32]:
    """A clip's samples at 16 kHz, between -1 and 1."""
    with av.open(str(CLIPS / name)) as container:
        pieces = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    samples: NDArray[np.float32] = np.concatenate(pieces).astype(np.float32)
    return samples / np.float32(32768)


def clip_lines(name: str) -> list[dict[str, Any]]:
    """What is said in a clip, line by line, as texts.json has it."""
    texts = json.loads((CLIPS / "texts.json").read_text("utf-8"))
    lines: list[dict[str, Any]] = next(each["lines"] for each in texts if each["file"] == name)
    return lines


def without_ctc(target: Path, source: Path = SMALL) -> Path:
    """Copy a checkpoint and drop its CTC tensors and their configuration; gives the copy.

    Fun-ASR-Nano-2512 is published in both kinds: ModelScope's model.pt has the tensors, Hugging Face's has none.
    """
    import torch
    import yaml

    shutil.copytree(source, target, ignore=shutil.ignore_patterns("model.pt", "*.md"))
    weights = torch.load(source / "model.pt", map_location="cpu")
    kept = {name: value for name, value in weights["state_dict"].items() if not _is_ctc(name)}
    torch.save({"state_dict": kept}, target / "model.pt")
    configuration = yaml.safe_load((target / "config.yaml").read_text("utf-8"))
    kept_keys = {name: value for name, value in configuration.items() if not name.startswith("ctc_")}
    (target / "config.yaml").write_text(yaml.safe_dump(kept_keys, allow_unicode=True, sort_keys=False), "utf-8")
    about = json.loads((target / "configuration.json").read_text("utf-8"))
    del about["file_path_metas"]["ctc_tokenizer_conf"]
    (target / "configuration.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    return target


def _is_ctc(name: str) -> bool:
    return name.startswith(("ctc.", "ctc_decoder."))
