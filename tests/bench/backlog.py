#!/usr/bin/env python3
"""Figures of the real daemon: starting with a large backlog, and steering it. How fast one goes out is in drains.py.

  backlog.py restart --ackd BINARY --sink BINARY [--rows 1000000]
  backlog.py steer   --ackd BINARY --ackctl BINARY [--rows 1000000]

restart: rows that are not due yet, and ten that are; time to ready and to the first delivery, memory.
steer: rows that are not due yet; one page of a list with each filter, and the whole list; a count, a hold, a release and
a cancel of all of them by job, with one durable post a time meanwhile; memory of the daemon and of ackctl.
The machine is named first: only ratios of one run mean anything elsewhere.
"""

import argparse
import os
import subprocess
import tempfile
import time

import frame
import harness


def at(seconds):
    return frame.at(time.time() + seconds)


def items(first, count, merchants, not_before, decorate=lambda number: {}):
    for number in range(first, first + count):
        item = {**harness.notification(f"order-{number}", f"m{number % merchants}"), "not_before": not_before}
        yield {**item, **decorate(number)}


def restart(options, folder, sink):
    daemon = harness.Daemon(options.ackd, folder, [sink.url()] * options.merchants)
    try:
        daemon.start()
        client = harness.Client(daemon.socket)
        empty = daemon.rss_kib()
        frame.enqueue(client, items(0, options.rows, options.merchants, at(7 * 86400)))
        frame.enqueue(client, items(options.rows, 10, options.merchants, at(30)))
        daemon.kill()
        time.sleep(31)
        started = time.monotonic()
        daemon.start(120)
        ready = time.monotonic() - started
        client = harness.Client(daemon.socket)
        harness.wait_until(lambda: harness.counts(client)["delivered"] > 0, 60, "the first delivery")
        first = time.monotonic() - started
        print(f"{options.rows:,} pending: ready after {ready:.2f} s, first delivery settled after {first:.2f} s; "
              f"memory {daemon.rss_kib() // 1024} MiB, {empty // 1024} MiB when it was empty")
    finally:
        daemon.end()


class Timer:
    def __enter__(self):
        self.started = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.started


def walk(client, query):
    """The whole list, page by page: rows, calls, seconds, and the longest call."""
    rows = calls = 0
    longest, cursor = 0.0, ""
    with Timer() as total:
        while cursor is not None:
            with Timer() as one:
                status, page = client.call("GET", f"/v1/notifications?limit=1000{query}{cursor}")
            assert status == 200, page
            rows += len(page["notifications"])
            calls += 1
            longest = max(longest, one.seconds)
            cursor = None if page["next_cursor"] is None else "&cursor=" + page["next_cursor"]
    return rows, calls, total.seconds, longest


