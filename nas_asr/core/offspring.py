"""Room: core.offspring. Starts a small Python child that does one dangerous or heavy thing, and ends it. Knows no task.

The child gets our import path but neither our environment (secrets live there) nor `site` (it costs the start 10 ms and
reads files). It belongs to a session of its own, so that Ctrl-C reaches it through us only. It dies with us; on Linux with
the thread that started it, so a thread has to outlive its children.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from nas_asr.core.lifeline import hold

# -c instead of -m, because -I takes the working directory off the path and a checkout need not be installed.
_BOOT = (
    "import sys; sys.path[:] = sys.argv.pop(1).split('\\n'); "
    "from nas_asr.core.offspring import run; run(sys.argv.pop(1), int(sys.argv.pop(1)))"
)


def start(module: str, arguments: Sequence[str] = (), pass_fds: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """A child that runs `main()` of the module (dotted name), with pipes on its standard input and output."""
    path = "\n".join(str(Path(entry).absolute()) for entry in sys.path)
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _BOOT, path, module, str(os.getpid()), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        cwd="/",
        env={},
        pass_fds=tuple(pass_fds),
        start_new_session=True,
    )


def end(child: subprocess.Popen[bytes]) -> int | None:
    """Kill the child where it still lives and close its pipes; its exit status, or None where the kernel keeps it.

    A child that waits for a share which does not answer cannot be killed before the share does; it is not waited for.
    """
    child.kill()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    try:
        return child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return None


def run(module: str, parent_pid: int) -> None:
    """In the child: tie our life to the parent's, then do the module's work."""
    hold(parent_pid)
    from importlib import import_module

    import_module(module).main()
