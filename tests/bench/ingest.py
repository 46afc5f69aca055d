#!/usr/bin/env python3
"""How fast ackd takes notifications durably, beside SQLite alone with the same rows and the batch sizes reached.

  ingest.py --ackd BINARY --client BINARY --reference BINARY [--rounds 5] [--seconds 4]

A row for each door and shape: medians over the rounds of notifications a second, the batch that the engine came to by
itself, and the ratio to a bare SQLite loop that commits as many rows at once, measured in the same round. Then the
latency of one durable post at a tenth of the highest single rate, beside one commit of SQLite alone. The machine is
named first: only the ratios mean anything elsewhere.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402  (shared with the fault tests)

SHAPES = [("single", 1, 1), ("single", 32, 1), ("single", 256, 1), ("array of 1000", 1, 1000), ("array of 1000", 4, 1000)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def output_of(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return json.loads(done.stdout)


def record(client):
    stats = client.call("GET", "/v1/stats")[1]
    return stats["admitted"], stats["engine"]["batches"]


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.port = free_port()
        self.socket = os.path.join(folder, "ackd.sock")
        listen = f'listen: ["{self.socket}", "127.0.0.1:{self.port}"]\n'
        self.daemon = harness.Daemon(options.ackd, folder, ["http://127.0.0.1:9/"] * 10)
        config = os.path.join(folder, "config.yaml")
        with open(config, encoding="utf-8") as file:
            text = file.read()
        with open(config, "w", encoding="utf-8") as file:
            file.write(text.replace(f"listen: {self.socket}\n", listen))
        self.daemon.start()
        self.client = harness.Client(self.socket)

    def doors(self):
        return [("unix", self.socket), ("tcp", f"127.0.0.1:{self.port}")]

    def measure(self, address, connections, items, rate=0):
        before = record(self.client)
        load = output_of(self.options.client, address, connections, items, self.options.seconds, rate)
        after = record(self.client)
        assert load["refused"] == 0, load
        load["batch"] = (after[0] - before[0]) / max(1, after[1] - before[1])
        return load

    def bare(self, rows_per_commit):
        with tempfile.TemporaryDirectory(prefix="ackd-bench-", dir=self.folder) as folder:
            rows = min(200_000, max(2_000, rows_per_commit * 400))
            return output_of(self.options.reference, folder, rows, rows_per_commit)

    def end(self):
        self.daemon.end()


def throughput(bench, rounds):
    best = 0
    print(f"{'door':5} {'shape':14} {'connections':>11} {'per second':>11} {'rows/commit':>11} {'bare SQLite':>11} {'ratio':>6}")
    for door, address in bench.doors():
        for shape, connections, items in SHAPES:
            rates, ratios, batches, bares = [], [], [], []
            for _ in range(rounds):
                load = bench.measure(address, connections, items)
                bare = bench.bare(max(1, round(load["batch"])))
                rates.append(load["notifications_per_second"])
                batches.append(load["batch"])
                bares.append(bare["rows_per_second"])
                ratios.append(rates[-1] / bares[-1])
            median = statistics.median
            print(f"{door:5} {shape:14} {connections:11} {median(rates):11,.0f} {median(batches):11.1f} "
                  f"{median(bares):11,.0f} {median(ratios):6.2f}", flush=True)
            if items == 1:
                best = max(best, median(rates))
    return best


def latency(bench, rounds, rate):
    posts = [bench.measure(bench.socket, 64, 1, rate) for _ in range(rounds)]
    commits = [bench.bare(1) for _ in range(rounds)]
    for name, rows in (("one durable post", posts), ("one SQLite commit", commits)):
        print(f"{name} at {rate:,.0f}/s: " if rows is posts else f"{name} alone: ", end="")
        print(", ".join(f"{at} {statistics.median(row[at + '_us'] for row in rows) / 1000:.2f} ms" for at in ("p50", "p99")))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ackd", required=True)
    parser.add_argument("--client", required=True, help="the ackd_bench_ingest_client program")
    parser.add_argument("--reference", required=True, help="the ackd_bench_ingest_reference program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="ackd-bench-") as folder:
        bench = Bench(options, folder)
        try:
            best = throughput(bench, options.rounds)
            latency(bench, options.rounds, best / 10)
        finally:
            bench.end()


if __name__ == "__main__":
    main()
