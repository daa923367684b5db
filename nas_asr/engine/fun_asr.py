"""Room: engine.fun_asr. Fun-ASR-Nano and SenseVoice through the funasr package; the only file that knows its dictionaries.

Nothing here reaches the network: the model is a directory, the package is told so, and no code of a checkpoint is ever run.
"""

import io
import logging
import math
import re
import threading
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from nas_asr.core import checkpoints
from nas_asr.core.checkpoints import Checkpoint
from nas_asr.core.errors import EngineBusy, EngineError, ModelUnavailable
from nas_asr.core.ports import SAMPLE_RATE, Beat, Brief, Pcm, Utterance
from nas_asr.core.transcript import EngineLabel, Heard, Word
from nas_asr.engine import devices
from nas_asr.engine.batches import Batches, Care, Stopped
from nas_asr.engine.budget import CEILINGS, FILE, Budget
from nas_asr.engine.checkpoint_files import CheckpointFiles, look_at
from nas_asr.engine.ctc_head import CtcHead, Encoded, greedy_words
from nas_asr.engine.devices import Device
from nas_asr.engine.options import EngineOptions
from nas_asr.engine.pool import cores

_log = logging.getLogger(__name__)

# What funasr and what it stands on raise for weights or settings that do not fit; it has no errors of its own.
_BROKEN = (
    RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, OSError, EOFError, UnpicklingError,
)  # fmt: skip
# Nano's prompt is Chinese; these stand in it as they are. `auto` leaves the language out.
_PROMPT_WORDS = {
    "zh": "中文", "en": "英文", "ja": "日文", "ko": "韩文", "yue": "粤语", "pt": "葡萄牙语", "ar": "阿拉伯语", "th": "泰语",
    "vi": "越南语", "id": "印尼语",
}  # fmt: skip
_TAG = re.compile(r"<\|[^|]*\|>")
_MOST_HOTWORD_LETTERS = 4_000  # the prompt is read for every row; what is more than this never helped one
_TIED = {"llm.lm_head.weight"}  # the same tensor as the embeddings, so a checkpoint may leave it out


class FunAsr:
    """A Recogniser. Loaded when it is made; its weights stay until close."""

    engine = ""
    model_class = ""
    knows_hotwords = False

    def __init__(self, options: EngineOptions) -> None:
        """Raises ModelUnavailable where weights, packages or the device are missing, EngineBusy where memory is."""
        directory, checkpoint = _where(options, self.engine)
        files = look_at(directory, self.model_class)
        self._device = devices.choose(options.device, devices.TorchMachine())
        self._auto = _load(files, self._device, options.threads or cores())
        self._languages = checkpoint.languages
        name = checkpoint.name if checkpoints.known(options.model or checkpoint.name) else directory.name
        self.label = EngineLabel(self.engine, name, files.revision, self._device.name)
        self._since = datetime.now(UTC)
        key = f"{self.engine} {self._device.name} {self._device.llm_dtype}"
        self.budget = Budget(CEILINGS[self._device.kind], key, options.models / FILE)
        care = Care(devices.is_out_of_memory, lambda: devices.give_back_memory(self._device))
        self._batches = Batches(self._listen, self.budget, care)

    def serves(self, language: str) -> bool:
        """The languages of the checkpoint's card."""
        return language in self._languages

    def recognise(
        self, utterances: Iterable[Utterance], brief: Brief, beat: Beat
    ) -> Generator[tuple[Utterance, Heard], None, None]:
        """Each utterance with what was heard, in order. Raises EngineError, EngineBusy where one alone finds no memory."""
        if not self.serves(brief.language):
            raise EngineError(
                f"{self.label.model} does not know the language “{brief.language}”.",
                "Choose another language or model.",
            )
        with closing(self._batches.heard(utterances, brief, beat)) as rows:
            for utterance, heard in rows:
                yield utterance, _placed(utterance, heard)

    def state(self) -> Mapping[str, int | str]:
        """What an admin wants to know: model, revision, device, since when; on a GPU its name and bytes of memory."""
        return {
            "model": self.label.model,
            "revision": self.label.revision,
            "device": self.label.device,
            "llm_dtype": self._device.llm_dtype,
            "loaded_at": self._since.isoformat(timespec="seconds"),
            "batch_seconds": round(self.budget.seconds),
            **devices.memory(self._device),
        }

    def close(self) -> None:
        """Give the memory back. The recogniser is of no use afterwards."""
        self._batches.close()
        self._auto = None
        devices.give_back_memory(self._device)

    def _listen(self, rows: Sequence[Pcm], brief: Brief, stopped: Callable[[], bool]) -> list[Heard]:
        raise NotImplementedError

    def _generate(self, rows: Sequence[Pcm], request: Mapping[str, Any]) -> list[str]:
        """funasr's texts by position: its keys are drawn by chance, and are the same for all tensors of a list."""
        import torch

        tensors = [torch.from_numpy(row) for row in rows]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = self._auto.generate(input=tensors, batch_size=len(tensors), **request)
        if len(found) != len(rows):
            raise EngineError(f"funasr gave {len(found)} texts for {len(rows)} pieces of sound.", "Report this.")
        return [str(each.get("text", "")).strip() for each in found]


