#!/usr/bin/env python3
"""A volume without room, for the record or for the log: nothing accepted is lost, and ackd recovers by itself.

The record's own small file system is filled to the last byte under load, so that even the ballast's space is needed for
outcomes; then it runs out of inodes. The log's is full from the beginning, or nobody reads what is logged.
"""

import contextlib
import os

import findings
import harness
import oracle
import volumes

EXTRA = "disk: {low: 2MiB, critical: 512KiB, ballast: 1MiB}\n"
# More than a new outbox takes.
INODES_MAX = 13


@contextlib.contextmanager
def small_volume(folder):
    """64 MiB; the name of the file system it could be."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(volumes.ext4(folder, folder + ".image", 64))
            name = "ext4"
        except harness.Skipped:
            stack.enter_context(volumes.tmpfs(folder, "64m"))
            name = "tmpfs"
        yield name


def fill_and_empty(daemon, truth, filler):
    """Once full: refused, alive, and accepting again when there is room."""
    accepted = truth.figures()["accepted"]
    harness.wait_until(lambda: truth.figures()["accepted"] > accepted + 100, 60, "100 more are accepted")
    refused = truth.figures()["refused"]
    volumes.fill(filler)
    harness.wait_until(lambda: truth.figures()["refused"] > refused, 30, "ingest is refused while the disk is full")
    assert daemon.process.poll() is None, "the daemon died of a full disk:\n" + daemon.tail()
    assert harness.Client(daemon.socket).call("GET", "/healthz")[0] == 200
    os.unlink(filler)
    accepted = truth.figures()["accepted"]
    harness.wait_until(lambda: truth.figures()["accepted"] > accepted, 30, "ingest recovers by itself")


def post_and_wait(daemon, truth, seed, count=60):
    truth.post(daemon.socket, seed, threads=1, count=count)
    harness.wait_until(lambda: truth.figures()["posting"] == 0, 60, "all are accepted")
    return check_delivered(daemon, truth)


def check_delivered(daemon, truth):
    verdict = truth.verdict(daemon, crashes=0)
    assert verdict.figures["delivered"] == verdict.figures["accepted"] > 0, verdict
    return verdict


@contextlib.contextmanager
def run(options, folder):
    """A daemon under load, whose data directory is a mount point."""
    data = os.path.join(folder, "data")
    os.mkdir(data)
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        daemon = harness.Daemon(options.ackd, folder, [truth.merchant("once_failing")], extra=EXTRA)
        try:
            yield daemon, truth, data
        finally:
            daemon.end()


def try_space(options, folder, found):
    rounds = options.rounds or (10 if os.environ.get("ACKD_LONG") else 2)
    with found.case(f"C1 {rounds} times full") as show, run(options, folder) as (daemon, truth, data):
        with small_volume(data) as name:
            daemon.start()
            truth.post(daemon.socket, options.seed, threads=1)
            for _ in range(rounds):
                fill_and_empty(daemon, truth, os.path.join(data, "filler"))
            verdict = check_delivered(daemon, truth)
            assert daemon.stop() == 0, daemon.tail()
            show("refused", name, f", {truth.figures()['refused']} refused")
            print(verdict)


def leave_inodes(data, count):
    """Takes all inodes but so many."""
    fillers = os.path.join(data, "fillers")
    os.makedirs(fillers, exist_ok=True)
    for name in os.listdir(fillers):
        os.unlink(os.path.join(fillers, name))
    for number in range(os.statvfs(data).f_ffree - count):
        os.close(os.open(os.path.join(fillers, str(number)), os.O_CREAT | os.O_EXCL))


def try_inodes(options, folder, found):
    with run(options, folder) as (daemon, truth, data), contextlib.ExitStack() as stack:
        with found.case("C2 a first start with too few inodes") as show:
            stack.enter_context(volumes.ext4(data, data + ".image", 16, "-N", "32"))
            refused = next(count for count in range(INODES_MAX) if starts_with(daemon, data, count))
            assert refused > 0, "it started without an inode"
            assert daemon.stop() == 0, daemon.tail()
            show("refused", "", f": {refused} times")
        with found.case("C2 all inodes taken under load") as show:
            daemon.start()
            leave_inodes(data, 0)
            verdict = post_and_wait(daemon, truth, options.seed)
            assert truth.figures()["refused"] == 0, "refused for want of an inode"
            assert daemon.stop() == 0, daemon.tail()
            show("acknowledged", "", f": {verdict.figures['accepted']} delivered")


def starts_with(daemon, data, free):
    """Whether an outbox could be made. If not it was said why, and what was made of it is not in the way of the next start."""
    leave_inodes(data, free)
    daemon.start(may_die=True)
    if daemon.process.poll() is None:
        return True
    said = daemon.tail().splitlines()[-1]
    assert daemon.process.returncode == 1 and "not_started" in said, f"{daemon.process.returncode}: {said}"
    assert "No space left on device" in said or "unable to open database file" in said, said
    return False


def log_everything(daemon):
    path = os.path.join(daemon.folder, "config.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert "level: warning" in text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("level: warning", "level: debug"))


def try_full_log(options, folder, found):
    with found.case("C2 the log's volume is full") as show, run(options, folder) as (daemon, truth, _):
        logs = os.path.join(folder, "logs")
        os.mkdir(logs)
        log_everything(daemon)
        with volumes.tmpfs(logs, "64k"):
            daemon.log = os.path.join(logs, "ackd.log")
            volumes.fill(os.path.join(logs, "filler"))
            daemon.start()
            verdict = post_and_wait(daemon, truth, options.seed)
            assert os.path.getsize(daemon.log) == 0, "the log had room"
            os.unlink(os.path.join(logs, "filler"))
            assert daemon.stop() == 0
            said = daemon.tail()
            assert "log_lines_dropped" in said and "stopped" in said, f"there is room again: {said}"
        show("acknowledged", "", f": {verdict.figures['accepted']} delivered")


def try_unread_log(options, folder, found):
    """Whoever takes the log has stopped reading: the pipe fills up, and must not hold up the loop."""
    with found.case("C2 nobody reads the log") as show, run(options, folder) as (daemon, truth, _):
        log_everything(daemon)
        daemon.log = os.path.join(folder, "pipe")
        os.mkfifo(daemon.log)
        reader = os.open(daemon.log, os.O_RDONLY | os.O_NONBLOCK)
        try:
            daemon.start()
            verdict = post_and_wait(daemon, truth, options.seed, 400)
            said = b""
            with contextlib.suppress(BlockingIOError):
                while (chunk := os.read(reader, 65536)):
                    said += chunk
            assert len(said) > 32768, "the pipe was not full"
            assert daemon.stop() == 0
            said = os.read(reader, 65536)
            assert b"log_lines_dropped" in said and b"stopped" in said, said
        finally:
            os.close(reader)
        show("acknowledged", "", f": {verdict.figures['accepted']} delivered")


def test(options, folder):
    found = findings.Findings()
    for part, own in findings.each_in_its_folder([try_space, try_inodes, try_full_log, try_unread_log], folder):
        part(options, own, found)
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
