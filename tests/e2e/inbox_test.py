#!/usr/bin/env python3
"""The transactional inbox with the real daemon: how soon rows are admitted, and everything that can happen to the file.

Each trouble must leave the daemon serving, be logged once when it begins and once when it is over, and be visible in
GET /v1/inbox; what was committed by the platform is admitted afterwards.
"""

import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402

WITHIN_MS = 200
BACKLOG = 100_000 if os.environ.get("ACKD_LONG") else 20_000


class World:
    """A daemon with an inbox, in a folder of its own."""

    def __init__(self, options, folder, name, journal_mode=None):
        self.options = options
        self.folder = os.path.join(folder, name)
        os.mkdir(self.folder)
        self.path = os.path.join(self.folder, "platform.db")
        self.mark_file = os.path.join(self.folder, "data", "inbox.mark")
        self.merchant = harness.Merchant(lambda order, seen: (200, "OK"))
        self.platform = harness.Platform(self.path, journal_mode) if journal_mode else None
        self.daemon = harness.Daemon(options.ackd, self.folder, [self.merchant.url], extra=f"inbox: {{sqlite: {self.path}}}\n")
        self.client = harness.Client(self.daemon.socket)

    def __enter__(self):
        # The sanitizer keeps freed memory for a while; how much the daemon itself holds is to be seen.
        self.daemon.start(environment={"ASAN_OPTIONS": "quarantine_size_mb=4"})
        return self

    def __exit__(self, *_):
        self.daemon.end()
        self.merchant.close()
        if self.platform:
            self.platform.close()

    def restart(self):
        self.daemon.start()
        self.client = harness.Client(self.daemon.socket)

    def inbox(self):
        status, inbox = self.client.call("GET", "/v1/inbox")
        assert status == 200, inbox
        return inbox

    def say(self, order, **more):
        return self.platform.say(json.dumps({**harness.notification(order, "m0"), **more}))

    def wait_for_mark(self, mark, seconds=20):
        harness.wait_until(lambda: self.inbox()["mark"] >= mark, seconds, f"the mark is {mark}: {self.inbox()}")

    def wait_for_trouble(self, word):
        return harness.wait_until(
            lambda: (inbox := self.inbox())["state"] == "trouble" and word in inbox["trouble"] and inbox, 20,
            f"trouble with '{word}': {self.inbox()}")

    def wait_for_delivery(self, *orders):
        harness.wait_until(lambda: set(orders) <= set(self.merchant.requests), 20, f"{orders} arrived")

    def ackctl(self, *arguments, code=0):
        done = subprocess.run([self.options.ackctl, *arguments, "--socket", self.daemon.socket], capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def published(self):
        with open(self.mark_file, encoding="utf-8") as file:
            return json.load(file)

    def logged(self, event):
        with open(self.daemon.log, encoding="utf-8") as log:
            return sum(f" {event}" in line for line in log)

    def check_logged(self, **events):
        for event, count in events.items():
            assert self.logged(event) == count, f"{event} was logged {self.logged(event)} times:\n{self.daemon.tail()}"


def admitted_within(world, order):
    """Milliseconds from the platform's commit until the row is on ackd's record."""
    row = world.say(order)
    begin = time.monotonic()
    while world.inbox()["mark"] < row:
        assert time.monotonic() - begin < 20, "a row was not admitted at all"
    return (time.monotonic() - begin) * 1000


def check_latency(options, folder):
    for mode in ("wal", "delete"):
        with World(options, folder, f"latency-{mode}", mode) as world:
            admitted_within(world, "first")
            # Five tries, because the machine may be busy with something else.
            for attempt in range(5):
                took = sorted(admitted_within(world, f"o-{attempt}-{i}") for i in range(40))
                if took[-2] <= WITHIN_MS:
                    break
            assert took[-2] <= WITHIN_MS, f"{mode}: rows were admitted after {took[-5:]} ms"
            print(f"{mode}: admitted within p50 {statistics.median(took):.0f} ms, p99 {took[-1]:.0f} ms")
            world.wait_for_delivery("o-0-0", "o-0-39")


def check_missing_and_late(options, folder):
    with World(options, folder, "missing") as world:
        world.wait_for_trouble("no such file")
        assert world.client.call("POST", "/v1/notifications", harness.notification("posted", "m0"))[0] == 201
        assert "made" in world.ackctl("inbox", "init", world.path)
        world.platform = harness.Platform(world.path)
        world.wait_for_mark(world.say("late"))
        world.wait_for_delivery("posted", "late")
        harness.wait_until(
            lambda: world.published() == {"identity": world.platform.identity(), "mark": 1}, 20, "the mark is published")
        assert os.stat(world.mark_file).st_mode & 0o777 == 0o644
        assert "reading" in world.ackctl("inbox", "status")
        assert 1 <= world.logged("inbox_trouble") <= 2  # between the file's making and its tables it is no inbox


def check_replaced(options, folder):
    with World(options, folder, "replaced", "delete") as world:
        world.wait_for_mark(world.say("a-1"))
        other = harness.Platform(world.path + ".other", "delete")
        other.say(json.dumps(harness.notification("b-1", "m0")))
        identity = other.identity()
        other.close()
        world.platform.close()
        os.rename(world.path, world.path + ".old")
        os.rename(world.path + ".other", world.path)
        harness.wait_until(lambda: world.inbox()["identity"] == identity, 20, "the other file is read")
        world.wait_for_delivery("a-1", "b-1")
        assert world.logged("inbox_replaced") == 1
        world.platform = harness.Platform(world.path, "delete")
        world.wait_for_mark(world.say("b-2"))
        world.platform.close()
        # The old one again, with its own mark.
        os.rename(world.path, world.path + ".other")
        os.rename(world.path + ".old", world.path)
        world.platform = harness.Platform(world.path, "delete")
        world.say("a-2")
        world.wait_for_delivery("b-2", "a-2")
        assert all(len(seen) == 1 for seen in world.merchant.requests.values()), world.merchant.requests


def check_set_back(options, folder):
    with World(options, folder, "set-back", "delete") as world:
        world.wait_for_mark(world.say("kept"))
        shutil.copyfile(world.path, world.path + ".backup")
        world.wait_for_mark(world.say("forgotten"))
        world.platform.close()
        os.rename(world.path + ".backup", world.path)
        world.platform = harness.Platform(world.path, "delete")
        world.wait_for_trouble("set back")
        world.say("new")
        world.say("newer")
        world.wait_for_trouble("says something else")
        assert "skip" in world.ackctl("inbox", "rewind", "--to", "3", code=1)
        assert "new" not in world.merchant.requests
        # Also after a restart nothing is read on its own.
        world.daemon.kill()
        world.restart()
        world.wait_for_trouble("set back")
        world.ackctl("inbox", "rewind", "--to", "0")
        world.wait_for_delivery("kept", "forgotten", "new", "newer")
        assert world.inbox()["state"] == "reading"
        assert all(len(seen) == 1 for seen in world.merchant.requests.values()), world.merchant.requests
        world.check_logged(inbox_trouble=2)  # once in each of the two runs, whatever the platform wrote meanwhile


def check_locked(options, folder):
    with World(options, folder, "locked", "delete") as world:
        world.wait_for_mark(world.say("first"))
        world.platform.connection.execute("BEGIN EXCLUSIVE")
        row = world.say("under lock")
        world.wait_for_trouble("locked")
        world.platform.connection.execute("COMMIT")
        world.wait_for_mark(row)
        harness.wait_until(lambda: world.inbox()["state"] == "reading", 20, "no trouble any more")
        world.check_logged(inbox_trouble=1)
    with World(options, folder, "long-transaction", "wal") as world:
        writer = sqlite3.connect(world.path, isolation_level=None, check_same_thread=False)
        world.wait_for_mark(world.say("first"))
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO ackd_inbox(notification) VALUES(?)", (json.dumps(harness.notification("open", "m0")),))
        harness.wait_until(lambda: world.inbox()["state"] == "reading", 20, "a writer is in nobody's way")
        writer.execute("COMMIT")
        world.wait_for_mark(2)
        writer.close()
        world.check_logged(inbox_trouble=0)


def check_corrupt(options, folder):
    with World(options, folder, "corrupt", "delete") as world:
        world.wait_for_mark(world.say("before"))
        world.platform.close()
        shutil.copyfile(world.path, world.path + ".good")
        with open(world.path, "r+b") as file:
            file.write(b"\xff" * 8192)
        world.wait_for_trouble("not a database")
        assert world.client.call("POST", "/v1/notifications", harness.notification("posted", "m0"))[0] == 201
        os.rename(world.path + ".good", world.path)
        world.platform = harness.Platform(world.path, "delete")
        world.wait_for_mark(world.say("after"))
        world.platform.connection.execute("DROP TABLE ackd_inbox")
        world.wait_for_trouble("no column ackd_inbox.id")
        world.wait_for_delivery("before", "posted", "after")


def check_errors(options, folder):
    with World(options, folder, "errors", "wal") as world:
        world.platform.say('{"provider":')
        world.platform.say(json.dumps({**harness.notification("strange", "nobody")}))
        world.say("good")
        world.say("good", amount=1)
        world.platform.say(json.dumps({**harness.notification("huge", "m0"), "body": "x" * (1 << 20)}))
        world.platform.say("[" + " " * (3 << 20) + "]")
        world.say("conflict", key="k-1")
        world.platform.say(json.dumps({**harness.notification("other", "m0"), "key": "k-1"}))
        row = world.say("last")
        world.wait_for_mark(row)
        world.wait_for_delivery("good", "last")
        listed = [json.loads(line) for line in world.ackctl("inbox", "errors", "--json").splitlines()]
        found = [(error["row"], error["code"], error.get("field")) for error in listed]
        assert found == [(1, "invalid", None), (2, "invalid", "merchant"), (4, "invalid", "amount"),
                         (5, "too_large", "body"), (6, "too_large", None), (8, "conflict", "key")], found
        assert listed[4]["cut"] and listed[4]["text_bytes"] == (3 << 20) + 2
        table = world.ackctl("inbox", "errors")
        assert "REASON" in table and "merchant" in table
        assert "errors    6" in world.ackctl("inbox", "status")
        # The merchant exists after a restart: what the row says is posted again.
        config = os.path.join(world.folder, "config.yaml")
        with open(config, "a", encoding="utf-8") as file:
            file.write(f'  - {{provider: payindex, id: nobody, url: "{world.merchant.url}", key_file: m.key}}\n')
        assert world.daemon.stop() == 0
        world.restart()
        assert "recorded" in world.ackctl("inbox", "retry", "2")
        world.wait_for_delivery("strange")
        assert "no error" in world.ackctl("inbox", "retry", "2", code=1)
        assert "rewind" in world.ackctl("inbox", "retry", "6", code=1)
        assert "dropped" in world.ackctl("inbox", "drop", "6")
        world.ackctl("inbox", "drop", "--all")
        assert world.inbox()["errors"] == 0
        assert len(world.merchant.requests["strange"]) == 1


def check_backlog(options, folder):
    with World(options, folder, "backlog", "wal") as world:
        text = json.dumps({**harness.notification("ORDER", "m0"), "not_before": time.strftime(
            "%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400))})
        before = world.daemon.rss_kib()
        world.platform.connection.execute("BEGIN")
        world.platform.connection.executemany("INSERT INTO ackd_inbox(notification) VALUES(?)",
                                              ((text.replace("ORDER", f"b-{i}"),) for i in range(BACKLOG)))
        world.platform.connection.execute("COMMIT")
        begin = time.monotonic()
        world.wait_for_mark(BACKLOG, 280)
        seconds = time.monotonic() - begin
        counts = harness.counts(world.client)
        assert counts["pending"] == BACKLOG, counts
        grown = world.daemon.rss_kib() - before
        print(f"a backlog of {BACKLOG} rows: {BACKLOG / seconds:.0f} rows/s, {grown // 1024} MiB more memory")
        assert grown < 200 * 1024, f"memory grew by {grown} KiB"


def check_check(options, folder):
    with World(options, folder, "check", "wal") as world:
        command = [options.ackd, "--check", "--config", os.path.join(world.folder, "config.yaml")]
        assert "newest row" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
        world.platform.connection.execute("DROP TABLE ackd_inbox_source")
        assert "cannot be read now" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test(options, folder):
    for check in (check_missing_and_late, check_replaced, check_set_back, check_locked, check_corrupt,
                  check_errors, check_check, check_latency, check_backlog):
        begin = time.monotonic()
        check(options, folder)
        print(f"{check.__name__}: {time.monotonic() - begin:.1f} s", flush=True)


if __name__ == "__main__":
    harness.run(test, __doc__)
