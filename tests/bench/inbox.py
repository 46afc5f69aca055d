#!/usr/bin/env python3
"""How fast rows go through the platform's inbox, and how soon one is admitted.

  inbox.py --ackd BINARY [--rows 200000] [--single 1000]

backlog: rows that were committed before the daemon starts, until the mark is behind the last one, as notifications a
second; its reference is a bare SQLite loop that commits the same texts, 250 to a transaction, with synchronous=FULL in
the same folder. single: one row after the other, from the platform's commit until the mark; p50, p99 and worst.
"""

import argparse
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402  (shared with the fault tests)

BATCH = 250


def texts(first, count):
    # Not due for a day, so that nothing is sent meanwhile.
    due = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400))
    for number in range(first, first + count):
        yield json.dumps({**harness.notification(f"order-{number}", f"m{number % 8}"), "not_before": due})


def bare_loop(folder, rows):
    connection = sqlite3.connect(os.path.join(folder, "bare.db"), isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(id INTEGER PRIMARY KEY, n TEXT)")
    said = [(text,) for text in texts(0, rows)]
    begin = time.monotonic()
    for first in range(0, rows, BATCH):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO t(n) VALUES(?)", said[first:first + BATCH])
        connection.execute("COMMIT")
    return rows / (time.monotonic() - begin)


def wait_for_mark(client, mark):
    while client.call("GET", "/v1/inbox")[1]["mark"] < mark:
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ackd", required=True)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--single", type=int, default=1_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ackd-bench-") as folder:
        platform = harness.Platform(os.path.join(folder, "platform.db"))
        platform.connection.execute("BEGIN")
        platform.connection.executemany("INSERT INTO ackd_inbox(notification) VALUES(?)",
                                        ((text,) for text in texts(0, options.rows)))
        platform.connection.execute("COMMIT")
        bare = bare_loop(folder, options.rows)
        daemon = harness.Daemon(options.ackd, folder, ["http://127.0.0.1:1/"] * 8, extra=platform.configuration())
        try:
            begin = time.monotonic()
            daemon.start()
            client = harness.Client(daemon.socket)
            harness.wait_until(lambda: client.call("GET", "/v1/inbox")[1]["mark"] == options.rows, 3_600, "all is read")
            through = options.rows / (time.monotonic() - begin)
            print(f"machine: {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
            print(f"backlog: {through:.0f} rows/s; bare SQLite loop {bare:.0f} rows/s; ratio {through / bare:.2f}; "
                  f"{daemon.rss_kib() // 1024} MiB")
            took = []
            for text in texts(options.rows, options.single):
                row = platform.say(text)
                begin = time.monotonic()
                wait_for_mark(client, row)
                took.append((time.monotonic() - begin) * 1000)
            took.sort()
            print(f"single: {options.single} rows, p50 {statistics.median(took):.1f} ms, "
                  f"p99 {took[len(took) * 99 // 100]:.1f} ms, worst {took[-1]:.1f} ms")
        finally:
            daemon.end()
            platform.close()


if __name__ == "__main__":
    main()
