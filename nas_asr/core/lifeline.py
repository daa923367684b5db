"""Room: core.lifeline. Ties a process's life to its parent's, so that kill -9 of the supervisor leaves nothing behind.

As a program, `python -m nas_asr.core.lifeline PARENT_PID COMMAND ...` takes hold and then becomes the command (for programs
that are not ours, such as redis-server).
"""

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1


def hold(parent_pid: int, sig: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel for `sig` when the parent dies; where the kernel cannot (not Linux), a thread watches instead."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent_pid, sig), daemon=True).start()
    if os.getppid() != parent_pid:  # the parent died between our start and the call above
        os._exit(1)


def _watch(parent_pid: int, sig: signal.Signals) -> None:
    while os.getppid() == parent_pid:
        time.sleep(0.5)
    os.kill(os.getpid(), sig)


def main() -> None:
    """Take hold of the parent named by the first argument, then become the command that follows."""
    hold(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
