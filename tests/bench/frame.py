"""What every row of the benchmark needs: merchants that cost nothing, the bare loop, a daemon with a backlog, medians.

A row is a function of Tools that gives one Figure or more. A figure is a ratio to something measured in the same round, so
that it means something on another machine too; what was measured on the way is kept beside it.
"""

import contextlib
import dataclasses
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402  (shared with the fault tests)

CHUNK = 1000
ATTACHED = "a" * 330  # makes a signed form of about 600 bytes, its headers included


@dataclasses.dataclass
class Figure:
    """`goal` is what the ratio should be at least, or at most where `at_most`."""

    name: str
    ratios: list
    goal: float
    at_most: bool = False
    detail: str = ""

    @property
    def ratio(self):
        return statistics.median(self.ratios)

    @property
    def reached(self):
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}, load {os.getloadavg()[0]:.1f}"


def versions(ackd):
    told = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[0]
            for command in ([ackd, "--version"], ["curl-config", "--version"], ["openssl", "version"])]
    return "; ".join(told)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def at(moment):
    """In RFC 3339, to the millisecond."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment % 1 * 1000):03d}Z"


class Sink:
    """ackd_bench_merchant_sink; `hosts` addresses of which the first `silent` never answer."""

    def __init__(self, program, hosts=0, silent=0, arrivals=None):
        command = [program, "OK", str(hosts), str(silent)] + ([arrivals] if arrivals else [])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.hosts = hosts
        self.told = {}

    def url(self, number=0):
        host = (1 << 16) + 1 + number % self.hosts if self.hosts else 1
        return f"http://127.{host >> 16}.{host >> 8 & 255}.{host & 255}:{self.port}/notify"

    def end(self):
        if self.process.poll() is None:
            self.told = json.loads(self.process.communicate("")[0] or "{}")


@dataclasses.dataclass
class Tools:
    """The programs, and how much is done."""

    build: str
    rounds: int
    quick: bool

    def program(self, name):
        return os.path.join(self.build, "tests", "bench", name)

    @property
    def ackd(self):
        return os.path.join(self.build, "daemon", "ackd", "ackd")

    @contextlib.contextmanager
    def sink(self, **how):
        sink = Sink(self.program("ackd_bench_merchant_sink"), **how)
        try:
            yield sink
        finally:
            sink.end()

    @contextlib.contextmanager
    def daemon(self, urls, extra="", delays="[10s, 10s, 10s]"):
        """Started, with merchants m0, m1 ... at these URLs."""
        with tempfile.TemporaryDirectory(prefix="ackd-bench-") as folder:
            daemon = harness.Daemon(self.ackd, folder, urls, delays=delays, extra=extra)
            try:
                yield daemon.start(60)
            finally:
                daemon.end()

    def bare_loop(self, sink, count, in_flight, body_bytes):
        command = [self.program("ackd_bench_bare_loop"), sink.port, sink.hosts, count, in_flight, body_bytes]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)


def item(order, merchant, not_before=None):
    made = harness.notification(order, f"m{merchant}")
    made["fields"] = {**made["fields"], "attach": ATTACHED}
    return made if not_before is None else {**made, "not_before": not_before}


def enqueue(client, items):
    """In arrays of a thousand, each durable before the next; notifications a second."""
    started, chunk, count = time.monotonic(), [], 0
    for each in items:
        chunk.append(each)
        if len(chunk) == CHUNK:
            count += post(client, chunk)
            chunk = []
            if sys.stderr.isatty():
                print(f"\r{count} accepted", end="", file=sys.stderr)
    count += post(client, chunk) if chunk else 0
    return count / (time.monotonic() - started)


def post(client, items):
    status, answer = client.call("POST", "/v1/notifications", items)
    assert status == 200 and all(result["status"] == 201 for result in answer["results"]), answer
    return len(items)
