"""Room: engine.pool. Utterances to processes that recognise them, one process a core, results in order. Knows no engine.

Why processes: the built-in engine holds Python's lock and may crash in C. Why not multiprocessing: it would import our main
module again in each child, and cannot end a child that is busy.
"""

import os
import select
import subprocess
from collections import deque
from collections.abc import Generator, Iterable
from dataclasses import dataclass

from nas_asr.core import offspring
from nas_asr.core.errors import EngineLost
from nas_asr.core.frames import BrokenFrame, read_frame, write_frame
from nas_asr.core.ports import Beat, Utterance

_BEAT_S = 0.5
_AHEAD_PER_CHILD = 4
_BEATS_AT_MOST = 1800  # 15 minutes for at most 30 s of sound: this child will never answer


@dataclass(slots=True)
class _Task:
    utterance: Utterance
    answer: bytes | None = None


class Pool:
    """Children that run `module`; started when first needed, at most `size`. A pool that broke is closed, never mended."""

    def __init__(self, module: str, size: int) -> None:
        self._module = module
        self._size = max(1, size)
        self._children: dict[int, subprocess.Popen[bytes]] = {}  # by the descriptor we read its answers from
        self._busy: dict[int, _Task] = {}

    def answers(self, utterances: Iterable[Utterance], beat: Beat) -> Generator[tuple[Utterance, bytes], None, None]:
        """Each utterance with its answer, in order. Raises EngineLost when a child died; unfinished use closes the pool."""
        coming = iter(utterances)
        tasks: deque[_Task] = deque()
        more = True
        try:
            while more or tasks:
                while more and len(self._busy) < self._size and len(tasks) < _AHEAD_PER_CHILD * self._size:
                    more = (utterance := next(coming, None)) is not None
                    if utterance is not None:
                        tasks.append(self._give(self._idle(), _Task(utterance)))
                if self._busy:
                    self._collect(beat)
                while tasks and (answer := tasks[0].answer) is not None:
                    yield tasks.popleft().utterance, answer
        finally:
            if self._busy:  # somebody stopped in the middle: what is under way is of no use to the next one
                self.close()

    def close(self) -> None:
        """End all children."""
        children, self._children, self._busy = self._children, {}, {}
        for child in children.values():
            child.kill()
        for child in children.values():
            offspring.end(child)

    def pids(self) -> list[int]:
        """Process ids of the children that were started."""
        return [child.pid for child in self._children.values()]

    def _idle(self) -> int:
        """A child that has nothing to do; a new one if all have."""
        for key in self._children:
            if key not in self._busy:
                return key
        child = offspring.start(self._module)
        assert child.stdout is not None
        self._children[child.stdout.fileno()] = child
        return child.stdout.fileno()

    def _give(self, key: int, task: _Task) -> _Task:
        pipe = self._children[key].stdin
        assert pipe is not None
        try:
            write_frame(pipe.fileno(), b"U", task.utterance.pcm.tobytes())
        except BrokenPipeError as error:
            raise self._broken(key) from error
        self._busy[key] = task
        return task

    def _collect(self, beat: Beat) -> None:
        """Wait until at least one child answered."""
        poller = select.poll()
        for key in self._busy:
            poller.register(key, select.POLLIN)
        for _ in range(_BEATS_AT_MOST):
            beat()
            ready = poller.poll(_BEAT_S * 1000)
            for key, _event in ready:
                self._busy[key].answer = self._read(key)
                del self._busy[key]
            if ready:
                return
        raise self._broken(next(iter(self._busy)))

    def _read(self, key: int) -> bytes:
        try:
            frame = read_frame(key)
        except BrokenFrame:
            frame = None
        if frame is None:
            raise self._broken(key)
        return frame.body

    def _broken(self, key: int) -> EngineLost:
        status = offspring.end(self._children[key])
        self.close()
        how = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
        return EngineLost(
            f"A process of the engine died in the middle of its work ({how}).",
            "Try again; if it happens again, look for a lack of memory.",
        )


def cores() -> int:
    """Cores that this process may use, which in a container can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
