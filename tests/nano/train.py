"""Room: tests.nano.train. Trains the small checkpoint in five stages; run by hand on a CPU, never by a test.

python -m tests.nano.train FOLDER [--stages abcde] [--lessons 10000,6000] [--steps 3000,1300,1600,1000,3450]

a: encoder and CTC head. b: frozen encoder, adaptor and language model, from one unit to whole utterances. c: the same with every
kind of request. d: everything together, on more lessons. e: as c, with d's encoder. A stage takes up what the last one left in
FOLDER; steps are counted, not minutes, so a busy machine only takes longer. FOLDER/small is the checkpoint as it is committed.
"""

import argparse
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from tests.nano.build import publish, write_untrained
from tests.nano.prompts import Ask, ask
from tests.nano.sounds import Heard, lessons_heard
from tests.nano.words import join

Batch = list[int]
Rows = list[torch.Tensor]
BEFORE = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n{prompt}"
AFTER = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
B_TOP = 1.5e-3  # the learning rate of stage b
NOTHING = 0  # the token that the auxiliary loss wants where CTC hears nothing


class Pupil:
    """funasr's model, as AutoModel loads it, and its tokenizer."""

    def __init__(self, folder: Path) -> None:
        from funasr import AutoModel

        loaded = AutoModel(model=str(folder), device="cpu", disable_update=True, disable_pbar=True, ncpu=2)
        torch.set_num_threads(2)
        self.folder = folder
        self.model: Any = loaded.model.train()
        self.tokenizer: Any = loaded.kwargs["tokenizer"]
        self.model.requires_grad_(False)

    def ids(self, text: str) -> list[int]:
        """A text's tokens."""
        return list(self.tokenizer.encode(text))

    def ctc_target(self, heard: Heard) -> list[int]:
        """What CTC should hear: the words as spoken, names in their first spelling."""
        return self.ids(join(heard.utterance.lang, heard.utterance.units, itn=False))

    def save(self) -> None:
        """Full precision for the next stage."""
        torch.save({"state_dict": self.model.state_dict()}, self.folder / "model.pt")


def pace(step: int, steps: int, top: float, warm: int = 60, flat: float = 0.3) -> float:
    """The learning rate: up, level, down to a fiftieth along a cosine."""
    rest = max(0.0, (step / steps - flat) / (1 - flat))
    return top * min(1.0, (step + 1) / warm) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * rest)))


def batches(lengths: Sequence[int], frames: int, random: Random) -> Iterator[Batch]:
    """For ever: utterances of like length, about so many frames together."""
    while True:
        order = sorted(range(len(lengths)), key=lambda at: lengths[at] * random.uniform(0.85, 1.15))
        made: list[Batch] = [[]]
        for at in order:
            if made[-1] and (len(made[-1]) + 1) * max(lengths[at], *(lengths[k] for k in made[-1][-1:])) > frames:
                made.append([])
            made[-1].append(at)
        random.shuffle(made)
        yield from made


def roughened(features: torch.Tensor, random: Random) -> torch.Tensor:
    """Other levels, bands and moments left out: SpecAugment on stacked frames."""
    rough = features.float().reshape(len(features), 7, 80) + random.uniform(-1.5, 1.5)
    mean = rough.mean()
    for _ in range(2):
        width, at = random.randint(0, 10), random.randint(0, 70)
        rough[:, :, at : at + width] = mean
    if len(rough) > 8 and random.random() < 0.5:
        at = random.randrange(len(rough) - 2)
        rough[at : at + random.randint(1, 2)] = mean
    return rough.reshape(len(features), 560)


def study(
    pupil: Pupil, parameters: list[torch.nn.Parameter], steps: int, top: float, loss_of: Callable[[int], Any]
) -> None:
    """Steps of AdamW; loss_of(step) gives the loss and figures to print; the weights are saved now and then."""
    optimizer = torch.optim.AdamW(parameters, lr=top, betas=(0.9, 0.98), weight_decay=0.01)
    began, figures = time.monotonic(), []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = pace(step, steps, top)
        loss, shown = loss_of(step)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        figures.append(shown)
        if (step + 1) % 50 == 0:
            mean = [sum(column) / len(column) for column in zip(*figures, strict=True)]
            told = " ".join(f"{value:.3f}" for value in mean)
            print(f"step {step + 1}/{steps} {time.monotonic() - began:.0f} s: {told}", flush=True)
            figures.clear()
        if (step + 1) % 250 == 0:
            pupil.save()
    pupil.save()