class Nano(FunAsr):
    """Fun-ASR-Nano-2512 and its multilingual sister: an encoder whose sound a Qwen3 language model writes down."""

    engine = "fun-asr-nano"
    model_class = "FunASRNano"
    knows_hotwords = True

    def __init__(self, options: EngineOptions) -> None:
        super().__init__(options)
        model = self._auto.model
        self._encoded: list[Encoded] = []
        model.audio_encoder.register_forward_hook(self._remember)
        self._stopped: Callable[[], bool] = _never
        self._is_mlt = "ko" in self._languages
        self._head: CtcHead | None = None
        if model.ctc_decoder is not None:
            frontend = self._auto.kwargs["frontend"]
            self._head = CtcHead(
                model.ctc_decoder, model.ctc.ctc_lo, model.ctc_tokenizer, model.blank_id,
                float(frontend.frame_shift * frontend.lfr_n),
            )  # fmt: skip
            model.ctc_decoder = None  # with it, funasr takes lists one by one and asks torchaudio for times

    def _remember(self, _module: Any, _given: Any, made: Any) -> None:
        """What the encoder made of a row: funasr keeps it to itself, and the CTC head needs it."""
        if self._stopped():
            raise Stopped
        if self._head is not None:
            self._encoded.append((made[0], made[1]))

    def _listen(self, rows: Sequence[Pcm], brief: Brief, stopped: Callable[[], bool]) -> list[Heard]:
        longest = [_most_tokens(len(row) / SAMPLE_RATE) for row in rows]
        request = {
            "hotwords": _as_list(brief),
            "language": self._prompt_word(brief.language),
            "itn": brief.writes,
            "max_length": max(longest),
            "llm_kwargs": {"do_sample": False, "num_beams": 1, "stopping_criteria": [_Enough(longest, stopped)]},
        }
        self._stopped = stopped
        try:
            texts = [text.rstrip("\ufffd").strip() for text in self._generate(rows, request)]
            if stopped():
                raise Stopped
            words = self._head.words(self._encoded, texts) if self._head is not None else [()] * len(texts)
        finally:
            self._stopped = _never
            self._encoded.clear()
        return [
            Heard(text, text if brief.writes else None, words=said) for text, said in zip(texts, words, strict=True)
        ]

    def _prompt_word(self, language: str) -> str | None:
        if language == "yue" and not self._is_mlt:
            return _PROMPT_WORDS["zh"]  # Nano counts Cantonese among the Chinese dialects
        return _PROMPT_WORDS.get(language)

    def close(self) -> None:
        """Give the memory back."""
        self._head = None
        super().close()


