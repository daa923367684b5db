"""Room: tests.test_chaos. A few minutes of bench/chaos.py: faults of every kind, nothing lost, nothing twice. Times nothing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench._chaos_faults import faults
from bench._chaos_figures import upper_bound
from tests.postgres import programs

BENCH = Path(__file__).parents[1] / "bench"


def storm(*words: str) -> dict[str, Any]:
    """Run the harness; what it says in its last line."""
    command = [sys.executable, str(BENCH / "chaos.py"), "--json", *words]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=850, check=False)
    assert ended.returncode in (0, 1), ended.stdout + ended.stderr
    last = ended.stdout.splitlines()[-1]
    assert last.startswith("{"), ended.stdout + ended.stderr  # the harness itself broke
    said: dict[str, Any] = json.loads(last)
    assert ended.returncode == 0, ended.stdout
    return said


def assert_kept(said: dict[str, Any]) -> None:
    """Every promise was kept, and there was something to keep."""
    assert (said["lost"], said["duplicated"], said["what_broke"]) == (0, 0, {})
    assert said["jobs"] > 50
    assert said["strikes"] > 0


@pytest.mark.timeout(900)  # on a machine with much else to do
def test_nothing_is_lost_or_done_twice_whatever_strikes() -> None:
    said = storm("--seeds", "1", "--first-seed", "101", "--jobs", "160", "--strikes", "16")
    assert_kept(said)
    assert set(said["faults"]) | set(said["not_here"]) == set(faults())
    assert said["in_flight"] > 0


@pytest.mark.timeout(900)
@pytest.mark.postgres
def test_the_same_on_postgresql() -> None:
    if programs() is None:
        pytest.skip("PostgreSQL's programs (initdb, pg_ctl) are not installed")
    kinds = "kill-watcher,kill-worker,pause-worker,kill-all,lock-database,lose-redis"
    words = ("--seeds", "1", "--first-seed", "201", "--jobs", "80", "--strikes", "6", "--faults", kinds)
    assert_kept(storm("--database", "postgresql", *words))


def test_the_bound_on_a_loss_rate_is_that_of_clopper_and_pearson() -> None:
    assert upper_bound(0, 10_000) == pytest.approx(1 - 0.05 ** (1 / 10_000), rel=1e-6)  # nearly three in n
    assert upper_bound(1, 100) == pytest.approx(0.046557, rel=1e-4)
    assert upper_bound(3, 20) == pytest.approx(0.343664, rel=1e-4)
    assert upper_bound(0, 0) == 1.0