def hear_loss(pupil: Pupil, features: list[torch.Tensor], targets: list[list[int]]) -> tuple[Any, Rows, Rows]:
    """CTC's loss; what the encoder makes of each utterance; what CTC hears frame by frame (NOTHING for its blank)."""
    model = pupil.model
    lengths = torch.tensor([len(each) for each in features])
    encoded, lengths = model.encode(pad_sequence(features, batch_first=True), lengths)
    scores = model.ctc.log_softmax(model.ctc_decoder(encoded, lengths)[0])
    wanted = [torch.tensor(each, dtype=torch.long) for each in targets]
    loss = functional.ctc_loss(
        scores.transpose(0, 1),
        torch.cat(wanted),
        lengths,
        torch.tensor([len(each) for each in wanted]),
        blank=model.blank_id,
        zero_infinity=True,
    )
    best = scores.argmax(-1)
    best = torch.where(best == model.blank_id, NOTHING, best)
    return (
        loss,
        [row[:n] for row, n in zip(encoded, lengths, strict=True)],
        [row[:n] for row, n in zip(best, lengths, strict=True)],
    )


def stage_a(pupil: Pupil, lessons: list[Heard], steps: int, seed: int) -> None:
    """The encoder learns to hear, by CTC. Prints: loss."""
    model, random = pupil.model, Random(seed)
    parts = (model.audio_encoder, model.ctc_decoder, model.ctc)
    parameters = [each for part in parts for each in part.requires_grad_(True).parameters()]
    targets = [pupil.ctc_target(lesson) for lesson in lessons]
    rounds = batches([len(lesson.features) for lesson in lessons], 2400, random)

    def loss_of(step: int) -> Any:
        batch = next(rounds)
        features = [roughened(lessons[at].features, random) for at in batch]
        loss, _, _ = hear_loss(pupil, features, [targets[at] for at in batch])
        return loss, (loss.item(),)

    study(pupil, parameters, steps, 2e-3, loss_of)


def stage_d(pupil: Pupil, lessons: list[Heard], steps: int, seed: int) -> None:
    """Everything together, encoder too. Prints: CTC's loss, then as stage c."""
    model, random = pupil.model, Random(seed)
    parameters = list(model.train().requires_grad_(True).parameters())
    targets = [pupil.ctc_target(lesson) for lesson in lessons]
    rounds = batches([len(lesson.features) + 20 for lesson in lessons], 2400, random)

    def loss_of(step: int) -> Any:
        batch = next(rounds)
        features = [roughened(lessons[at].features, random) for at in batch]
        hearing, encoded, frames = hear_loss(pupil, features, [targets[at] for at in batch])
        asks = [ask(lessons[at].utterance, random) for at in batch]
        writing, shown = write_loss(pupil, encoded, frames, asks)
        return writing + 0.5 * hearing, (hearing.item(), *shown)

    study(pupil, parameters, steps, 6e-4, loss_of)


@torch.no_grad()
def encoded_lessons(pupil: Pupil, lessons: list[Heard]) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """What the trained encoder makes of each lesson, and what CTC hears frame by frame (NOTHING for its blank)."""
    model = pupil.model.eval()
    encoded: list[Any] = [None] * len(lessons)
    frames: list[Any] = [None] * len(lessons)
    order = sorted(range(len(lessons)), key=lambda at: len(lessons[at].features))
    right = 0
    for start in range(0, len(order), 64):
        batch = order[start : start + 64]
        features = [lessons[at].features.float() for at in batch]
        lengths = torch.tensor([len(each) for each in features])
        outs, lengths = model.encode(pad_sequence(features, batch_first=True), lengths)
        best = model.ctc.argmax(model.ctc_decoder(outs, lengths)[0])
        for row, at in enumerate(batch):
            heard = best[row, : lengths[row]]
            single = torch.unique_consecutive(heard)
            right += single[single != model.blank_id].tolist() == pupil.ctc_target(lessons[at])
            encoded[at] = outs[row, : lengths[row]].clone()
            frames[at] = torch.where(heard == model.blank_id, NOTHING, heard)
    print(f"CTC reads {right} of {len(lessons)} lessons without a mistake", flush=True)
    return encoded, frames


