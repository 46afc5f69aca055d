#!/usr/bin/env python3
"""kill -9 of the daemon while it admits the platform's inbox: no row is lost, none is admitted twice.

The platform is a process of its own. Each of its transactions commits an order and the row that says so, together; it
deletes what stands below the published mark, and now and then the row at the mark too. The orders in its database are
the ledger. Two sweeps: at random moments under load, and at every synchronisation and renaming of a short run (strace
ends the daemon inside the N-th call, for each N until a run survives; every third N unless ACKD_LONG is set).
"""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading

import books
import harness
import oracle

ORDERS = "CREATE TABLE IF NOT EXISTS orders(number TEXT PRIMARY KEY, amount TEXT NOT NULL)"
SWEPT = ["fdatasync", "rename"]
SWEPT_LONG = SWEPT + ["pwrite64"]
CALLS_MAX = 2_000


def commit_orders(connection, numbers):
    connection.execute("BEGIN IMMEDIATE")
    for number in numbers:
        connection.execute("INSERT INTO orders VALUES(?, '100.00')", (number,))
        text = json.dumps(harness.notification(number, f"m{len(number) % 3}"))
        connection.execute("INSERT INTO ackd_inbox(notification) VALUES(?)", (text,))
    connection.execute("COMMIT")


def published(mark_file, identity):
    """The mark, or 0 when there is none of this file yet."""
    try:
        with open(mark_file, encoding="utf-8") as file:
            document = json.load(file)
    except FileNotFoundError:
        return 0
    return document["mark"] if document["identity"] == identity else 0


def run_platform(path, mark_file, journal_mode, seed):
    """The platform's process: commits until its standard input is closed."""
    chooser = random.Random(seed)
    platform = harness.Platform(path, journal_mode)
    platform.connection.execute(ORDERS)
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    count = 0
    while not stop.is_set():
        numbers = [f"order-{count + i}" for i in range(chooser.choice([1, 1, 2, 20]))]
        count += len(numbers)
        commit_orders(platform.connection, numbers)
        mark = published(mark_file, platform.identity())
        if chooser.random() < 0.2 and mark:
            below = "<=" if chooser.random() < 0.3 else "<"
            platform.connection.execute(f"DELETE FROM ackd_inbox WHERE id {below} ?", (mark,))
        stop.wait(0.02)
    platform.close()


def ledger_of(path):
    """What the platform has committed, which ackd has to come for."""
    connection = sqlite3.connect(path, timeout=20)
    orders = [number for (number,) in connection.execute("SELECT number FROM orders")]
    connection.close()
    return [{"event": "committed", "order": order, "content": books.content_of(harness.notification(order, "m0")["fields"])}
            for order in orders]


def check_end(path, truth, daemon, **terms):
    """Everything is read, admitted once, delivered, and each second send explained."""
    client = harness.Client(daemon.socket)
    platform = harness.Platform(path)
    newest = platform.connection.execute("SELECT seq FROM sqlite_sequence WHERE name='ackd_inbox'").fetchone()[0]
    identity = platform.identity()
    platform.close()
    inbox = harness.wait_until(
        lambda: (state := client.call("GET", "/v1/inbox")[1])["mark"] == newest and state, 120, "all rows are read")
    assert inbox["errors"] == 0 and inbox["behind"] == 0 and inbox["identity"] == identity, inbox
    return truth.verdict(daemon, ledger=ledger_of(path), **terms)


def sweep_at_random(options, folder, journal_mode, rounds):
    os.mkdir(folder)
    chooser = random.Random(options.seed)
    path = os.path.join(folder, "platform.db")
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        daemon = harness.Daemon(options.ackd, folder, [truth.merchant("thirds", options.seed)] * 3,
                                extra=f"inbox: {{sqlite: {path}}}\n")
        mark_file = os.path.join(folder, "data", "inbox.mark")
        platform = subprocess.Popen(
            [sys.executable, "-B", __file__, "--platform", path, mark_file, journal_mode, str(options.seed)],
            stdin=subprocess.PIPE)
        try:
            daemon.start()
            for _ in range(rounds):
                threading.Event().wait(chooser.uniform(0.005, 0.5))
                daemon.kill()
                daemon.start()
            platform.communicate()
            assert platform.returncode == 0, "the platform failed"
            verdict = check_end(path, truth, daemon, crashes=rounds)
            assert verdict.figures["accepted"] > rounds, "too little load to mean anything"
            assert daemon.stop() == 0, "the drain did not end well:\n" + daemon.tail()
            print(f"{journal_mode}: {rounds} kills: {verdict}", flush=True)
        finally:
            platform.kill()
            daemon.end()


