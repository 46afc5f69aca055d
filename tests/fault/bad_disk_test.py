#!/usr/bin/env python3
"""A disk that fails, hangs or is slow below the daemon, and a reader that holds up its checkpoints.

What is answered stays true: a failed write ends the daemon, a hanging disk is said to hang while the loop goes on, a slow
one costs throughput only, and whoever reads for long costs space only as long as he reads.
"""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import threading
import time

import block_log
import findings
import harness
import oracle
import volumes

LONG = bool(os.environ.get("ACKD_LONG"))
HANGS_SECONDS = 60 if LONG else 10
SHED_SECONDS_MAX = 2
STALL_SECONDS_MAX = 0.05
# The wake of a loaded machine and of its sanitizer; the tight figure is printed.
STALL_SECONDS_LOADED = 0.5
ENDED_SECONDS_MAX = 5
SYNC_SECONDS = 0.2
WAL_BYTES_MAX = 48 << 20
GROWN_BYTES = 24 << 20
EXTRA = "disk: {low: 2MiB, critical: 512KiB, ballast: 64KiB}\n"


@contextlib.contextmanager
def run(options, folder, policy="thirds"):
    data = os.path.join(folder, "data")
    os.mkdir(data)
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        daemon = harness.Daemon(options.ackd, folder, [truth.merchant(policy, options.seed)], extra=EXTRA)
        try:
            yield daemon, truth, data
        finally:
            daemon.end()


def until_accepted(truth, more, seconds=60):
    accepted = truth.figures()["accepted"]
    harness.wait_until(lambda: truth.figures()["accepted"] >= accepted + more, seconds, f"{more} more are accepted")


class FailingDisk:
    """An ext4 whose device fails every write as long as a file exists."""

    def __init__(self, folder):
        os.mkdir(folder)
        self.disk, self.failing, self.device = (os.path.join(folder, name) for name in ("disk", "failing", "device"))
        with open(self.disk, "wb") as file:
            file.truncate(64 * volumes.MEBIBYTE)
        volumes.make_ext4(self.disk)

    @contextlib.contextmanager
    def exported(self):
        for program in ("nbdkit", "nbdfuse"):
            if shutil.which(program) is None:
                raise harness.Skipped(f"no {program} on this machine")
        volumes.enter_namespace()
        os.close(os.open(self.device, os.O_CREAT, 0o600))
        daemon = subprocess.Popen(["nbdfuse", self.device, "--command", "nbdkit", "-s", "--exit-with-parent", "--filter=error",
                                   "file", self.disk, "error-pwrite=EIO", "error-pwrite-rate=100%",
                                   f"error-pwrite-file={self.failing}"], stderr=subprocess.DEVNULL)
        try:
            harness.wait_until(lambda: os.path.getsize(self.device) > 0 or daemon.poll() is not None, 20, "the disk is there")
            if daemon.poll() is not None:
                raise harness.Skipped("nbdfuse cannot make a disk here")
            yield
        finally:
            volumes.unmount(self.device)
            daemon.terminate()
            daemon.wait()


def try_errors(options, folder, found):
    with found.case("C3 every write of the disk fails") as show, run(options, folder) as (daemon, truth, data):
        disk = FailingDisk(os.path.join(folder, "disk"))
        with disk.exported():
            with volumes.mounted(data, "-o", "loop", disk.device):
                os.chmod(data, 0o700)
                daemon.start()
                truth.post(daemon.socket, options.seed, threads=1)
                until_accepted(truth, 100)
                os.close(os.open(disk.failing, os.O_CREAT, 0o600))
                began = time.monotonic()
                code = daemon.process.wait(60)
                took = time.monotonic() - began
                said = daemon.tail().splitlines()[-1]
                assert code == 70 and "fatal" in said, f"{code}: {daemon.tail()}"
                os.unlink(disk.failing)
            with volumes.mounted(data, "-o", "loop", disk.device):
                daemon.start()
                verdict = truth.verdict(daemon, forgetful=True)
                assert daemon.stop() == 0, daemon.tail()
        show("ended", str(code), f", {verdict.figures['accepted']} accepted, 0 lost", took)
        assert took < ENDED_SECONDS_MAX, f"it ended after {took:.1f} s"


def shed_after(daemon):
    """Seconds until a new post is refused with 503; each is tried on a connection of its own, and not waited for."""
    began = time.monotonic()
    problems = []

    def post(number):
        with contextlib.suppress(OSError, ValueError):
            status, problem = harness.Client(daemon.socket).call("POST", "/v1/notifications",
                                                                 harness.notification(f"while-{number}", "m0"))
            if status == 503:
                problems.append((time.monotonic() - began, problem))

    number = 0
    while not problems and time.monotonic() < began + 20:
        number += 1
        threading.Thread(target=post, args=(number,), daemon=True).start()
        threading.Event().wait(0.1)
    assert problems, "nothing is refused while the disk hangs"
    return problems[0]


