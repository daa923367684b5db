"""Room: tests.archive.test_kills. kill -9 at random points of a night: bags are whole or absent, the next one does the rest."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nas_asr.archive.check import check_bag
from nas_asr.archive.layout import PARTIAL, bags_below
from nas_asr.services.archive_nights import LEASE, ask
from nas_asr.services.base import House
from tests.archive.shelf import bags, night, record, share_of, switch_on
from tests.cast import Cast, Clock

STEP_S = 0.004


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_night_leaves_whole_bags_or_none_and_is_finished_by_the_next(
    house: House, cast: Cast, clock: Clock, tmp_path: Path, seed: int
) -> None:
    clock.now = datetime.now(UTC)
    switch_on(house)
    share = share_of(house, cast.choir, tmp_path)
    for n in range(4):
        record(house, cast.choir, share, f"{n}.wav", bytes([n]) * 2_500_000)
    ask(house, None, "choir")
    dice = random.Random(seed)
    root = house.options.archive
    for _ in range(2):
        command = [sys.executable, "-m", "tests.archive.night_child", str(house.options.data), str(STEP_S)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        time.sleep(dice.uniform(0.01, 0.4))  # the accident, not a wait for something
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert all(check_bag(bag).troubles == () for bag in bags_below(root))
    clock.now = datetime.now(UTC)
    clock.pass_seconds(LEASE.total_seconds() + 60)
    night(house)
    found = list(bags_below(root))
    assert len(found) == 4 and {bag.resolve() for bag in found} == {bag.resolve() for bag in bags(house)}
    assert all(check_bag(bag).troubles == () for bag in found)
    assert not list(root.glob(f"{PARTIAL}*"))
