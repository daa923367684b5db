"""Room: core.locks. A lock on an open file that dies with who holds it. Never waits."""

import errno
import fcntl


def taken(descriptor: int) -> bool:
    """Whether the lock is ours from here on, until the descriptor is closed; False where another process has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some network file systems know no such locks; two at once there are the user's own doing.
        return error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN)
    return True
