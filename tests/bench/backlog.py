#!/usr/bin/env python3
"""Two figures of the real daemon: draining a durable backlog, and starting with a large one.

  backlog.py drain   --ackd BINARY --sink BINARY [--rows 200000]
  backlog.py restart --ackd BINARY --sink BINARY [--rows 1000000]

drain: rows become due together; from the first to the last one settled, notifications per second and the daemon's CPU
per delivery. restart: rows that are not due yet, and ten that are; time to ready and to the first delivery, memory.
The machine is named first: only ratios of one run mean anything elsewhere.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402  (shared with the fault tests)

CHUNK = 1000


class Sink:
    def __init__(self, binary):
        self.process = subprocess.Popen([binary, "OK"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/notify"

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def at(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def enqueue(client, first, count, merchants, not_before):
    started = time.monotonic()
    for chunk in range(first, first + count, CHUNK):
        items = []
        for number in range(chunk, min(chunk + CHUNK, first + count)):
            item = harness.notification(f"order-{number}", f"m{number % merchants}")
            if not_before:
                item["not_before"] = not_before
            items.append(item)
        status, answer = client.call("POST", "/v1/notifications", items)
        assert status == 200 and all(result["status"] == 201 for result in answer["results"]), answer
        if sys.stderr.isatty():
            print(f"\r{chunk + CHUNK - first} of {count} accepted", end="", file=sys.stderr)
    return count / (time.monotonic() - started)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def drain(options, folder, sink):
    daemon = harness.Daemon(options.ackd, folder, [sink.url] * options.merchants).start()
    try:
        client = harness.Client(daemon.socket)
        lead = 10 + options.rows / 15000
        due = time.time() + lead
        rate = enqueue(client, 0, options.rows, options.merchants, at(lead))
        assert time.time() < due, "the backlog was not complete when it became due; give --lead"
        time.sleep(max(0.0, due - time.time()))
        cpu, started = cpu_seconds(daemon.process.pid), time.monotonic()
        harness.wait_until(lambda: harness.counts(client)["pending"] == 0, 600, "the backlog is drained")
        took = time.monotonic() - started
        cpu = cpu_seconds(daemon.process.pid) - cpu
        print(f"ingest {rate:,.0f}/s in arrays of {CHUNK} (client included); drained {options.rows:,} over "
              f"{options.merchants} merchants on one host in {took:.1f} s: {options.rows / took:,.0f}/s, "
              f"{cpu / options.rows * 1e6:.1f} us of CPU each, {daemon.rss_kib() // 1024} MiB")
    finally:
        daemon.end()


def restart(options, folder, sink):
    daemon = harness.Daemon(options.ackd, folder, [sink.url] * options.merchants)
    try:
        daemon.start()
        client = harness.Client(daemon.socket)
        empty = daemon.rss_kib()
        enqueue(client, 0, options.rows, options.merchants, at(7 * 86400))
        enqueue(client, options.rows, 10, options.merchants, at(30))
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["drain", "restart"])
    parser.add_argument("--ackd", required=True)
    parser.add_argument("--sink", required=True, help="the merchant_sink program")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--merchants", type=int, default=10)
    options = parser.parse_args()
    options.rows = options.rows or (200_000 if options.what == "drain" else 1_000_000)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    sink = Sink(options.sink)
    try:
        with tempfile.TemporaryDirectory(prefix="ackd-bench-") as folder:
            {"drain": drain, "restart": restart}[options.what](options, folder, sink)
    finally:
        sink.end()


if __name__ == "__main__":
    main()
