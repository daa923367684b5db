"""Room: tests.nano.build. Writes the directory of an untrained small checkpoint: configuration, tokenizer, random weights."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
import yaml
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from transformers import PreTrainedTokenizerFast, Qwen3Config

from tests.nano.words import UNITS

LLM = "Qwen3-tiny"
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
# What funasr's prompt is made of; each is one token, so that prompts stay short.
PROMPT = (
    "system\nYou are a helpful assistant.", "user\n", "assistant\n", "<think>\n\n</think>\n\n", "语音转写", "成中文", "成英文",
    "，不进行文本规整", "：", ", ", "]\n",
    "请结合上下文信息，更加准确地完成语音转写任务。如果没有相关信息，我们会留空。\n\n\n**上下文信息：**\n\n\n热词列表：[",
)  # fmt: skip


def vocabulary() -> list[str]:
    """The words that are one token each; an English one begins with a mark that stands for the space before it."""
    english = [spelling for unit in UNITS["en"] for spelling in (unit.spoken, unit.twin) if spelling]
    chinese = [spelling for unit in UNITS["zh"] for spelling in (unit.spoken, unit.twin) if spelling]
    return [*(f"▁{word}" for word in english), *chinese, *map(str, range(10))]


def write_tokenizer(folder: Path) -> Any:
    """Words of the vocabulary are one token, everything else falls into letters and bytes; decoding gives the text back."""
    letters = [*map(chr, range(ord(" "), 127)), "▁"]
    symbols = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *letters]
    model = models.BPE(vocab={symbol: at for at, symbol in enumerate(symbols)}, merges=[], byte_fallback=True)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(r"(?<=[a-z]) (?=[0-9])"), ""),
            normalizers.Replace(Regex(r"(?<=[a-z0-9]) (?=[a-z])|(?<![A-Za-z0-9/<_|▁])(?=[a-z])"), "▁"),
        ]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Replace(Regex(r"(?<=[a-z0-9])▁|(?<=[a-z])(?=[0-9])"), " "),
            decoders.Replace("▁", ""),
        ]
    )
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in PROMPT])
    tokenizer.add_tokens([AddedToken(text, normalized=True) for text in vocabulary()])
    fast: Any = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
    )
    fast.save_pretrained(folder)
    return fast


def _configuration(vocabulary_size: int, width: int) -> dict[str, Any]:
    """config.yaml: Fun-ASR-Nano-2512's keys, small numbers.

    Two differences: the official adaptor keeps one frame in eight (use_low_frame_rate), this one all; and no dither, so that
    the same sound has the same text each time.
    """
    small = {"encoder_dim": width, "llm_dim": width, "ffn_dim": 2 * width, "downsample_rate": 1, "attention_heads": 4}
    qwen = {"init_param_path": LLM}
    return {
        "model": "FunASRNano",
        "model_conf": {"lsm_weight": 0.1, "length_normalized_loss": True},
        "audio_encoder": "SenseVoiceEncoderSmall",
        "audio_encoder_conf": {
            "output_size": width, "attention_heads": 4, "linear_units": 2 * width, "num_blocks": 4, "tp_blocks": 0,
            "dropout_rate": 0.0, "positional_dropout_rate": 0.0, "attention_dropout_rate": 0.0, "input_layer": "pe",
            "pos_enc_class": "SinusoidalPositionEncoder", "normalize_before": True, "kernel_size": 11, "sanm_shfit": 0,
            "selfattention_layer_type": "sanm", "freeze": True,
        },
        "llm": "Qwen3-0.6b",
        "llm_conf": {"hub": "hf", "freeze": True, "llm_dtype": "fp32", **qwen},
        "audio_adaptor": "Transformer",
        "audio_adaptor_conf": {**small, "n_layer": 1, "use_low_frame_rate": False, "freeze": True},
        "frontend": "WavFrontend",
        "frontend_conf": {
            "fs": 16000, "window": "hamming", "n_mels": 80, "frame_length": 25, "frame_shift": 10, "lfr_m": 7, "lfr_n": 6,
            "cmvn_file": None, "dither": 0.0,
        },
        "tokenizer": "HuggingfaceTokenizer",
        "tokenizer_conf": dict(qwen),
        "dataset": "FunASR",
        "dataset_conf": {"do_think": False, "sys_prompt": True},
        "ctc_decoder": "Transformer",
        "ctc_decoder_conf": {**small, "n_layer": 1, "freeze": False},
        "ctc_tokenizer": "HuggingfaceTokenizer",
        "ctc_tokenizer_conf": dict(qwen),
        "ctc_vocab_size": vocabulary_size + 1,
        "ctc_conf": {"dropout_rate": 0.0, "reduce": True},
        "ctc_weight": 0.3,
    }  # fmt: skip


def write_untrained(folder: Path, seed: int = 0, width: int = 128, layers: int = 3) -> None:
    """A directory that funasr's AutoModel loads; its weights are random."""
    (folder / LLM).mkdir(parents=True, exist_ok=True)
    tokenizer = write_tokenizer(folder / LLM)
    Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=width, intermediate_size=3 * width, num_hidden_layers=layers,
        num_attention_heads=4, num_key_value_heads=4, head_dim=width // 4, max_position_embeddings=4096,
        tie_word_embeddings=True, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id, architectures=["Qwen3ForCausalLM"],
    ).save_pretrained(folder / LLM)  # fmt: skip
    configuration = _configuration(len(tokenizer), width)
    (folder / "config.yaml").write_text(yaml.safe_dump(configuration, allow_unicode=True, sort_keys=False), "utf-8")
    places = {name: {"init_param_path": LLM} for name in ("tokenizer_conf", "llm_conf", "ctc_tokenizer_conf")}
    about = {
        "framework": "pytorch", "task": "auto-speech-recognition", "model": {"type": "funasr"},
        "pipeline": {"type": "funasr-pipeline"}, "file_path_metas": {"config": "config.yaml", "init_param": "model.pt", **places},
    }  # fmt: skip
    (folder / "configuration.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    torch.manual_seed(seed)
    torch.save({"state_dict": _random_model(folder, configuration).state_dict()}, folder / "model.pt")


def _random_model(folder: Path, configuration: dict[str, Any]) -> torch.nn.Module:
    """The real class, as funasr would make it before it loads weights."""
    from funasr import AutoModel  # noqa: F401  fills funasr's tables
    from funasr.register import tables

    inside: dict[str, Any] = json.loads(json.dumps(configuration))
    for name in ("llm_conf", "tokenizer_conf", "ctc_tokenizer_conf"):
        inside[name]["init_param_path"] = str(folder / LLM)
    made: torch.nn.Module = tables.model_classes[inside.pop("model")](**inside, input_size=560)
    return made


def publish(model: torch.nn.Module, folder: Path, target: Path) -> None:
    """The directory of a trained model with weights as float16; funasr's loader copies them into float32 parameters."""
    shutil.copytree(folder / LLM, target / LLM, dirs_exist_ok=True)
    for name in ("config.yaml", "configuration.json"):
        shutil.copy(folder / name, target / name)
    torch.save({"state_dict": {name: value.half() for name, value in model.state_dict().items()}}, target / "model.pt")
