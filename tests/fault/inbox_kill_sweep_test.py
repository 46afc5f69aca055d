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

import harness
import kill_sweep_test

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


def ledger_of(path, client):
    """Every order with its one notification, by the record's own list."""
    ledger = harness.Ledger()
    connection = sqlite3.connect(path, timeout=20)
    orders = {number for (number,) in connection.execute("SELECT number FROM orders")}
    connection.close()
    cursor = ""
    while cursor is not None:
        status, page = client.call("GET", f"/v1/notifications?limit=500{cursor and '&cursor=' + cursor}")
        assert status == 200, page
        for row in page["notifications"]:
            assert row["subject"] in orders, f"{row['subject']} was never committed by the platform"
            assert row["subject"] not in ledger.accepted, f"{row['subject']} was admitted twice"
            ledger.accept(row["subject"], row["id"])
        cursor = page["next_cursor"]
    lost = orders - set(ledger.accepted)
    assert not lost, f"{len(lost)} orders were lost: {sorted(lost)[:10]}"
    return ledger


def check_end(path, merchant, client):
    """Everything is read, admitted once, delivered, and each second send explained."""
    platform = harness.Platform(path)
    newest = platform.connection.execute("SELECT seq FROM sqlite_sequence WHERE name='ackd_inbox'").fetchone()[0]
    identity = platform.identity()
    platform.close()
    inbox = harness.wait_until(
        lambda: (state := client.call("GET", "/v1/inbox")[1])["mark"] == newest and state, 120, "all rows are read")
    assert inbox["errors"] == 0 and inbox["behind"] == 0 and inbox["identity"] == identity, inbox
    harness.wait_until_ended(client, 300)
    ledger = ledger_of(path, client)
    delivered, exhausted, possibly, second, unanswered = kill_sweep_test.compare(ledger, merchant, client)
    assert unanswered == 0, f"{unanswered} orders arrived that are not on record"
    assert delivered + exhausted == len(ledger.accepted)
    return len(ledger.accepted), possibly, second


def sweep_at_random(options, folder, journal_mode, rounds):
    os.mkdir(folder)
    chooser = random.Random(options.seed)
    merchant = harness.Merchant(kill_sweep_test.policy_of(options.seed))
    path = os.path.join(folder, "platform.db")
    daemon = harness.Daemon(options.ackd, folder, [merchant.url] * 3, extra=f"inbox: {{sqlite: {path}}}\n")
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
        client = harness.Client(daemon.socket)
        count, possibly, second = check_end(path, merchant, client)
        assert count > rounds, "too little load to mean anything"
        assert daemon.stop() == 0, "the drain did not end well:\n" + daemon.tail()
        print(f"{journal_mode}: {rounds} kills, {count} rows, each admitted once, 0 lost; {possibly} possibly sent, "
              f"{second} sent again after an acknowledgement, each explained by one", flush=True)
    finally:
        platform.kill()
        daemon.end()
        merchant.close()


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


def sweep_calls(options, folder, call, stride):
    """One fresh run for every `stride`-th N, until one gets through to its end."""
    total = kills = 0
    for number in range(1 + options.seed % stride, CALLS_MAX, stride):
        run = os.path.join(folder, f"{call}-{number}")
        os.mkdir(run)
        merchant = harness.Merchant(lambda order, seen: (200, "OK") if seen > 1 else (500, ""))
        path = os.path.join(run, "platform.db")
        platform = harness.Platform(path)
        platform.connection.execute(ORDERS)
        commit_orders(platform.connection, ["early-1", "early-2"])
        platform.close()
        daemon = harness.Daemon(options.ackd, run, [merchant.url] * 3, delays="[20ms, 20ms, 20ms]",
                                extra=f"inbox: {{sqlite: {path}}}\n")
        try:
            mark_file = os.path.join(run, "data", "inbox.mark")
            killed = run_until_killed(daemon, call, number, path, mark_file)
            kills += killed
            delete_published(path, mark_file)
            daemon.start()
            total += check_end(path, merchant, harness.Client(daemon.socket))[0]
        finally:
            daemon.end()
            merchant.close()
        shutil.rmtree(run)
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
