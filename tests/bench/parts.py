"""The programs that a measurement is made of: the daemon, merchants, a platform, and the references."""

import dataclasses
import ipaddress
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time

import frame

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402  (shared with the fault tests)

# Of the form that one notification becomes, with its signature.
BODY_BYTES = 600
WEEK_S = 7 * 86_400


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rfc3339(at_s):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at_s)) + f".{int(at_s * 1000) % 1000:03}Z"


def address(number):
    """The number-th receiver's: 127.0.0.1 and those after it."""
    return str(ipaddress.ip_address("127.0.0.1") + number)


def template(due=None, **more):
    """A notification as the platform's program fills it in: for merchant @m, due now or at a time in seconds of 1970.

    The order carries the microsecond at which it is due, by which the merchant sees how late it comes.
    """
    due_us = "@d" if due is None else int(due * 1e6)
    said = harness.notification(f"due-{due_us}-@n", "m@m")
    said["fields"]["transaction_id"] = "T" * (BODY_BYTES - 230)
    if due is not None:
        said["not_before"] = rfc3339(due)
    return {**said, **more}


class Sink:
    """Merchants that acknowledge everything, at so many addresses."""

    def __init__(self, binary, *arguments):
        self.process = subprocess.Popen([binary, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def url(self, number=0, path="/notify"):
        return f"http://{address(number)}:{self.port}{path}"

    def heard(self):
        """What came since the last call."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


class Ackd(harness.Daemon):
    """The daemon in a folder that goes with it."""

    def __init__(self, bench, merchants, delivery=None, **more):
        self.place = tempfile.TemporaryDirectory(prefix="ackd-bench-")
        extra = more.pop("extra", "")
        if delivery is not None:
            extra += f"delivery: {json.dumps(delivery)}\n"
        super().__init__(bench.program("ackd"), self.place.name, merchants, extra=extra, **more)
        self.bench = bench

    @property
    def client(self):
        return harness.Client(self.socket)

    def __enter__(self):
        self.start(120)
        return self

    def __exit__(self, *_):
        self.end()
        self.place.cleanup()

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def stats(self):
        return self.client.call("GET", "/v1/stats")[1]

    def ended(self):
        counts = self.stats()["counts"]
        return counts["delivered"] + counts["exhausted"]

    def post(self, said, *arguments, address=None, seconds=300):
        """Runs the platform's program to its end: what it says of itself. Everything must be admitted."""
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            json.dump(said, file)
            file.flush()
            before = self.stats()["admitted"]
            load = json.loads(frame.output_of(self.bench.program("ackd_bench_ingest_client"), address or self.socket,
                                              "--template", file.name, *arguments, seconds=seconds))
            load["admitted"] = self.stats()["admitted"] - before
            return load

    def fill(self, rows, said, *arguments):
        """Posts so many as fast as they are taken. A disk that others use may stall the daemon, and is waited for."""
        load = self.post(said, "--notifications", rows, "--items", 1000, "--connections", 4, "--patient", *arguments,
                         seconds=300 + rows / frame.SLOWEST_FILLING)
        assert load["admitted"] == rows, load
        return load


@dataclasses.dataclass
class Drained:
    per_second: float
    cpu_us: float  # of the daemon, for each
    heard: dict  # by the merchants


def drain(daemon, sink, rows, said, *arguments):
    """Fills the outbox with rows that become due together, and measures from then until the last one is settled.

    `said(due)` gives the template. How long filling takes depends on who else uses the machine, so a tenth that is not
    due for a week is posted first.
    """
    tried = max(1000, rows // 10)
    slowness = 1.5
    while True:
        rate = daemon.fill(tried, said(time.time() + WEEK_S), *arguments)["notifications_per_second"]
        lead = 1 + slowness * rows / rate
        due = time.time() + lead
        before = daemon.ended()
        daemon.fill(rows, said(due), *arguments)
        if time.time() < due - 0.2:
            break
        harness.wait_until(lambda: daemon.ended() - before >= rows, 600, "the backlog is drained")
        slowness *= 2
    harness.wait_until(lambda: time.time() >= due - 0.05, lead + 5, "it is time")
    sink.heard()
    cpu = daemon.cpu()
    harness.wait_until(lambda: daemon.ended() - before >= rows, 600, "the backlog is drained")
    took = time.time() - due
    return Drained(rows / took, (daemon.cpu() - cpu) / rows * 1e6, sink.heard())


class Bench:
    """What the rows need: programs, sizes, rounds."""

    def __init__(self, build, quick, rounds, backlog):
        self.build = build
        self.quick = quick
        self.round_count = rounds
        self.backlog = backlog  # pending rows of the rows about a large outbox

    def program(self, name):
        folder = {"ackd": "daemon/ackd", "ackctl": "daemon/ackctl"}.get(name, "tests/bench")
        return os.path.join(self.build, folder, name)

    def rounds(self):
        return range(self.round_count)

    def size(self, whole, quick):
        return quick if self.quick else whole

    def sink(self, *arguments):
        return Sink(self.program("ackd_bench_merchant_sink"), *arguments)

    def bare_loop(self, sink, request, requests, in_flight, addresses=1):
        """The same request from a bare libcurl loop, to the same merchants."""
        with tempfile.NamedTemporaryFile("wb", suffix=".http") as file:
            file.write(request)
            file.flush()
            sink.heard()
            said = json.loads(frame.output_of(
                self.program("ackd_bench_bare_loop"), "--request", file.name, "--port", sink.port, "--requests", requests,
                "--in-flight", in_flight, "--addresses", addresses))
            assert said["failed"] == 0 and sink.heard()["answered"] == requests, said
            return said

    def bare_sqlite(self, rows, rows_per_commit, content_bytes):
        """The same rows from a bare SQLite loop."""
        with tempfile.TemporaryDirectory(prefix="ackd-bench-") as folder:
            return json.loads(frame.output_of(
                self.program("ackd_bench_ingest_reference"), folder, rows, rows_per_commit, content_bytes))

    def versions(self):
        used = dict(each.split("/", 1) for each in frame.output_of(self.program("ackd_bench_bare_loop"), "--version").split()
                    if "/" in each)
        return {"ackd": frame.output_of(self.program("ackd"), "--version").split()[-1],
                **{name: used[name] for name in ("libcurl", "libuv", "OpenSSL")}, "SQLite": sqlite3.sqlite_version}
