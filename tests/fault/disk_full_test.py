#!/usr/bin/env python3
"""The disk fills up under load and empties again: nothing accepted is lost, and ackd recovers by itself.

A file system of 64 MiB of its own (tmpfs) holds the data. It is filled to the last byte, so that even the ballast's
space is needed for outcomes; ingest must answer 503, and sending must stop rather than run without its record.
"""

import ctypes
import os

import harness
import oracle

MEBIBYTE = 1 << 20


def mount(folder):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", folder.encode(), b"tmpfs", 0, b"size=64m,mode=700") != 0:
        raise harness.Skipped(f"mounting a tmpfs is not permitted: {os.strerror(ctypes.get_errno())}")
    return lambda: libc.umount2(folder.encode(), 2)


def fill(path):
    """Takes all space but the last page or two."""
    with open(path, "wb", buffering=0) as filler:
        for size in (MEBIBYTE, 4096):
            try:
                while True:
                    filler.write(b"x" * size)
            except OSError:
                continue


def fill_and_empty(daemon, truth, filler):
    """Once full: refused, alive, and accepting again when there is room."""
    accepted = truth.figures()["accepted"]
    harness.wait_until(lambda: truth.figures()["accepted"] > accepted + 100, 60, "100 more are accepted")
    refused = truth.figures()["refused"]
    fill(filler)
    harness.wait_until(lambda: truth.figures()["refused"] > refused, 30, "ingest is refused while the disk is full")
    assert daemon.process.poll() is None, "the daemon died of a full disk:\n" + daemon.tail()
    assert harness.Client(daemon.socket).call("GET", "/healthz")[0] == 200
    os.unlink(filler)
    accepted = truth.figures()["accepted"]
    harness.wait_until(lambda: truth.figures()["accepted"] > accepted, 30, "ingest recovers by itself")


def test(options, folder):
    disk = os.path.join(folder, "disk")
    os.mkdir(disk)
    unmount = mount(disk)
    extra = "disk: {low: 2MiB, critical: 512KiB, ballast: 1MiB}\n"
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        daemon = harness.Daemon(options.ackd, disk, [truth.merchant("once_failing")], extra=extra)
        try:
            daemon.start()
            truth.post(daemon.socket, options.seed, threads=1)
            rounds = options.rounds or 3
            for _ in range(rounds):
                fill_and_empty(daemon, truth, os.path.join(disk, "filler"))
            verdict = truth.verdict(daemon, crashes=0)
            assert verdict.figures["delivered"] == verdict.figures["accepted"], verdict
            print(f"{rounds} times full, {truth.figures()['refused']} refused: {verdict}")
            assert daemon.stop() == 0
        finally:
            daemon.end()
            unmount()


if __name__ == "__main__":
    harness.run(test, __doc__)
