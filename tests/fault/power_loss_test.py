#!/usr/bin/env python3
"""The power fails: what was acknowledged before is on record afterwards, whatever the disk had kept in its cache.

The daemon runs on a disk that logs every write (block_log.py): its first start with a new master key, a rotation of that
key, kills and load. Then the log is replayed to random crash points; the daemon starts on each as it would after the
power came back, ends its work, and is judged by the oracle's ledger up to that moment. Some are cut again while they
recover. The same with a disk that lies about syncs of the -wal, which is what synchronous=NORMAL is, must be caught.
"""

import collections
import os
import random
import shutil
import threading
import time

import block_log
import findings
import harness
import judge
import oracle
import volumes

LONG = bool(os.environ.get("ACKD_LONG"))
WORLDS = 5 if LONG else 1
POINTS = 100 if LONG else 50
SECOND_CUTS = 20 if LONG else 4
LYING_POINTS = 15
KILLS = 3
MEBIBYTES = 64
SHOP = "/v1/merchants/payindex/shop"


class World:
    """One run of the daemon on a logged disk, and the means to start it again on any state of that disk."""

    def __init__(self, options, folder, seed, lies=False):
        self.chooser = random.Random(seed)
        self.seed = seed
        self.folder = folder
        self.lies = lies
        self.image = os.path.join(folder, "image")
        self.data = os.path.join(folder, "data")
        os.mkdir(self.data)
        self.truth = oracle.Oracle(os.path.join(folder, "oracle"))
        self.disk = block_log.LoggedDisk(os.path.join(folder, "disk"), MEBIBYTES)
        self.daemon = harness.Daemon(options.ackd, folder, [self.truth.merchant("thirds", seed)] * 2,
                                     extra="disk: {low: 2MiB, critical: 512KiB, ballast: 64KiB}\n")
        self.settled = []  # (crash point, what was answered by then)

    def close(self):
        self.daemon.end()
        self.truth.__exit__()

    def start(self):
        if not self.lies:
            return self.daemon.start()
        self.daemon.start_under(["strace", "-f", "-o", os.devnull, "-P", f"{self.data}/outbox.db-wal", "-e", "trace=fdatasync",
                                 "-e", "inject=fdatasync:retval=0"])
        harness.wait_until(self.daemon.is_ready, 60, "the daemon is ready")
        return self.daemon

    def answered(self, what):
        self.settled.append((time.monotonic(), what))

    def run(self):
        """Everything that shall have happened to the disk."""
        with self.disk as disk, volumes.mounted(self.data, "--bind", disk.mount):
            self.first = disk.entries()
            self.start()
            client = harness.Client(self.daemon.socket)
            status, answer = client.call("PUT", SHOP, {"url": "http://127.0.0.1:9/", "keys": [{"id": "k", "secret": "0123456789abcdef"}]})
            assert status in (200, 201), answer
            self.answered("merchant")
            self.truth.post(self.daemon.socket, self.seed, threads=2, merchants_count=2, pause=0.04)
            for _ in range(KILLS):
                threading.Event().wait(self.chooser.uniform(0.3, 1))
                self.daemon.kill()
                self.start()
            status, answer = harness.Client(self.daemon.socket).call("POST", "/v1/keys/rotate")
            assert status in (200, 202), answer
            self.until_checkpointed()
            self.truth.finish()
            self.last = disk.entries()
            self.daemon.kill()
        self.ledger = self.truth.ledger()
        self.ended_at = time.monotonic()
        self.settled = [(self.disk.settled_at(at), what) for at, what in self.settled]
        replies = [entry for entry in self.ledger if entry["event"] == "reply"]
        self.reply_points = {id(entry): self.disk.settled_at(entry["at"]) for entry in replies}

    def until_checkpointed(self):
        size = os.path.getsize(f"{self.data}/outbox.db")
        harness.wait_until(lambda: os.path.getsize(f"{self.data}/outbox.db") > size, 60, "a checkpoint is made")

    def points(self, count):
        """A quarter of them in the first start and its first answers."""
        early = self.settled[0][0] or self.last
        return sorted(self.chooser.randint(self.first, early if number % 4 == 0 else self.last) for number in range(count))

    def ledger_at(self, point):
        """All that was offered, and what was answered by then."""
        return [entry for entry in self.ledger if entry["event"] != "reply"
                or (self.reply_points[id(entry)] is not None and self.reply_points[id(entry)] <= point)]

    def judge(self, point, since=None):
        """Starts on the image, lets it end its work; the crimes, and how many were acknowledged by then. `since` is when
        the power came back for the first time after the run, where that was not now."""
        with volumes.mounted(self.data, "-o", "loop", self.image):
            began = since or time.monotonic()
            self.daemon.start(may_die=True)
            if self.daemon.process.poll() is not None:
                return [judge.Crime("damaged", "the record", self.daemon.tail().splitlines()[-1])], 0
            crimes, ledger = self.crimes(point, began)
            assert self.daemon.stop() == 0, self.daemon.tail()
        return crimes, len({entry["id"] for entry in ledger if entry.get("id")})

    def crimes(self, point, began):
        client = harness.Client(self.daemon.socket)
        harness.wait_until_ended(client, 60)
        ledger = self.ledger_at(point)
        records = list(oracle.records(client))
        verdict = judge.judge(ledger, self.arrivals_since(began), records, client.call("GET", "/v1/stats")[1],
                              oracle.metrics(self.daemon), judge.Terms(self.daemon.delays_s, forgetful=True))
        crimes = list(verdict.crimes)
        doubled = [order for order, count in collections.Counter(record["subject"] for record in records).items() if count > 1]
        crimes += [judge.Crime("doubled", order, "two notifications") for order in doubled]
        crimes += self.other_crimes(client, point, ledger)
        return crimes, ledger

    def arrivals_since(self, began):
        """What arrived in the run and since the power came back; not what came of other crash points."""
        entries = self.truth.log()
        arrived = {entry["request"]: entry["at"] for entry in entries if entry["event"] == "arrived"}
        return [entry for entry in entries if not self.ended_at < arrived[entry["request"]] < began]

    def other_crimes(self, client, point, ledger):
        """The merchant with its sealed key, and the idempotency keys."""
        if any(settled is not None and settled <= point for settled, what in self.settled):
            status, answer = client.call("GET", SHOP)
            if status != 200 or [key["id"] for key in answer["keys"]] != ["k"]:
                yield judge.Crime("lost", "the merchant", f"{status} {answer}")
        orders = {entry["call"]: entry["order"] for entry in ledger if entry["event"] == "intent" and entry["kind"] == "first"}
        accepted = [entry for entry in ledger if entry.get("status") == 201 and entry["call"] in orders]
        for entry in accepted[-3:]:
            item = oracle.item_of(orders[entry["call"]], 2)
            status, answer = client.call("POST", "/v1/notifications", item)
            if (status, answer.get("id")) != (200, entry["id"]):
                yield judge.Crime("doubled", item["fields"]["orderid"], f"offered again: {status} {answer}")