class SenseVoice(FunAsr):
    """SenseVoiceSmall: an encoder with a CTC head and nothing else; quick on a CPU, knows no hotwords."""

    engine = "sensevoice"
    model_class = "SenseVoiceSmall"

    def __init__(self, options: EngineOptions) -> None:
        super().__init__(options)
        self._scores: Any = None
        self._lengths: Any = None
        self._auto.model.encoder.register_forward_hook(self._remember_lengths)
        self._auto.model.ctc.ctc_lo.register_forward_hook(self._remember_scores)

    def _remember_lengths(self, _module: Any, _given: Any, made: Any) -> None:
        self._lengths = made[1]

    def _remember_scores(self, _module: Any, _given: Any, made: Any) -> None:
        self._scores = made

    def _listen(self, rows: Sequence[Pcm], brief: Brief, stopped: Callable[[], bool]) -> list[Heard]:
        request = {"language": brief.language, "use_itn": brief.writes}
        try:
            texts = [_TAG.sub("", text).strip() for text in self._generate(rows, request)]
            if stopped():
                raise Stopped
            words = greedy_words(self._scores, self._lengths, self._auto.kwargs["tokenizer"], self._auto.model.blank_id)
        finally:
            self._scores = self._lengths = None
        return [
            Heard(text, text if brief.writes else None, words=said if text else ())
            for text, said in zip(texts, words, strict=True)
        ]


class _Enough:
    """Ends a row that says more than its sound can hold, and all rows once nobody wants them; for transformers' generate."""

    def __init__(self, most: Sequence[int], stopped: Callable[[], bool]) -> None:
        self._most = most
        self._stopped = stopped

    def __call__(self, tokens: Any, _scores: Any, **_: Any) -> Any:
        import torch

        if self._stopped():
            return torch.ones(len(tokens), dtype=torch.bool, device=tokens.device)
        return torch.tensor([tokens.shape[1] >= most for most in self._most], device=tokens.device)


def _most_tokens(seconds: float) -> int:
    """More than anybody says: sglang measured that this bound cuts nothing off (sgl-project/sglang-omni #1091)."""
    return min(200, math.ceil(8 * seconds) + 16)


def _placed(utterance: Utterance, heard: Heard) -> Heard:
    """The words' times from the start of the recording instead of the utterance; sound that was added has none."""
    span = utterance.span

    def at(word: Word) -> Word:
        start = min(span.start_ms + word.start_ms, span.end_ms)
        return Word(word.text, start, min(span.start_ms + word.end_ms, span.end_ms))

    return replace(heard, words=tuple(map(at, heard.words)))


def _never() -> bool:
    return False


def _as_list(brief: Brief) -> list[str]:
    """The hotwords for the prompt: a list, for a string would be taken letter by letter."""
    words: list[str] = []
    letters = 0
    for hotword in brief.hotwords:
        letters += len(hotword.word)
        if letters > _MOST_HOTWORD_LETTERS:
            break
        words.append(hotword.word)
    return words


def _where(options: EngineOptions, engine: str) -> tuple[Path, Checkpoint]:
    """The checkpoint's directory, and which published one it is or is like."""
    default = checkpoints.default_checkpoint(engine)
    assert default is not None
    model = options.model or default.name
    if model.startswith(("/", ".", "~")):
        directory = Path(model).expanduser()
        if not directory.is_dir():
            raise ModelUnavailable(
                f"The model directory {model} is not there or cannot be read.",
                "Correct the path, or leave it empty for the engine's own model.",
            )
        alike = (each for each in checkpoints.CHECKPOINTS if each.name.casefold() == directory.name.casefold())
        return directory, next(alike, default)
    found = checkpoints.find(options.models, model)
    if found is None:
        raise ModelUnavailable(
            f"The engine “{engine}” needs the model {model}, which is not on this machine.",
            f"Fetch it with `nas-asr model pull {model}` (about {default.gigabytes:g} GB).",
        )
    return found, checkpoints.known(model) or default


