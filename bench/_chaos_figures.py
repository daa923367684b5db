"""Room: bench._chaos_figures. Counts, percentiles and bounds of many seeds, as a table and as plain values. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench._chaos_drops import Content
from bench._chaos_house import Tempo
from bench._chaos_seed import Outcome
from bench._chaos_strikes import Strike

_CONFIDENCE = 0.95
_COLUMNS = ("strikes", "in_flight", "drops", "lost", "duplicated", "repeated", "p50_s", "p99_s", "max_s")
Row = dict[str, Any]


@dataclass(frozen=True)
class Figures:
    """What a whole run of the harness says."""

    totals: Row
    by_fault: dict[str, Row]


def upper_bound(lost: int, of: int, confidence: float = _CONFIDENCE) -> float:
    """Clopper and Pearson's one-sided bound on a rate: with none lost, 1 - 0.05^(1/n), which is nearly three in n."""
    if of == 0 or lost >= of:
        return 1.0
    low, high = lost / of, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(lost, of, middle) > 1 - confidence else (low, middle)
    return high


def _at_most(lost: int, of: int, rate: float) -> float:
    """The chance of so few losses or fewer at this rate."""
    return math.fsum(
        math.exp(
            math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)
            + k * math.log(rate or 1e-300) + (of - k) * math.log1p(-min(rate, 1 - 1e-15))
        )
        for k in range(lost + 1)
    )  # fmt: skip


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that so large a share does not exceed; None of none."""
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 2)


def figures(outcomes: Sequence[Outcome], tempo: Tempo) -> Figures:
    """Of all seeds together."""
    kinds = sorted({strike.kind for outcome in outcomes for strike in outcome.strikes})
    by_fault = {kind: _row(outcomes, kind) for kind in kinds}
    totals = _row(outcomes, None)
    lost = sum(len(outcome.verdict.lost) for outcome in outcomes)
    jobs = sum(outcome.contents for outcome in outcomes)
    runs, executions = sum(outcome.runs for outcome in outcomes), sum(outcome.executions for outcome in outcomes)
    totals |= {
        "seeds": len(outcomes), "jobs": jobs, "drops": sum(outcome.drops for outcome in outcomes), "lost": lost,
        "duplicated": sum(len(outcome.verdict.duplicated) for outcome in outcomes),
        "broken": sum(len(outcome.verdict.broken) for outcome in outcomes),
        "loss_rate_upper_95": upper_bound(lost, jobs), "runs": runs, "executions": executions,
        "repeated": executions - runs, "asked_again": sum(outcome.asked_again for outcome in outcomes),
        "drain_max_s": round(max((outcome.drain_s for outcome in outcomes), default=0.0), 1),
        "lease_s": tempo.lease_s, "settle_s": tempo.settle_s, "scan_s": tempo.scan_s,
        "recovery_limit_s": tempo.lease_s + tempo.scan_s,
        "never_recovered": sum(strike.waits for outcome in outcomes for strike in outcome.strikes),
    }  # fmt: skip
    return Figures(totals, by_fault)


def _row(outcomes: Sequence[Outcome], kind: str | None) -> Row:
    met = [(outcome, strike) for outcome in outcomes for strike in outcome.strikes if kind in (None, strike.kind)]
    recovered = [seconds for _, strike in met for seconds in strike.recovered_s]
    return {
        "strikes": len(met), "in_flight": sum(bool(strike.in_flight) for _, strike in met),
        "drops": sum(strike.drops for _, strike in met),
        "lost": _of(met, lambda outcome: outcome.verdict.lost),
        "duplicated": _of(met, lambda outcome: outcome.verdict.duplicated),
        "repeated": sum(strike.repeated for _, strike in met), "p50_s": percentile(recovered, 0.5),
        "p99_s": percentile(recovered, 0.99), "max_s": percentile(recovered, 1.0),
    }  # fmt: skip


def _of(met: Iterable[tuple[Outcome, Strike]], which: Any) -> int:
    return len({
        (outcome.seed, content.team, content.sha256)
        for outcome, strike in met for content in _met(which(outcome), strike)
    })  # fmt: skip


def _met(contents: Iterable[Content], strike: Strike) -> list[Content]:
    return [content for content in contents if (content.team, content.sha256) in strike.contents]


def table(made: Figures) -> str:
    """For people, in Markdown."""
    lines = [f"| {'fault':14} | " + " | ".join(f"{name:>10}" for name in _COLUMNS) + " |"]
    lines.append("|" + "-" * 16 + "|" + "|".join(["-" * 11 + ":"] * len(_COLUMNS)) + "|")
    for name, row in [*made.by_fault.items(), ("**all**", made.totals)]:
        shown = ("" if row[column] is None else str(row[column]) for column in _COLUMNS)
        lines.append(f"| {name:14} | " + " | ".join(f"{one:>10}" for one in shown) + " |")
    return "\n".join(lines)


def summary(made: Figures) -> str:
    """The sentences below the table."""
    all_of = made.totals
    share = all_of["repeated"] / all_of["runs"] if all_of["runs"] else 0.0
    return (
        f"{all_of['jobs']} recordings in {all_of['seeds']} seeds ({all_of['drops']} drops), {all_of['strikes']} strikes, "
        f"{all_of['in_flight']} of them with work in flight: {all_of['lost']} lost, {all_of['duplicated']} duplicated, "
        f"{all_of['broken']} promises broken. 95 % upper bound on the loss rate {all_of['loss_rate_upper_95']:.4%}. "
        f"{all_of['executions']} executions of {all_of['runs']} runs ({share:.1%} repeated), {all_of['asked_again']} that had "
        f"failed visibly were started again by a person. Recovery p50 {all_of['p50_s']} s, p99 {all_of['p99_s']} s, max "
        f"{all_of['max_s']} s; lease {all_of['lease_s']:g} s, settle {all_of['settle_s']:g} s, scan {all_of['scan_s']:g} s."
    )