def try_world(options, folder, found, seed):
    world = World(options, folder, seed)
    try:
        with found.case(f"B1 B3 {POINTS} power cuts, seed {seed}") as show:
            world.run()
            acknowledged = survived = 0
            for point, kept in block_log.images(world.disk, world.points(POINTS), world.chooser, world.image):
                crimes, count = world.judge(point)
                assert not crimes, f"crash point {point}: {crimes[:5]}"
                acknowledged, survived = max(acknowledged, count), survived + kept
            assert survived > 0 and acknowledged > 100, "too little happened to mean anything"
            show("", "nothing is lost", f", {world.last - world.first} entries, {acknowledged} acknowledged")
        with found.case(f"B4 {SECOND_CUTS} cut again while they recover") as show:
            for point, _ in block_log.images(world.disk, world.points(SECOND_CUTS), world.chooser, world.image):
                cut_again(world, point)
            show("", "nothing is lost")
    finally:
        world.close()


def cut_again(world, point):
    """The start on the image is logged too, and cut at a random moment of it."""
    folder = os.path.join(world.folder, "again")
    shutil.rmtree(folder, ignore_errors=True)
    disk = block_log.LoggedDisk(folder, MEBIBYTES, world.image)
    since = time.monotonic()
    with disk, volumes.mounted(world.data, "--bind", disk.mount):
        world.daemon.start()
        threading.Event().wait(world.chooser.uniform(0, 0.3))
        entries = disk.entries()
        world.daemon.kill()
    again = world.chooser.randint(0, entries)
    for _ in block_log.images(disk, [again], world.chooser, world.image):
        crimes, _ = world.judge(point, since)
        assert not crimes, f"crash points {point} and {again}: {crimes[:5]}"


def try_lies(options, folder, found):
    world = World(options, folder, options.seed, lies=True)
    try:
        with found.case("B1 control: the -wal is not synced") as show:
            world.run()
            caught = collections.Counter()
            for point, _ in block_log.images(world.disk, world.points(LYING_POINTS), world.chooser, world.image):
                crimes, _ = world.judge(point)
                caught.update({crime.name for crime in crimes})
            show("caught", "", f": of {LYING_POINTS} cuts {dict(caught)}")
            assert caught["lost"] > 0, "a disk that lies was not caught"
    finally:
        world.close()


def test(options, folder):
    found = findings.Findings()
    parts = [lambda own, seed=options.seed + i: try_world(options, own, found, seed) for i in range(WORLDS)]
    for part, own in findings.each_in_its_folder([*parts, lambda own: try_lies(options, own, found)], folder):
        part(own)
        shutil.rmtree(own)
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
