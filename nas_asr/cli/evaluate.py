"""Room: cli.evaluate. `nas-asr evaluate MANIFEST.csv`: an engine's CER and WER, hotwords and speed on one's own recordings."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from nas_asr import bootstrap
from nas_asr.cli.given import settings_of
from nas_asr.cli.lists import hotwords_of
from nas_asr.core.languages import LANGUAGES
from nas_asr.core.offers import ENGINES
from nas_asr.services import evaluate as service
from nas_asr.services.evaluate import Evaluation, Score

_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("manifest", type=_file)
@click.option("--engine", type=click.Choice(ENGINES), default=None, help="Recogniser; the setting if left out.")
@click.option("--model", default=None, help="Hub id or directory of its model.")
@click.option("--device", default=None, help="auto, cuda:0, mps or cpu.")
@click.option("--language", type=click.Choice(LANGUAGES), default=None, help="Only these rows; undeclared rows are taken for it.")
@click.option("--tier", "tiers", default="", help="Only rows whose ref_tier begins so (such as A).")
@click.option("--limit", type=click.IntRange(min=0), default=0, help="The first so many rows only.")
@click.option("--hotwords", type=_file, default=None, help="A hotword list: its recall and false alarms are counted.")
@click.option("--unaided", is_flag=True, help="Count the hotwords without telling the engine of them.")
@click.option("--texts", is_flag=True, help="Print what was heard under each line.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def evaluate(ctx: click.Context, /, manifest: Path, hotwords: Path | None, as_json: bool, texts: bool, **given: Any) -> None:
    """Compare an engine's text with known texts: a CSV file with the columns path, reference and language.

    Chinese, Cantonese, Japanese and Korean are counted by character (CER), everything else by word (WER), after case,
    width and punctuation are folded away on both sides. What was spoken is compared, before any written form is made.
    """
    chosen = {name: given.pop(name) for name in ("engine", "model", "device")}
    options = service.EvaluateOptions(hotwords=hotwords_of(hotwords), **given)
    wanted = service.samples(manifest, options)
    settings = settings_of(ctx, **chosen)
    if (missing := bootstrap.why_not(settings)) is not None:
        raise missing
    transcriber = bootstrap.transcriber(settings)
    try:
        found = service.evaluate(transcriber, wanted, options, lambda score: None if as_json else _say(score, texts))
    finally:
        transcriber.close()
    click.echo(json.dumps(_figures(found), ensure_ascii=False, indent=2) if as_json else _summary(found, bool(hotwords)))
    sys.exit(1 if any(score.failure for score in found.scores) else 0)


def _say(score: Score, with_text: bool) -> None:
    count = f"{score.errors.errors}/{score.errors.units}"
    speed = f"{score.audio_s / score.elapsed_s:.1f}x" if score.elapsed_s else "-"
    click.echo(f"{count:>9}  {score.errors.rate:>7.1%}  {speed:>7}  {score.language:4}  {score.path}")
    if score.failure or with_text:
        click.echo(f"           {score.failure or score.hypothesis}")


def _rates(found: Evaluation) -> list[tuple[str, str]]:
    """Languages with the name of their rate."""
    languages = sorted({score.language for score in found.scores})
    return [(language, "CER" if language in service.BY_CHARACTER else "WER") for language in languages]


def _summary(found: Evaluation, with_hotwords: bool) -> str:
    label, words = found.engine, found.hotwords
    lines = [f"engine {label.name}, model {label.model or '-'}, revision {label.revision or '-'}, device {label.device}"]
    for language, rate in _rates(found):
        total = found.total(language)
        unit = "characters" if rate == "CER" else "words"
        lines.append(f"{rate} {language}: {total.rate:.2%} ({total.errors} of {total.units} {unit})")
    if with_hotwords:
        lines.append(
            f"hotwords: recall {words.recall:.1%} ({words.heard} of {words.said} said), {words.invented} heard that nobody said"
        )
    lines.append(f"RTFx {found.rtfx:.2f}. {service.TIMER}")
    if found.skipped:
        lines.append(f"{found.skipped} recordings left out: the engine does not serve their language.")
    return "\n".join(lines)


def _figures(found: Evaluation) -> dict[str, Any]:
    label, words = found.engine, found.hotwords
    rates = {
        language: {
            "rate": rate, "value": round(found.total(language).rate, 4), "errors": found.total(language).errors,
            "units": found.total(language).units,
        }
        for language, rate in _rates(found)
    }  # fmt: skip
    return {
        "engine": label.name, "model": label.model, "revision": label.revision, "device": label.device,
        "languages": rates, "rtfx": round(found.rtfx, 2), "timer": service.TIMER, "skipped": found.skipped,
        "hotwords": {
            "said": words.said, "heard": words.heard, "invented": words.invented, "recall": round(words.recall, 4)
        },
        "recordings": [
            {
                "path": score.path, "language": score.language, "errors": score.errors.errors, "units": score.errors.units,
                "rate": round(score.errors.rate, 4), "audio_s": score.audio_s, "elapsed_s": score.elapsed_s,
                "hypothesis": score.hypothesis, "failure": score.failure,
            }
            for score in found.scores
        ],
    }  # fmt: skip