def _load(files: CheckpointFiles, device: Device, threads: int) -> Any:
    """funasr's AutoModel with the weights of the directory, on the device."""
    with _quiet():
        auto = _build(files, device, threads)
        missing = _fill(auto.model, files)
    if missing:
        raise _does_not_fit(files, f"{len(missing)} of its parts have no weights, such as {sorted(missing)[0]}.")
    devices.check_placed(auto.model, device)
    logging.getLogger("transformers").setLevel(logging.ERROR)
    _log.info("engine.loaded", extra={"model": files.directory.name, "device": device.name})
    return auto


def _build(files: CheckpointFiles, device: Device, threads: int) -> Any:
    try:
        from funasr import AutoModel
        from huggingface_hub.errors import StrictDataclassError
        from omegaconf.errors import OmegaConfBaseException
        from transformers import dynamic_module_utils

        dynamic_module_utils.TIME_OUT_REMOTE_CODE = 0  # else it asks the terminal whether to run a checkpoint's code
    except (ImportError, OSError) as error:  # a torchaudio that does not fit torch is an OSError
        raise ModelUnavailable(
            f"The funasr package cannot be loaded: {error}.",
            "Run `make run` again; where torchaudio is installed, uninstall it: nothing here needs it.",
        ) from error
    try:
        # init_param: its own loader holds the weights three times, and takes those that do not fit as if they did.
        return AutoModel(
            model=str(files.directory), init_param=None, device=device.name, ncpu=threads, disable_update=True,
            disable_pbar=True, disable_log=True, log_level="ERROR", trust_remote_code=False, fp16=False, bf16=False,
            llm_dtype=device.llm_dtype, **_mended(device.llm_dtype),
        )  # fmt: skip
    except (*_BROKEN, StrictDataclassError, OmegaConfBaseException) as error:
        raise _failed(files, error) from error


def _mended(llm_dtype: str) -> dict[str, Any]:
    """What a checkpoint's own configuration may not say: each of these loads programs or other models, or writes files."""
    return {
        "vad_model": None, "punc_model": None, "spk_model": None, "output_dir": None, "audio_encoder_conf": {"hub": None},
        "llm_conf": {"llm_dtype": llm_dtype, "load_kwargs": {"trust_remote_code": False}},
    }  # fmt: skip


def _fill(model: Any, files: CheckpointFiles) -> set[str]:
    """Read the weights into the model from the file as it lies on disk; the names of the parts that got none."""
    import torch
    from funasr.models.fun_asr_nano.checkpoint_utils import normalize_checkpoint_state

    try:
        held = torch.load(files.weights, map_location="cpu", mmap=True, weights_only=True)
        state = normalize_checkpoint_state(held)
        model.load_state_dict(state, strict=False)
    except _BROKEN as error:
        raise _failed(files, error) from error
    if hasattr(model, "on_pretrained_model_loaded"):
        model.on_pretrained_model_loaded(set(state))  # takes the CTC head off where the checkpoint has none
    return set(model.state_dict()) - set(state) - _TIED


def _failed(files: CheckpointFiles, error: Exception) -> EngineError:
    if devices.is_out_of_memory(error):
        return EngineBusy(
            f"There was no memory to load {files.directory.name}.",
            "Free memory of the device, or choose a smaller model.",
        )
    first = next(iter(str(error).splitlines()), "") or type(error).__name__
    return _does_not_fit(files, first[:200].rstrip(".: ") + ".")


def _does_not_fit(files: CheckpointFiles, what: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"The checkpoint in {files.directory} cannot be loaded: {what}", "Fetch it again with `nas-asr model pull`."
    )


_saying = threading.Lock()


@contextmanager
def _quiet() -> Iterator[None]:
    """While funasr is imported and builds: it prints, and takes the root logger, level and all, as its own."""
    root = logging.getLogger()
    with _saying, warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        level, spoken_to = root.level, root.handlers[:]
        warnings.simplefilter("ignore")
        disabled = root.manager.disable
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(disabled)
            root.setLevel(level)
            root.handlers[:] = spoken_to