def run_job(daemon, client, wanted):
    """Runs a job to its end, with a durable post at a time beside it: seconds, counts, the posts' median and p99."""
    posts = []
    number = int(time.time() * 1000)
    with Timer() as total:
        status, job = client.call("POST", "/v1/jobs", wanted)
        assert status == 201, job
        while job["state"] == "running":
            number += 1
            item = {**harness.notification(f"beside-{number}", "m0"), "not_before": at(7 * 86400)}
            with Timer() as post:
                status, answer = client.call("POST", "/v1/notifications", item)
            assert status == 201, answer
            posts.append(post.seconds)
            status, job = client.call("GET", f"/v1/jobs/{job['id']}")
    posts.sort()
    return total.seconds, job, posts[len(posts) // 2], posts[len(posts) * 99 // 100]


def lists(client, options, since, half):
    """One page of 50 and the whole list, for each filter."""
    filters = {
        "no filter": "",
        "state=pending": "&state=pending",
        "state=pending, one merchant": "&state=pending&provider=payindex&merchant=m1",
        "one merchant": "&merchant=m1",
        "state=held (none)": "&state=held",
        "one order": "&subject=order-77",
        "one key": "&provider=payindex&merchant=m77&key=key-77",
        "type=payment (all)": "&type=payment",
        "host, 1 in 100": "&host=localhost",
        "tag, 1 in 1,000": "&tag=rare=yes",
        "the older half (until)": f"&until={half}",
        "the newer half (since)": f"&since={half}",
        "before the first (until)": f"&until={since}",
    }
    for name, query in filters.items():
        with Timer() as page:
            status, answer = client.call("GET", f"/v1/notifications?limit=50{query}")
        assert status == 200, answer
        rows, calls, seconds, longest = walk(client, query)
        print(f"  {name:30} first page {page.seconds * 1000:7.1f} ms ({len(answer['notifications'])} rows); all "
              f"{rows:9,} rows in {calls:5} calls, {seconds:6.2f} s, longest {longest * 1000:6.1f} ms", flush=True)


def ackctl_memory(options, daemon):
    with open(os.devnull, "w", encoding="ascii") as nowhere, Timer() as total:
        process = subprocess.Popen([options.ackctl, "ls", "--all", "--json", "--socket", daemon.socket], stdout=nowhere)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return total.seconds, usage.ru_maxrss // 1024


def steer(options, folder, _):
    merchants = 1_000
    # Nothing becomes due, so nobody listens.
    daemon = harness.Daemon(options.ackd, folder, ["http://127.0.0.1:9/notify"] * merchants)
    try:
        daemon.start()
        client = harness.Client(daemon.socket)
        since = at(-1)

        def decorate(number):
            more = {"key": f"key-{number}", "type": "payment"}
            if number % 100 == 0:
                more["url"] = "http://localhost:9/notify"
            if number % 1_000 == 0:
                more["tags"] = {"rare": "yes"}
            return more

        frame.enqueue(client, items(0, options.rows // 2, merchants, at(7 * 86400), decorate))
        half = at(0)
        harness.wait_until(lambda: at(0) != half, 5, "the clock has moved on")
        frame.enqueue(client, items(options.rows // 2, options.rows - options.rows // 2, merchants, at(7 * 86400), decorate))
        print(f"{options.rows:,} pending of {merchants} merchants, daemon {daemon.rss_kib() // 1024} MiB", flush=True)
        lists(client, options, since, half)
        seconds, memory = ackctl_memory(options, daemon)
        print(f"  ackctl ls --all --json: {seconds:.1f} s, {memory} MiB; daemon {daemon.rss_kib() // 1024} MiB")
        mine = {"until": at(0)}
        harness.wait_until(lambda: at(-1) > mine["until"], 5, "what comes later is told apart")
        for verb, more in (("cancel", {"dry_run": True}), ("hold", {}), ("release", {}), ("cancel", {})):
            before = daemon.rss_kib() // 1024
            cpu = frame.cpu_seconds(daemon.process.pid)
            seconds, job, median, p99 = run_job(daemon, client, {"verb": verb, "filter": mine, **more})
            cpu = frame.cpu_seconds(daemon.process.pid) - cpu
            assert job["matched"] == options.rows and job["applied"] == (0 if more else options.rows), job
            print(f"  {verb + (' (dry run)' if more else ''):18} {seconds:6.1f} s, {options.rows / seconds:9,.0f}/s, "
                  f"{cpu:.1f} s of CPU; daemon {before} -> {daemon.rss_kib() // 1024} MiB; a durable post meanwhile "
                  f"{median * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms", flush=True)
    finally:
        daemon.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["restart", "steer"])
    parser.add_argument("--ackd", required=True)
    parser.add_argument("--sink", help="the merchant_sink program, for restart")
    parser.add_argument("--ackctl", help="for steer")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--merchants", type=int, default=10)
    options = parser.parse_args()
    if options.what == "steer" and not options.ackctl:
        parser.error("steer needs --ackctl")
    if options.what != "steer" and not options.sink:
        parser.error(f"{options.what} needs --sink")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    sink = frame.Sink(options.sink) if options.sink else None
    try:
        with tempfile.TemporaryDirectory(prefix="ackd-bench-") as folder:
            {"restart": restart, "steer": steer}[options.what](options, folder, sink)
    finally:
        if sink:
            sink.end()


if __name__ == "__main__":
    main()
