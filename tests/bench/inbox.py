"""A row about the platform's inbox: how fast rows go through it, and how soon one is admitted."""

import json
import os
import sqlite3
import statistics
import tempfile
import time

import harness
import parts
from frame import row

MERCHANTS = 8
BATCH = 250


def texts(count):
    said = parts.template(time.time() + parts.WEEK_S)
    said["fields"]["transaction_id"] = "T1"
    text = json.dumps(said)
    for number in range(count):
        yield text.replace("@n", f"{time.time_ns()}-{number}").replace("@m", str(number % MERCHANTS))


def bare_rate(folder, said):
    """The same texts, so many to a commit, into a bare SQLite database in the same folder."""
    connection = sqlite3.connect(os.path.join(folder, "bare.db"), isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(id INTEGER PRIMARY KEY, n TEXT)")
    begun = time.monotonic()
    for first in range(0, len(said), BATCH):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO t(n) VALUES(?)", ((text,) for text in said[first:first + BATCH]))
        connection.execute("COMMIT")
    return len(said) / (time.monotonic() - begun)


def wait_for_mark(client, mark):
    harness.wait_until(lambda: client.call("GET", "/v1/inbox")[1]["mark"] >= mark, 600, "all is read")


def one_after_the_other(client, platform, count):
    """Milliseconds from each commit of the platform's until the mark."""
    took = []
    for text in texts(count):
        mark = platform.say(text)
        begun = time.monotonic()
        while client.call("GET", "/v1/inbox")[1]["mark"] < mark:
            pass
        took.append((time.monotonic() - begun) * 1000)
    return sorted(took)


@row("inbox", "rows through the platform's inbox, against bare SQLite with the same texts", quick=False)
def inbox(bench):
    for _ in bench.rounds():
        with tempfile.TemporaryDirectory(prefix="ackd-bench-") as folder:
            platform = harness.Platform(os.path.join(folder, "platform.db"))
            said = list(texts(bench.size(100_000, 10_000)))
            platform.connection.execute("BEGIN")
            platform.connection.executemany("INSERT INTO ackd_inbox(notification) VALUES(?)", ((text,) for text in said))
            platform.connection.execute("COMMIT")
            bare = bare_rate(folder, said)
            begun = time.monotonic()
            with parts.Ackd(bench, ["http://127.0.0.1:9/"] * MERCHANTS, extra=platform.configuration()) as daemon:
                wait_for_mark(daemon.client, len(said))
                through = len(said) / (time.monotonic() - begun)
                took = one_after_the_other(daemon.client, platform, bench.size(500, 100))
                yield {"rate to bare": through / bare, "rows a second": through, "bare rows a second": bare,
                       "one row's p50 ms": statistics.median(took), "one row's p99 ms": took[len(took) * 99 // 100],
                       "MiB": daemon.rss_kib() / 1024}
            platform.close()