def stage_bc(pupil: Pupil, lessons: list[Heard], steps: int, seed: int, top: float) -> None:
    """Adaptor and language model learn to write; stage b, at the highest rate, from the easy to the whole.

    Prints: loss, auxiliary loss, share of right tokens.
    """
    model, random, everything = pupil.model, Random(seed), top < B_TOP
    encoded, frames = encoded_lessons(pupil, lessons)
    model.train()
    model.audio_encoder.eval()
    parameters = [each for part in (model.audio_adaptor, model.llm) for each in part.requires_grad_(True).parameters()]
    levels = (1, 2, 4, 99) if not everything else (99,)
    rounds = []
    for most in levels:
        units = [len(lesson.utterance.units) for lesson in lessons]
        chosen = [at for at in range(len(lessons)) if units[at] <= most and len(encoded[at]) < 60 + 9 * most]
        rounds.append((chosen, batches([len(encoded[at]) + 30 for at in chosen], 2800, random)))

    def loss_of(step: int) -> Any:
        share = step / steps
        level = 0 if everything else min(len(levels) - 1, int(share * 7))
        chosen, level_rounds = rounds[level]
        batch = [chosen[at] for at in next(level_rounds)]
        plain = not everything and share < 0.5
        asks = [ask(lessons[at].utterance, random, plain) for at in batch]
        return write_loss(pupil, [encoded[at] for at in batch], [frames[at] for at in batch], asks)

    study(pupil, parameters, steps, top, loss_of)


def write_loss(pupil: Pupil, encoded: list[torch.Tensor], frames: list[torch.Tensor], asks: list[Ask]) -> Any:
    """Cross entropy of the texts, and of what each adaptor frame says if it is read as a word's embedding."""
    model, words = pupil.model, pupil.model.llm.get_input_embeddings()
    lengths = torch.tensor([len(each) for each in encoded])
    adapted, _ = model.audio_adaptor(pad_sequence(encoded, batch_first=True), lengths)
    sounds = [adapted[row, :length] for row, length in enumerate(lengths)]
    weight = torch.ones(len(words.weight))
    weight[NOTHING] = 0.2
    helped = functional.cross_entropy(torch.cat(sounds) @ words.weight.T, torch.cat(frames), weight=weight)
    inputs, labels = [], []
    for sound, each in zip(sounds, asks, strict=True):
        prompt = model.get_prompt(list(each.hotwords), each.language, each.itn)
        before, after = pupil.ids(BEFORE.format(prompt=prompt)), pupil.ids(AFTER)
        text = [*pupil.ids(each.text), pupil.tokenizer.eos_token_id]
        inputs.append(torch.cat([words(torch.tensor(before)), sound, words(torch.tensor([*after, *text]))]))
        labels.append(torch.tensor([-100] * (len(before) + len(sound) + len(after)) + text))
    embedded, wanted = (
        pad_sequence(inputs, batch_first=True),
        pad_sequence(labels, batch_first=True, padding_value=-100),
    )
    attended = torch.arange(embedded.shape[1])[None] < torch.tensor([len(each) for each in inputs])[:, None]
    hidden = model.llm.model(inputs_embeds=embedded, attention_mask=attended.long()).last_hidden_state[:, :-1]
    wanted = wanted[:, 1:]
    scores = model.llm.lm_head(hidden[wanted != -100])
    wanted = wanted[wanted != -100]
    loss = functional.cross_entropy(scores, wanted)
    right = (scores.argmax(-1) == wanted).float().mean().item()
    return loss + 0.5 * helped, (loss.item(), helped.item(), right)


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stages", default="abcde")
    parser.add_argument("--lessons", default="10000,6000", help="for stages a to c, and more for d and e")
    parser.add_argument("--steps", default="3000,1300,1600,1000,3450", help="of each stage")
    wanted = parser.parse_args()
    steps = dict(zip("abcde", map(int, wanted.steps.split(",")), strict=True))
    if not (wanted.folder / "model.pt").is_file():
        write_untrained(wanted.folder)
    pupil = Pupil(wanted.folder)
    portions = [
        lessons_heard(int(count), seed, wanted.folder / f"lessons{seed}.pt")
        for seed, count in enumerate(wanted.lessons.split(","), 1)
        if seed == 1 or {"d", "e"} & set(wanted.stages)
    ]
    for stage in wanted.stages:
        seed = ord(stage)
        torch.manual_seed(seed)
        pupil.model.requires_grad_(False)
        if stage == "a":
            stage_a(pupil, portions[0], steps[stage], seed)
        elif stage == "d":
            stage_d(pupil, [lesson for portion in portions for lesson in portion], steps[stage], seed)
        else:
            heard = portions[0] if stage in "bc" else [*portions[0][:4000], *portions[1]]
            stage_bc(pupil, heard, steps[stage], seed, {"b": B_TOP, "c": 1.4e-3, "e": 7e-4}[stage])
        publish(pupil.model, wanted.folder, wanted.folder / "small")


if __name__ == "__main__":
    main()
