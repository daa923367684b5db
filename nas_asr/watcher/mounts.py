"""Room: watcher.mounts. On what a folder lies: a disk of this machine, or a share of another one. Pure but for one read.

The system tells of changes that were made through this machine. What another one writes to a share over NFS or SMB it does
not tell, so there nobody may wait for events.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_TABLE = Path("/proc/self/mountinfo")
_OCTAL = re.compile(rb"\\([0-7]{3})")  # blanks, tabs, newlines and backslashes in paths

# Kinds whose files other machines change behind this one's back: of networks, clusters, virtual machines and clouds.
_NETWORK = frozenset(
    {
        "9p", "afp", "afs", "beegfs", "ceph", "cephfs", "cifs", "coda", "davfs", "drvfs", "fakeowner", "gfs2", "glusterfs",
        "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "osxfs", "prl_fs", "pvfs2", "smb2", "smb3", "smbfs",
        "sshfs", "vboxsf", "virtiofs", "vmhgfs", "wekafs",
    }
)  # fmt: skip
# The same by programs in user space (fuse.NAME); those that are not named here, such as mergerfs, lie over local disks.
_NETWORK_FUSE = frozenset(
    {
        "afpfs-ng", "ceph", "ceph-fuse", "curlftpfs", "davfs", "davfs2", "fuse-nfs", "gcsfuse", "geesefs", "glusterfs",
        "goofys", "google-drive-ocamlfuse", "grpcfuse", "gvfsd-fuse", "jmtpfs", "juicefs", "kio-fuse", "mfs", "mount.davfs",
        "onedriver", "osxfs", "rclone", "s3fs", "seaweedfs", "simple-mtpfs", "smbnetfs", "sshfs", "vmhgfs-fuse",
    }
)  # fmt: skip


class Mount(NamedTuple):
    """One line of the system's table: where, and the kind of file system."""

    point: bytes
    kind: str


class Ground(NamedTuple):
    """What a folder lies on. kind: as the system names it. network: at least a part of it is changed by other machines.

    events: whether the system tells of changes in the rest of it.
    """

    kind: str = ""
    network: bool = False
    events: bool = True


def ground_of(path: bytes) -> Ground:
    """What this folder lies on now. Where the system has no such table (macOS), nothing is known."""
    try:
        return judge(parse(_TABLE.read_bytes()), os.path.realpath(path))
    except OSError:
        return Ground()


def parse(table: bytes) -> list[Mount]:
    """The mounts in the text of a mountinfo (proc_pid_mountinfo(5)), in its order; lines that make no sense are left out."""
    mounts = []
    for line in table.split(b"\n"):
        front, dash, back = line.partition(b" - ")
        fields = front.split(b" ")
        if dash and len(fields) >= 6 and back:
            point = _OCTAL.sub(lambda found: bytes((int(found[1], 8) & 0xFF,)), fields[4])
            mounts.append(Mount(point, back.split(b" ")[0].decode("ascii", "replace")))
    return mounts


def judge(mounts: Iterable[Mount], path: bytes) -> Ground:
    """By the mount that holds the path (the longest that begins it, the last one of these), and by those that lie below."""
    holds, below = Mount(b"", ""), Ground()
    for mount in mounts:
        if _lies_in(path, mount.point):
            if len(mount.point) >= len(holds.point):
                holds = mount
        elif _lies_in(mount.point, path) and is_network(mount.kind):
            below = Ground(mount.kind, network=True)
    if is_network(holds.kind):
        return Ground(holds.kind, network=True, events=False)
    return below if below.network else Ground(holds.kind)


def is_network(kind: str) -> bool:
    """Whether other machines change files on such a file system without this one being told."""
    family, _, program = kind.partition(".")
    return program in _NETWORK_FUSE if family in ("fuse", "fuseblk") else kind in _NETWORK


def _lies_in(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")