def try_hanging(options, folder, found):
    with found.case(f"C5 the disk hangs for {HANGS_SECONDS} s") as show, run(options, folder) as (daemon, truth, data):
        with block_log.LoggedDisk(os.path.join(folder, "disk"), 64) as disk, volumes.mounted(data, "--bind", disk.mount):
            daemon.start()
            probe = findings.StallProbe(daemon.socket)
            try:
                truth.post(daemon.socket, options.seed, threads=2)
                until_accepted(truth, 100)
                since = time.monotonic()
                with disk.frozen():
                    shed, problem = shed_after(daemon)
                    ready = harness.Client(daemon.socket).call("GET", "/readyz")
                    arrived = truth.figures()["arrived"]
                    threading.Event().wait(HANGS_SECONDS)  # the thing that is tried
                    sent_meanwhile = truth.figures()["arrived"] - arrived
                    stall = probe.worst(since)
                until_accepted(truth, 20)
            finally:
                probe.close()
            truth.tell("finish")
            harness.wait_until(lambda: truth.figures()["posting"] == 0, 60, "all is decided")
            harness.wait_until_ended(harness.Client(daemon.socket), 60)
            assert daemon.stop() == 0, daemon.tail()
        show("refused", "", f", shed after {shed:.2f} s, stall {stall * 1000:.0f} ms, {sent_meanwhile} sent meanwhile")
        assert ready[0] == 503 and "cannot be written" in str(ready[1]), ready
        assert "does not answer" in problem["detail"], problem
        assert "storage is stalled" in daemon.tail(), daemon.tail()
        assert shed < SHED_SECONDS_MAX + 1, f"shed after {shed:.2f} s"
        assert stall < STALL_SECONDS_LOADED, f"the loop stood still for {stall * 1000:.0f} ms"


def try_slow(options, folder, found):
    with found.case(f"C6 every sync takes {SYNC_SECONDS} s") as show, run(options, folder) as (daemon, truth, data):
        daemon.start()
        tracer = ["strace", "-f", "-o", os.devnull, "-e", "trace=fdatasync", "-e",
                  f"inject=fdatasync:delay_enter={int(SYNC_SECONDS * 1e6)}"]
        with harness.attached(tracer, daemon.process.pid):
            began = time.monotonic()
            truth.post(daemon.socket, options.seed, threads=4, pause=0)
            until_accepted(truth, 200)
            took = time.monotonic() - began
            batches = harness.Client(daemon.socket).call("GET", "/v1/stats")[1]["engine"]["batches"]
        verdict = truth.verdict(daemon, crashes=0)
        assert daemon.stop() == 0, daemon.tail()
        show("accepting", "", f", {200 / took:.0f}/s in {batches} batches; {verdict.figures['accepted']} accepted, 0 lost", took)
        assert batches <= took / SYNC_SECONDS * 3 + 50, "the syncs were not slow"


def wal_bytes(data):
    return os.path.getsize(os.path.join(data, "outbox.db-wal"))


def try_listing(options, folder, found):
    """Lists of the API, over and over, and then a reader of somebody else's that stays in his transaction."""
    seconds = 60 if LONG else 10
    with run(options, folder, "prompt") as (daemon, truth, data):
        with found.case(f"C7 lists are read under load for {seconds} s") as show:
            daemon.start()
            truth.post(daemon.socket, options.seed, threads=4, pause=0)
            client = harness.Client(daemon.socket)
            until, most = time.monotonic() + seconds, 0
            while time.monotonic() < until:
                assert client.call("GET", "/v1/notifications?limit=500&subject=none")[0] == 200
                most = max(most, wal_bytes(data))
            show("", "", f": -wal at most {most / 2**20:.1f} MiB, {truth.figures()['accepted']} accepted")
            assert most < WAL_BYTES_MAX, f"{most} bytes"
        with found.case("C7 control: a foreign reader stays in its transaction") as show:
            reader = sqlite3.connect(f"file:{data}/outbox.db?mode=ro", uri=True, isolation_level=None)
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM queue").fetchone()
            before = wal_bytes(data)
            harness.wait_until(lambda: wal_bytes(data) > before + GROWN_BYTES, 240, "the -wal has grown")
            reader.close()
            grown = wal_bytes(data)
            until_accepted(truth, 2000, 120)
            again = wal_bytes(data) - grown
            verdict = truth.verdict(daemon, crashes=0)
            assert daemon.stop() == 0, daemon.tail()
            show("", "", f": grown to {grown / 2**20:.0f} MiB, and by {again / 2**20:.0f} MiB after it left")
            print(verdict)
            assert again < GROWN_BYTES / 2, f"the -wal grows on by {again} bytes although nobody reads"


def test(options, folder):
    found = findings.Findings()
    for part, own in findings.each_in_its_folder([try_errors, try_hanging, try_slow, try_listing], folder):
        part(options, own, found)
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
