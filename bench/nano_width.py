"""Room: bench.nano_width. Fun-ASR-Nano at full width, random weights, our recogniser: rows a second, memory, recovery.

    python bench/nano_width.py [--full] [--device cuda:0] [--quick] [--json]

Two layers each of encoder, adaptor, CTC decoder and language model unless --full asks for all of them. Random weights never say
that a row is over, so each runs to its bound of 8 tokens a second of sound (people speak 3 to 5): times are upper bounds.
Inside the timer: front end, encoder, decoding, word times. Outside: loading, decoding of files, VAD. On a CUDA card it then takes
memory away until a batch does not fit, and tells how it went on.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from nas_asr import settings
from nas_asr.core.ports import SAMPLE_RATE, Brief, Utterance
from nas_asr.core.transcript import Span
from nas_asr.engine.fun_asr import Nano
from nas_asr.engine.options import EngineOptions

SMALL = Path(__file__).parents[1] / "tests" / "nano" / "checkpoint"  # its tokenizer and the names of its settings
LLM = "Qwen3-0.6B"
QUICK_S = (2.0, 4.0, 6.0, 3.0)
LONG_S = (3.0, 12.0, 7.0, 20.0, 5.0, 9.0, 15.0, 4.0, 28.0, 6.0, 11.0, 8.0, 2.0, 17.0, 10.0, 1.0)


def write_checkpoint(place: Path, full: bool) -> int:
    """Fun-ASR-Nano-2512's dimensions; gives the number of weights."""
    settings_of = yaml.safe_load((SMALL / "config.yaml").read_text("utf-8"))
    blocks, tp_blocks, ctc_layers, llm_layers = (50, 20, 5, 28) if full else (2, 2, 2, 2)
    (small_llm,) = (each for each in SMALL.iterdir() if each.is_dir())
    shutil.copytree(small_llm, place / LLM)
    llm = json.loads((place / LLM / "config.json").read_text("utf-8"))
    llm |= {
        "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": llm_layers, "num_attention_heads": 16,
        "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151_936, "max_position_embeddings": 40_960,
        "layer_types": ["full_attention"] * llm_layers, "max_window_layers": llm_layers,
    }  # fmt: skip
    (place / LLM / "config.json").write_text(json.dumps(llm), "utf-8")
    settings_of["audio_encoder_conf"] |= {
        "output_size": 512, "attention_heads": 4, "linear_units": 2048, "num_blocks": blocks, "tp_blocks": tp_blocks,
    }  # fmt: skip
    settings_of["audio_adaptor_conf"] |= {
        "ffn_dim": 2048, "llm_dim": 1024, "encoder_dim": 512, "n_layer": 2, "use_low_frame_rate": True,
        "attention_heads": 8,
    }  # fmt: skip
    settings_of["ctc_decoder_conf"] |= {"ffn_dim": 2048, "llm_dim": 512, "encoder_dim": 512, "n_layer": ctc_layers}
    settings_of["ctc_vocab_size"] = 60_515
    for name in ("tokenizer_conf", "llm_conf", "ctc_tokenizer_conf"):
        settings_of[name]["init_param_path"] = LLM
    (place / "config.yaml").write_text(yaml.safe_dump(settings_of, allow_unicode=True), "utf-8")
    places = {name: {"init_param_path": LLM} for name in ("tokenizer_conf", "llm_conf", "ctc_tokenizer_conf")}
    about = {"file_path_metas": {"config": "config.yaml", "init_param": "model.pt", **places}}
    (place / "configuration.json").write_text(json.dumps(about), "utf-8")
    return _write_weights(place, settings_of)


def _write_weights(place: Path, settings_of: dict[str, Any]) -> int:
    import torch
    from funasr import AutoModel  # noqa: F401  fills funasr's tables
    from funasr.register import tables

    inside = json.loads(json.dumps(settings_of))
    for name in ("tokenizer_conf", "llm_conf", "ctc_tokenizer_conf"):
        inside[name]["init_param_path"] = str(place / LLM)
    torch.manual_seed(0)
    model = tables.model_classes[inside.pop("model")](**inside, input_size=560)
    torch.save(
        {"state_dict": {name: weight.bfloat16() for name, weight in model.state_dict().items()}}, place / "model.pt"
    )
    return sum(weight.numel() for weight in model.parameters())


def sounds(lengths: tuple[float, ...]) -> list[Utterance]:
    """Noise of these lengths, one after the other."""
    random, found, at_ms = np.random.default_rng(3), [], 0
    for seconds in lengths:
        pcm = (random.normal(size=int(seconds * SAMPLE_RATE)) * 2000).astype(np.int16)
        found.append(Utterance(Span(at_ms, at_ms + int(seconds * 1000)), pcm))
        at_ms += int(seconds * 1000)
    return found


def measure(engine: Nano, utterances: list[Utterance]) -> dict[str, object]:
    """Rows and audio seconds a second."""
    began = time.monotonic()
    found = list(engine.recognise(utterances, Brief("zh"), lambda: None))
    took = time.monotonic() - began
    audio = sum(utterance.span.length_ms for utterance in utterances) / 1000
    return {"rows": len(found), "rows_per_s": round(len(found) / took, 2), "rtfx": round(audio / took, 2)}


def starve(engine: Nano, utterances: list[Utterance]) -> dict[str, object]:
    """On a CUDA card: leave too little memory for the largest batch, and see that everything is heard all the same."""
    import torch

    card = torch.device(engine.label.device)
    total = torch.cuda.get_device_properties(card).total_memory
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(card)
    list(engine.recognise(utterances, Brief("zh"), lambda: None))
    base, peak = torch.cuda.memory_allocated(card), torch.cuda.max_memory_reserved(card)
    torch.cuda.empty_cache()
    before = engine.budget.seconds
    torch.cuda.set_per_process_memory_fraction((base + (peak - base) * 0.5) / total, card)
    try:
        rows = len(list(engine.recognise(utterances, Brief("zh"), lambda: None)))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, card)
    return {
        "starved_rows": rows,
        "budget_before_s": before,
        "budget_after_s": engine.budget.seconds,
        "peak_mb": peak >> 20,
    }


def main() -> int:
    """Make, load, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="all layers: 830 million weights")
    parser.add_argument("--device", default="auto", help="auto, cuda:N, mps or cpu")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--quick", action="store_true", help="four short rows")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make is not None:
        print(write_checkpoint(options.make, options.full))
        return 0
    settings.prepare_torch(options.threads or 0)
    lengths = QUICK_S if options.quick else LONG_S
    with tempfile.TemporaryDirectory() as made:
        place = Path(made) / "checkpoint"
        place.mkdir()
        command = [sys.executable, __file__, "--make", str(place), *(["--full"] if options.full else [])]
        made_by = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)  # its memory is not ours
        weights = int(made_by.stdout.split()[-1])
        began = time.monotonic()
        engine = Nano(EngineOptions("fun-asr-nano", str(place), options.device, options.threads, Path(made)))
        figures: dict[str, object] = {
            "device": engine.label.device, "llm_dtype": engine.state()["llm_dtype"], "weights_m": round(weights / 1e6, 1),
            "load_s": round(time.monotonic() - began, 1),
        }  # fmt: skip
        measure(engine, sounds((1.0,)))  # warm
        figures |= measure(engine, sounds(lengths))
        if engine.label.device.startswith("cuda"):
            figures |= starve(engine, sounds(lengths * 4))
            figures["memory_mb"] = int(engine.state()["memory_ours"]) >> 20
        engine.close()
    figures["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    for name, value in figures.items():
        print(f"{name:16} {value}")
    if options.json:
        print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
