"""Room: tests.watcher. What a folder lies on, by texts as machines have them."""

from pathlib import Path

import pytest

from nas_asr.watcher.mounts import Ground, Mount, ground_of, is_network, judge, parse

# A Debian server, a NAS over three protocols, a NAS of its own, a container, and what people mount by hand.
TABLE = rb"""22 27 0:21 / /proc rw,relatime shared:12 - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard,resuid=65534
28 27 0:25 / /dev/shm rw,nosuid shared:3 master:1 propagate_from:2 - tmpfs tmpfs rw,size=24684096k
40 27 0:50 / /mnt/nas rw,relatime - autofs systemd-1 rw,fd=51,pgrp=1,timeout=0,minproto=5,maxproto=5,direct
41 40 0:51 / /mnt/nas rw,relatime shared:300 - nfs4 10.0.0.2:/volume1/team rw,vers=4.2,rsize=131072,addr=10.0.0.2
42 27 0:52 / /mnt/nas2 rw,relatime - cifs //fritz.box/fritz.nas rw,vers=3.1.1,cache=strict,username=x
43 27 0:53 / /srv/pool rw,noatime shared:70 - fuse.mergerfs a:b rw,user_id=0,group_id=0,allow_other
44 43 8:17 / /srv/pool/disk1 rw,noatime - btrfs /dev/sdb1 rw,space_cache=v2,subvolid=5,subvol=/
45 27 8:33 /sub/tree /home/ann/My\040Recordings\134old\012x rw - fuse.sshfs ann@host:/data rw,user_id=1000
46 27 0:55 / /share/paperless rw,relatime - ext4 /dev/sdc1 rw
47 46 0:56 / /share/paperless/scanner/in rw,relatime - cifs //10.0.0.9/scan rw
48 27 0:57 / /app/watch rw,relatime - fakeowner grpcfuse rw,user_id=0
49 27 0:58 / /mnt/c rw,noatime - 9p drvfs rw,dirsync,aname=drvfs;path=C:\134
50 27 0:59 / /usb rw - fuseblk /dev/sdd1 rw,blksize=4096
51 27 0:60 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw,lowerdir=/a:/b
no line of the table at all
52 27 - nfs
"""


@pytest.mark.parametrize(
    ("path", "kind", "network", "events"),
    [
        (b"/srv/team", "ext4", False, True),
        (b"/mnt/nas", "nfs4", True, False),  # the one that was mounted over the automounter counts
        (b"/mnt/nas/2026/choir", "nfs4", True, False),
        (b"/mnt/nas2/choir", "cifs", True, False),
        (b"/mnt/nas22", "ext4", False, True),
        (b"/srv/pool", "fuse.mergerfs", False, True),
        (b"/srv/pool/disk1/x", "btrfs", False, True),
        (b"/home/ann/My Recordings\\old\nx/day", "fuse.sshfs", True, False),
        (b"/share/paperless", "cifs", True, True),  # local, with a share mounted inside: the rest of it tells
        (b"/share/paperless/scanner", "cifs", True, True),
        (b"/share/paperless/other", "ext4", False, True),
        (b"/app/watch", "fakeowner", True, False),
        (b"/mnt/c/Users/ann", "9p", True, False),
        (b"/usb/recorder", "fuseblk", False, True),
        (b"/var/lib/docker/overlay2/x/merged/data", "overlay", False, True),
    ],
)
def test_a_folder_lies_on_the_mount_that_holds_it(path: bytes, kind: str, network: bool, events: bool) -> None:
    assert judge(parse(TABLE), path) == Ground(kind, network, events)


def test_lines_that_make_no_sense_are_left_out() -> None:
    assert parse(b"\n\nnonsense\n52 27 - nfs\n") == []
    assert parse(b"1 0 8:1 / / rw - ext4 /dev/sda1 rw") == [Mount(b"/", "ext4")]
    assert judge([], b"/srv") == Ground()


@pytest.mark.parametrize(
    "kind",
    [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.glusterfs", "virtiofs", "drvfs", "davfs",
        "fuse.davfs", "fuse.sshfs", "fuse.rclone", "vboxsf",
    ],
)  # fmt: skip
def test_shares_of_other_machines_are_known_by_their_kind(kind: str) -> None:
    assert is_network(kind)


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuse.mergerfs", "fuse.shfs", "fuseblk"]
)
def test_disks_of_this_machine_are_too(kind: str) -> None:
    assert not is_network(kind)


def test_what_this_test_lies_on_is_found(tmp_path: Path) -> None:
    if not Path("/proc/self/mountinfo").exists():
        pytest.skip("this system has no /proc/self/mountinfo")
    assert ground_of(str(tmp_path).encode()).kind
