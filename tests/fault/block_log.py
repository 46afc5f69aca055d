"""A disk whose every write is kept, so that it can be seen as it was at any moment, and as a power cut would have left it.

qemu-storage-daemon writes what the kernel asks of the disk into a log (blklogwrites, the format of the kernel's
dm-log-writes) and exports the disk by FUSE; a loop device makes a block device of it, and an ext4 is mounted there.

    with block_log.LoggedDisk(folder, 64) as disk:      mounted at disk.mount
        ... disk.entries() ...
    for point, image in block_log.images(disk, points, chooser): ...

Between two flushes a disk may keep any of the writes: so before the last flush of a crash point everything is there, and
after it a random subset, torn into blocks.
"""

import bisect
import contextlib
import dataclasses
import os
import random
import shutil
import signal
import struct
import subprocess
import threading
import time

import harness
import volumes

SUPERBLOCK = struct.Struct("<QQQI")  # magic, version, entries, bytes a sector
ENTRY = struct.Struct("<QQQQ")  # sector, sectors, flags, bytes of data
MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
# What a disk writes wholly or not at all; the file system's blocks are as large.
BLOCK = 4096
LOG_BYTES_MAX = 8 << 30  # a sparse file


@dataclasses.dataclass(frozen=True)
class Entry:
    at: int  # bytes from the beginning of the disk
    size: int
    flags: int
    data: int  # bytes from the beginning of the log


class LoggedDisk:
    def __init__(self, folder, mebibytes, image=None):
        """An empty ext4, or the one that is in a file."""
        os.mkdir(folder)
        self.disk = os.path.join(folder, "disk")
        self.base = os.path.join(folder, "base")
        self.log = os.path.join(folder, "log")
        self.export = os.path.join(folder, "export")
        self.mount = os.path.join(folder, "mount")
        if image is None:
            with open(self.disk, "wb") as file:
                file.truncate(mebibytes * volumes.MEBIBYTE)
            volumes.make_ext4(self.disk, "-b", str(BLOCK), "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0")
        else:
            shutil.copyfile(image, self.disk)
        shutil.copyfile(self.disk, self.base)
        self.stack = contextlib.ExitStack()
        self.samples = []  # (monotonic time, entries in the log)
        self.ended = threading.Event()

    def __enter__(self):
        with self.stack:
            self.stack.enter_context(self.exported())
            self.stack.enter_context(volumes.mounted(self.mount, "-o", "loop,nodiscard", self.export))
            os.chmod(self.mount, 0o700)
            self.stack.enter_context(self.sampled())
            self.stack = self.stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    @contextlib.contextmanager
    def exported(self):
        if shutil.which("qemu-storage-daemon") is None or not os.path.exists("/dev/fuse"):
            raise harness.Skipped("no qemu-storage-daemon, or no /dev/fuse, on this machine")
        volumes.enter_namespace()
        os.mkdir(self.mount)
        for path in (self.log, self.export):
            os.close(os.open(path, os.O_CREAT, 0o600))
        os.truncate(self.log, LOG_BYTES_MAX)
        # The power of what lies below never fails.
        files = [word for name in ("disk", "log") for word in
                 ("--blockdev", f"driver=file,node-name={name},filename={getattr(self, name)},cache.no-flush=on")]
        self.daemon = daemon = subprocess.Popen(
            ["qemu-storage-daemon", *files, "--blockdev", "driver=blklogwrites,node-name=logged,file=disk,log=log",
             "--export", f"type=fuse,id=export,node-name=logged,mountpoint={self.export},writable=on"])
        try:
            harness.wait_until(lambda: os.path.getsize(self.export) > 0 or daemon.poll() is not None, 20, "the disk is there")
            if daemon.poll() is not None:
                raise harness.Skipped("qemu-storage-daemon cannot export by FUSE here")
            yield
        finally:
            daemon.send_signal(signal.SIGCONT)
            daemon.terminate()
            daemon.wait()
            volumes.unmount(self.export)

    @contextlib.contextmanager
    def sampled(self):
        thread = threading.Thread(target=self.sample)
        thread.start()
        try:
            yield
        finally:
            self.ended.set()
            thread.join()

    def sample(self):
        while not self.ended.is_set():
            self.samples.append((time.monotonic(), self.entries()))
            self.ended.wait(0.0005)

    @contextlib.contextmanager
    def frozen(self):
        """It neither answers nor fails, as a disk whose controller hangs."""
        self.daemon.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.daemon.send_signal(signal.SIGCONT)

    def entries(self):
        """How many entries the log has, up to its last flush at least."""
        with open(self.log, "rb") as log:
            return superblock(log)[2]

    def settled_at(self, moment):
        """At every crash point from this one on, what was on the disk at the moment has to be there; None: at none."""
        later = bisect.bisect_left(self.samples, (moment,))
        return self.samples[later][1] if later < len(self.samples) else None


def superblock(log):
    log.seek(0)
    found = SUPERBLOCK.unpack(log.read(SUPERBLOCK.size))
    assert found[0] == MAGIC and found[1] == 1, f"not a log of writes: {found}"
    return found


def read_entries(path):
    with open(path, "rb") as log:
        _, _, count, sector = superblock(log)
        at, entries = sector, []
        for _ in range(count):
            log.seek(at)
            first, sectors, flags, _ = ENTRY.unpack(log.read(ENTRY.size))
            data = at + sector
            entries.append(Entry(first * sector, sectors * sector, flags, data))
            at = data + (0 if flags & DISCARD else sectors * sector)
    return entries


class Replay:
    def __init__(self, disk):
        self.entries = read_entries(disk.log)
        self.log = open(disk.log, "rb")
        self.durable = disk.base + ".durable"
        shutil.copyfile(disk.base, self.durable)
        self.applied = 0  # entries before this one are in the durable image

    def data(self, entry, begin, end):
        if entry.flags & DISCARD:
            return b"\0" * (end - begin)
        self.log.seek(entry.data + begin)
        return self.log.read(end - begin)

    def image(self, point, path, chooser):
        """The disk after a power cut, when so many entries were in the log."""
        assert point >= self.applied, "crash points come in their order"
        flushed = next((i for i in range(point - 1, self.applied - 1, -1) if self.entries[i].flags & FLUSH), self.applied)
        with open(self.durable, "r+b") as image:
            for entry in self.entries[self.applied:flushed]:
                self.write(image, entry, 0, entry.size)
        self.applied = flushed
        shutil.copyfile(self.durable, path)
        share = chooser.choice([0, 0.5, 0.9, 1])
        kept = 0
        with open(path, "r+b") as image:
            for entry in self.entries[flushed:point]:
                for begin in range(0, entry.size, BLOCK):
                    if entry.flags & FUA or chooser.random() < share:
                        self.write(image, entry, begin, min(begin + BLOCK, entry.size))
                        kept += 1
        return kept

    def write(self, image, entry, begin, end):
        image.seek(entry.at + begin)
        image.write(self.data(entry, begin, end))

    def close(self):
        self.log.close()


def images(disk, points, chooser, path):
    """(point, blocks that survived without a flush) for each crash point, whose image is in the file `path` meanwhile."""
    replay = Replay(disk)
    try:
        for point in sorted(points):
            yield point, replay.image(point, path, random.Random(chooser.random()))
    finally:
        replay.close()
