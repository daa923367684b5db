"""Room: tests.jobs.servers. A Redis on the network, as another machine would have it."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from nas_asr.jobs.embedded import command
from nas_asr.jobs.queue import RqQueue
from tests.live import wait_for


@contextmanager
def network_redis(folder: Path, password: str = "") -> Iterator[str]:
    """Its address; it ends afterwards. password: what it asks for, none where empty."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = command(folder)
    line = [*line[: line.index("--port")], "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    line += ["--requirepass", password] if password else []
    with subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as server:
        url = f"redis://{f':{quote(password)}@' if password else ''}127.0.0.1:{port}/0"
        try:
            wait_for(lambda: RqQueue(url).alive(), 10, "Redis answers")
            yield url
        finally:
            server.kill()
