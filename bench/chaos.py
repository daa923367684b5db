"""Room: bench.chaos. Faults of every kind strike a whole house at work, seed by seed; counts what was lost or done twice.

    python bench/chaos.py [--seeds 20] [--first-seed 1] [--jobs 500] [--database sqlite|postgresql] [--quick] [--json]
                          [--faults kill-worker,lose-redis] [--report FILE]

Real watcher, page, workers, Redis and database; real files; an engine of fixed speed that names the bytes it read. What is
counted, and what recovery means: bench/_chaos_strikes.py and docs/reliability.md. Exit status 1 where a promise was broken;
that seed's directory is kept. Its choices follow from the seed; the moments at which they meet the processes do not.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench._chaos_faults import faults
from bench._chaos_figures import Figures, figures, summary, table
from bench._chaos_house import Place, Tempo
from bench._chaos_seed import Order, Outcome, Seed
from tests.postgres import Cluster, NoPostgres, running

_OWN_MOUNTS = "CHAOS_OWN_MOUNTS"  # set in the program that has mounts of its own


def main() -> int:
    """Run the seeds, print, say by the exit status whether everything held."""
    words = _words()
    if os.environ.get(_OWN_MOUNTS) is None and (way := _way_to_own_mounts()):
        os.execvpe(way[0], [*way, sys.executable, *sys.argv], {**os.environ, _OWN_MOUNTS: "1"})
    order = _order(words)
    tempo = order.tempo
    print(
        f"lease {tempo.lease_s:g} s, settle {tempo.settle_s:g} s, scan {tempo.scan_s:g} s, {words.database}", flush=True
    )
    outcomes = []
    with ExitStack() as stack:
        try:
            cluster = stack.enter_context(running()) if words.database == "postgresql" else None
        except NoPostgres as missing:
            print(missing, file=sys.stderr)
            return 2
        for seed in range(words.first_seed, words.first_seed + words.seeds):
            outcomes.append(_run(order, seed, cluster, words.keep))
            _tell(outcomes[-1], tempo)
    made = figures(outcomes, tempo)
    print(f"\n{table(made)}\n\n{summary(made)}", flush=True)
    if words.report:
        words.report.write_text(f"{table(made)}\n\n{summary(made)}\n", "utf-8")
    if words.json:
        print(json.dumps(_plain(made, outcomes, words.database)))
    return 0 if all(outcome.verdict.good for outcome in outcomes) else 1


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=500, help="drops in each seed")
    parser.add_argument("--strikes", type=int, default=28, help="faults in each seed")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--faults", default=",".join(faults()), help="kinds, with commas between them")
    parser.add_argument("--quick", action="store_true", help="one seed, fewer drops")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument(
        "--keep", action="store_true", help="keep the directory of every seed, not only of those that broke"
    )
    parser.add_argument("--report", type=Path, help="write the table to this file, too")
    words = parser.parse_args()
    if unknown := set(words.faults.split(",")) - set(faults()):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(faults())}")
    if words.quick:
        words.seeds, words.jobs, words.strikes = 1, min(words.jobs, 150), min(words.strikes, 14)
    return words


def _order(words: argparse.Namespace) -> Order:
    return Order(words.jobs, 6.5, words.strikes, tuple(words.faults.split(",")), Tempo())


def _way_to_own_mounts() -> list[str]:
    """How to become a program whose mounts nobody else sees and that go with it; empty where that is not allowed."""
    ways = [["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"]]
    for way in ways[os.geteuid() != 0 :]:
        try:
            if subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0:
                return way
        except FileNotFoundError:
            return []
    return []


def _run(order: Order, seed: int, cluster: Cluster | None, keep: bool) -> Outcome:
    place = Place(Path(tempfile.mkdtemp(prefix=f"chaos-{seed}-")))
    with _disk(place.data, order.disk_mb):
        url = f"sqlite:///{place.data / 'nas_asr.sqlite3'}" if cluster is None else cluster.new_database()
        outcome = Seed(order, seed, place, url).run()
        if keep or not outcome.verdict.good:
            shutil.copytree(place.data, place.home / "kept", ignore=shutil.ignore_patterns("*.sock"))
    if outcome.verdict.good and not keep:
        shutil.rmtree(place.home)
    else:
        print(f"seed {seed} {'is' if outcome.verdict.good else 'broke promises;'} kept in {place.home}")
        print(*(f"  {line}" for line in outcome.verdict.broken[:30]), sep="\n", flush=True)
    return outcome


@contextmanager
def _disk(data: Path, megabytes: int) -> Iterator[None]:
    """DATA on a file system of its own, where one can be mounted."""
    data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "chaos", str(data)]
    mounted = bool(megabytes) and _OWN_MOUNTS in os.environ and subprocess.run(mount, capture_output=True, check=False)
    try:
        yield
    finally:
        if mounted and mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", str(data)], check=False)


def _tell(outcome: Outcome, tempo: Tempo) -> None:
    verdict = outcome.verdict
    hit = sum(bool(strike.in_flight) for strike in outcome.strikes)
    print(
        f"seed {outcome.seed}: {outcome.drops} drops, {len(outcome.strikes)} strikes ({hit} in flight), "
        f"{len(verdict.lost)} lost, {len(verdict.duplicated)} duplicated, {len(verdict.broken)} broken, "
        f"{outcome.executions - outcome.runs} repeated, {outcome.asked_again} asked again, drained in {outcome.drain_s:.0f} s "
        f"of {outcome.took_s:.0f} s {outcome.ended_alone or ''} {outcome.not_here or ''}",
        flush=True,
    )
    slow = [strike for strike in outcome.strikes if strike.slowest[0] > tempo.lease_s + tempo.scan_s]
    for one in slow:
        print(f"  slow after {one.kind}: {one.slowest[1]} took {one.slowest[0]:.1f} s", flush=True)


def _plain(made: Figures, outcomes: list[Outcome], database: str) -> dict[str, object]:
    broken = {outcome.seed: outcome.verdict.broken for outcome in outcomes if not outcome.verdict.good}
    not_here = {kind: why for outcome in outcomes for kind, why in outcome.not_here.items()}
    return {**made.totals, "database": database, "faults": made.by_fault, "what_broke": broken, "not_here": not_here}


if __name__ == "__main__":
    sys.exit(main())