def delete_published(path, mark_file):
    """As boldly as a platform may: what the mark says is gone for good."""
    platform = harness.Platform(path)
    platform.connection.execute("DELETE FROM ackd_inbox WHERE id <= ?", (published(mark_file, platform.identity()),))
    platform.close()


def run_until_killed(daemon, call, number, path, mark_file):
    """Starts the daemon to be killed inside its `number`-th `call`, and commits a few orders; whether it was killed."""
    daemon.start_under(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                        f"inject={call}:signal=KILL:when={number}"])

    def over():
        if daemon.process.poll() is not None:
            return "killed"
        try:
            client = harness.Client(daemon.socket)
            inbox = client.call("GET", "/v1/inbox")[1]
            is_read = inbox["identity"] and inbox["behind"] == 0 and published(mark_file, inbox["identity"]) == inbox["mark"]
            return "alive" if is_read and harness.counts(client)["pending"] == 0 else None
        except (OSError, harness.http.client.HTTPException):
            return None

    # One after the other, so that each has slices and marks of its own.
    for orders in (["late-1"], ["late-2", "late-3"]):
        harness.wait_until(over, 60, f"{call} {number}: killed, or everything ended")
        connection = sqlite3.connect(path, isolation_level=None, timeout=20)
        commit_orders(connection, orders)
        connection.close()
    survived = harness.wait_until(over, 60, f"{call} {number}: killed, or everything ended") == "alive"
    if survived:
        daemon.kill()
    return not survived


def sweep_call(options, run, call, number):
    """One fresh run with a kill at the `number`-th call, judged; (whether there was one, how many rows)."""
    os.mkdir(run)
    path = os.path.join(run, "platform.db")
    platform = harness.Platform(path)
    platform.connection.execute(ORDERS)
    commit_orders(platform.connection, ["early-1", "early-2"])
    platform.close()
    with oracle.Oracle(os.path.join(run, "oracle")) as truth:
        daemon = harness.Daemon(options.ackd, run, [truth.merchant("once_failing")] * 3, delays="[20ms, 20ms, 20ms]",
                                extra=f"inbox: {{sqlite: {path}}}\n")
        try:
            mark_file = os.path.join(run, "data", "inbox.mark")
            killed = run_until_killed(daemon, call, number, path, mark_file)
            delete_published(path, mark_file)
            daemon.start()
            return killed, check_end(path, truth, daemon, crashes=1).figures["accepted"]
        finally:
            daemon.end()


def sweep_calls(options, folder, call, stride):
    """One fresh run for every `stride`-th N, until one gets through to its end."""
    total = kills = 0
    for number in range(1 + options.seed % stride, CALLS_MAX, stride):
        run = os.path.join(folder, f"{call}-{number}")
        killed, rows = sweep_call(options, run, call, number)
        shutil.rmtree(run)
        kills += killed
        total += rows
        if not killed:
            print(f"at {call} calls {stride} apart: {kills} kills, {total} rows, each admitted once, 0 lost", flush=True)
            return
    raise AssertionError(f"a short run takes more than {CALLS_MAX} {call}")


def test(options, folder):
    is_long = bool(os.environ.get("ACKD_LONG"))
    rounds = options.rounds or (100 if is_long else 8)
    for journal_mode in ("wal", "delete"):
        sweep_at_random(options, os.path.join(folder, journal_mode), journal_mode, rounds)
    if shutil.which("strace") is None:
        raise harness.Skipped("strace is not installed, so that only the random sweep was made")
    for call in SWEPT_LONG if is_long else SWEPT:
        sweep_calls(options, folder, call, 1 if is_long or call == "rename" else 3)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--platform"]:
        run_platform(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
    else:
        harness.run(test, __doc__)
