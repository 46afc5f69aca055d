#!/usr/bin/env python3
"""The disk fills up under load and empties again: nothing accepted is lost, and ackd recovers by itself.

A file system of 64 MiB of its own (tmpfs) holds the data. It is filled to the last byte, so that even the ballast's
space is needed for outcomes; ingest must answer 503, and sending must stop rather than run without its record.
"""

import ctypes
import os

import harness

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


def test(options, folder):
    disk = os.path.join(folder, "disk")
    os.mkdir(disk)
    unmount = mount(disk)
    merchant = harness.Merchant(lambda order, seen: (200, "OK") if seen > 1 else (200, "fail"))
    extra = "disk: {low: 2MiB, critical: 512KiB, ballast: 1MiB}\n"
    daemon = harness.Daemon(options.ackd, disk, [merchant.url], extra=extra)
    ledger = harness.Ledger()
    try:
        daemon.start()
        client = harness.Client(daemon.socket)
        ingest = harness.Ingest(daemon, ledger, 1, options.seed, pause=0.01)
        ingest.start()
        rounds = options.rounds or 3
        for _ in range(rounds):
            accepted = len(ledger.accepted)
            harness.wait_until(lambda: len(ledger.accepted) > accepted + 100, 60, "100 more are accepted")
            refused = ingest.refused
            fill(os.path.join(disk, "filler"))
            harness.wait_until(lambda: ingest.refused > refused, 30, "ingest is refused while the disk is full")
            assert daemon.process.poll() is None, "the daemon died of a full disk:\n" + daemon.tail()
            assert client.call("GET", "/healthz")[0] == 200
            os.unlink(os.path.join(disk, "filler"))
            accepted = len(ledger.accepted)
            harness.wait_until(lambda: len(ledger.accepted) > accepted, 30, "ingest recovers by itself")
        ingest.finish()
        harness.wait_until_ended(client, 120)
        for record in harness.records(client, ledger.accepted.values()):
            assert record["state"] == "delivered", f"{record['id']} is {record['state']}"
            assert len(record["attempt_list"]) >= 2
        print(f"{rounds} times full, {len(ledger.accepted)} accepted, all delivered; {ingest.refused} posts refused")
        assert daemon.stop() == 0
    finally:
        daemon.end()
        merchant.close()
        unmount()


if __name__ == "__main__":
    harness.run(test, __doc__)
