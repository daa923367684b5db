"""Room: tests.core.test_lifeline. A child dies with its parent, however the parent dies. Real processes."""

import os
import select
import signal
import subprocess
import sys
import time

import pytest

_PARENT = """
import subprocess, sys, time, os
child = subprocess.Popen([sys.executable, "-m", "nas_asr.core.lifeline", str(os.getpid()),
                          sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def _gone(pid: int, within_s: float = 10.0) -> bool:
    """Whether the process ended (or is only waited for) before the deadline."""
    deadline = time.monotonic() + within_s
    descriptor = os.pidfd_open(pid)
    try:
        return bool(select.select([descriptor], [], [], deadline - time.monotonic())[0])
    finally:
        os.close(descriptor)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_dies_with_its_parent(sig: signal.Signals) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        told = {parent.stdout.readline().strip(), parent.stdout.readline().strip()}
        assert "up" in told
        child = int((told - {"up"}).pop())
        parent.send_signal(sig)
        parent.wait(10)
    try:
        gone = _gone(child)
    except ProcessLookupError:
        gone = True
    assert gone


def test_a_child_whose_parent_is_already_gone_does_not_begin() -> None:
    command = [sys.executable, "-m", "nas_asr.core.lifeline", "1", sys.executable, "-c", "print('began')"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
