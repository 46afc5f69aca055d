#!/usr/bin/env python3
"""Bytes of the record change or vanish while ackd is down: it says so, or goes on from what is whole; it never sends
another content than was accepted.

Each case damages a copy of what a kill -9 or a clean stop has left, and starts on it: ackd may refuse, end by itself, or
lose the newest commits together with a -wal that is gone; what merchants get is compared with what was offered.
"""

import collections
import contextlib
import http.client
import os
import random
import re
import shutil
import time

import findings
import harness
import oracle

LONG = bool(os.environ.get("ACKD_LONG"))
ROUNDS = 25 if LONG else 1
ORDERS = 40
EXITS = {1: "refused", 70: "ended"}


class Record:
    """Two states of one data directory in which everything failed once and waits: killed, and cleanly stopped."""

    def __init__(self, options, folder):
        self.truth = oracle.Oracle(os.path.join(folder, "oracle"))
        self.daemon = harness.Daemon(options.ackd, folder, [self.truth.merchant("once_failing")], delays="[2s, 2s, 2s]",
                                     extra="disk: {ballast: 64KiB}\n")
        self.data = os.path.join(folder, "data")
        self.kept = {name: os.path.join(folder, name) for name in ("empty", "killed", "stopped")}
        self.daemon.start()
        self.daemon.kill()
        shutil.copytree(self.data, self.kept["empty"])
        self.daemon.start()
        self.truth.post(self.daemon.socket, options.seed, threads=1, pause=0, count=ORDERS)
        harness.wait_until(lambda: self.truth.figures()["arrived"] >= ORDERS, 60, "everything was tried once")
        self.daemon.kill()
        shutil.copytree(self.data, self.kept["killed"])
        with self.started() as client:
            harness.wait_until(lambda: client.call("GET", "/v1/stats")[1]["attempts"] >= ORDERS, 20, "every try is on record")
            assert harness.counts(client)["pending"] > 0
        shutil.copytree(self.data, self.kept["stopped"])
        self.offered = {entry["order"]: entry["content"] for entry in self.truth.ledger()
                        if entry["event"] == "intent" and entry["kind"] == "first"}

    @contextlib.contextmanager
    def started(self):
        self.daemon.start()
        yield harness.Client(self.daemon.socket)
        assert self.daemon.stop() == 0, self.daemon.tail()

    def restore(self, state):
        shutil.rmtree(self.data)
        shutil.copytree(self.kept[state], self.data)

    def path(self, name):
        return os.path.join(self.data, name)

    def end_work(self):
        """Starts, and waits until all is sent or the daemon has ended; what came of it."""
        self.daemon.start(may_die=True)
        client = harness.Client(self.daemon.socket)
        with contextlib.suppress(OSError, http.client.HTTPException, KeyError):
            harness.wait_until(lambda: self.daemon.process.poll() is not None or harness.counts(client)["pending"] == 0, 30,
                               "all is sent")
            if self.daemon.process.poll() is None:
                lost = len(self.offered) - client.call("GET", "/v1/stats")[1]["admitted"]
                self.daemon.kill()
                return "lost" if lost else "whole", f"{lost} lost" if lost else ""
        code = self.daemon.process.wait(20)
        said = self.daemon.tail().splitlines()[-1]
        assert code in EXITS and ("not_started" in said or "fatal" in said), f"{code}: {self.daemon.tail()}"
        return EXITS[code], said.split("message=", 1)[1]

    def wrong_contents(self, since):
        return [entry["order"] for entry in self.truth.log()
                if entry["event"] == "arrived" and entry["at"] > since and self.offered.get(entry["order"]) != entry["content"]]

    def close(self):
        self.daemon.end()
        self.truth.__exit__()


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def flipped(name, begin, end=None):
    """One bit within these bytes; without an end up to the file's."""
    def damage(record, chooser):
        path = record.path(name)
        flip(path, chooser.randrange(begin, end or os.path.getsize(path)))

    return damage


def cut(name):
    def damage(record, chooser):
        path = record.path(name)
        os.truncate(path, chooser.randrange(1, os.path.getsize(path)))

    return damage


def zeroed(name):
    """A page of zeros, as a disk gives that has lost it."""
    def damage(record, chooser):
        path = record.path(name)
        with open(path, "r+b") as file:
            file.seek(chooser.randrange(os.path.getsize(path) // 4096) * 4096)
            file.write(b"\0" * 4096)

    return damage


def gone(name):
    return lambda record, chooser: os.unlink(record.path(name))


def swapped(name):
    """Of another time of the same record."""
    return lambda record, chooser: shutil.copy2(os.path.join(record.kept["empty"], name), record.path(name))


def content(record, chooser):
    """One digit of every amount."""
    path = record.path("outbox.db")
    with open(path, "rb") as file:
        data = file.read()
    places = [match.start(1) for match in re.finditer(rb"true_amount[^0-9]{0,8}[0-9]{0,3}[^0-9]{1,8}(9)9\.98", data)]
    assert places, "no content in the database"
    for at in places:
        flip(path, at)


# Which state is damaged, how, and what may come of it; "whole" where the damage met nothing that counts.
CASES = [
    ("stopped", "a digit of contents", content, {"refused", "ended"}),
    ("stopped", "outbox.db: a bit of the header", flipped("outbox.db", 0, 100), {"refused", "ended", "whole"}),
    ("stopped", "outbox.db: a bit", flipped("outbox.db", 100), {"refused", "ended", "whole", "lost"}),
    ("stopped", "outbox.db: a page of zeros", zeroed("outbox.db"), {"refused", "ended", "whole", "lost"}),
    ("stopped", "outbox.db: cut off", cut("outbox.db"), {"refused", "ended"}),
    ("killed", "-wal: a bit of the header", flipped("outbox.db-wal", 0, 32), {"refused", "ended", "lost"}),
    ("killed", "-wal: a bit", flipped("outbox.db-wal", 32), {"refused", "ended", "whole", "lost"}),
    ("killed", "-wal: cut off", cut("outbox.db-wal"), {"refused", "ended", "lost", "whole"}),
    ("killed", "-wal: gone", gone("outbox.db-wal"), {"refused", "ended", "lost"}),
    ("killed", "-wal: an older one", swapped("outbox.db-wal"), {"refused", "ended", "lost"}),
    ("killed", "outbox.db: an older one", swapped("outbox.db"), {"refused", "ended", "whole", "lost"}),
    ("killed", "in_flight: a bit", flipped("in_flight", 0, 4096), {"whole"}),
    ("killed", "in_flight: cut off", cut("in_flight"), {"whole"}),
    ("killed", "-shm: a bit", flipped("outbox.db-shm", 0, 4096), {"whole"}),
    ("killed", "nothing", lambda record, chooser: None, {"whole"}),
]


def test(options, folder):
    found = findings.Findings()
    chooser = random.Random(options.seed)
    record = Record(options, folder)
    outcomes = collections.Counter()
    try:
        for state, name, damage, allowed in CASES * (options.rounds or ROUNDS):
            record.restore(state)
            damage(record, chooser)
            since = time.monotonic()
            with found.case(f"B5 {name}") as show:
                outcome, why = record.end_work()
                wrong = record.wrong_contents(since)
                show(outcome, "", f": {why[:110]}" if why else "")
                outcomes[outcome] += 1
                assert not wrong, f"another content was sent than accepted: {wrong[:5]}"
                assert outcome in allowed, f"{outcome}: {why}"
            record.daemon.end()
    finally:
        record.close()
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()))
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
