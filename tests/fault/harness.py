"""What the fault tests share: the real daemon in a directory of its own, a client, and a merchant.

oracle.py knows what was accepted and what arrived where a run has to be judged as a whole.
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import socketserver
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.parse

SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))

PAYINDEX_FIELDS = {
    "memberid": "10002",
    "amount": "100.00",
    "true_amount": "99.98",
    "transaction_id": "T1",
    "datetime": "20260301120000",
    "returncode": "00",
}


# What the daemon may reach in tests whose merchants listen on loopback.
LOOPBACK = 'allow: ["127.0.0.0/8"], ports: ["1-65535"]'


class Skipped(Exception):
    """The machine lacks the means; the reason is printed and counted."""


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        threading.Event().wait(0.01)
    raise AssertionError(f"not within {seconds} s: {what}")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=20):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Client:
    """One connection to the daemon; made anew after every failure."""

    def __init__(self, path):
        self.path = path
        self.connection = None

    def call(self, method, target, document=None):
        """Returns (status, document); raises OSError or HTTPException when the daemon is not there."""
        if self.connection is None:
            self.connection = UnixConnection(self.path)
        try:
            body = None if document is None else json.dumps(document)
            self.connection.request(method, target, body, {"Content-Type": "application/json"})
            answer = self.connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except (OSError, http.client.HTTPException, ValueError):
            self.connection.close()
            self.connection = None
            raise


class Merchant:
    """An HTTP server on loopback that remembers every request before it answers.

    `policy(order, times_seen)` gives the answer: (status, body), or None to close without one.
    """

    def __init__(self, policy):
        self.policy = policy
        self.lock = threading.Lock()
        self.requests = {}  # order -> list of (monotonic time, raw body)
        self.acknowledged = {}  # order -> how often an acknowledgement was sent
        merchant = self

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self):
                merchant.serve(self.rfile, self.wfile)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 1024

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/notify"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def serve(self, reader, writer):
        try:
            while (body := self.read_body(reader)) is not None:
                answer = self.meet(urllib.parse.parse_qs(body.decode())["orderid"][0], body)
                if answer is None:
                    return
                self.reply(writer, *answer)
        except (OSError, ValueError):
            return

    @staticmethod
    def read_body(reader):
        """The next request's; None when there is none."""
        if not reader.readline():
            return None
        length = 0
        while (header := reader.readline()) not in (b"\r\n", b""):
            if header.lower().startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        return reader.read(length)

    def meet(self, order, body):
        with self.lock:
            seen = self.requests.setdefault(order, [])
            seen.append((time.monotonic(), body))
            answer = self.policy(order, len(seen))
            if answer == (200, "OK"):
                self.acknowledged[order] = self.acknowledged.get(order, 0) + 1
            return answer

    @staticmethod
    def reply(writer, status, text):
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
        writer.flush()

    def arrivals(self):
        """When its requests came, in order."""
        with self.lock:
            return sorted(at for times in self.requests.values() for at, _ in times)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Process:
    """ackd in a folder of its own, where profiles in `schedules` win over the shipped ones."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder
        self.socket = os.path.join(folder, "ackd.sock")
        self.log = os.path.join(folder, "ackd.log")
        self.process = None
        self.starts = 0
        self.traced = False
        os.makedirs(os.path.join(folder, "schedules"), exist_ok=True)

    def configure(self, rest, tcp_port=None, egress=LOOPBACK):
        """Writes the configuration; `rest` has the merchants and what else is not as every test wants it."""
        listen = self.socket if tcp_port is None else f'[{self.socket}, "127.0.0.1:{tcp_port}"]'
        with open(os.path.join(self.folder, "config.yaml"), "w", encoding="utf-8") as config:
            config.write(
                f"data_dir: {self.folder}/data\nlisten: {listen}\n"
                f"schedules: {{folder: {SOURCE}/schedules, overrides: {self.folder}/schedules}}\n"
                f"egress: {{{egress}}}\nlog: {{level: warning}}\n{rest}"
            )

    def start(self, ready_seconds=30, environment=None, may_die=False, expected="/readyz"):
        """Starts and waits for a 200 of `expected`: /healthz where it is to live and not to be ready."""
        self.starts += 1
        self.traced = False
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "--config", os.path.join(self.folder, "config.yaml")],
                stderr=log,
                stdout=log,
                env={**os.environ, **(environment or {})},
            )
        wait_until(lambda: self.answers(expected) or self.process.poll() is not None, ready_seconds, "the daemon is ready")
        assert may_die or self.process.poll() is None, "the daemon did not start:\n" + self.tail()
        return self

    def start_under(self, tracer):
        """Starts below a tracer, which may end the daemon at any moment, also before it is ready."""
        # The leak checker is a tracer itself, and there can be only one.
        leaks = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "detect_leaks=0"]))
        self.traced = True
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                tracer + [self.binary, "--config", os.path.join(self.folder, "config.yaml")], stderr=log, stdout=log,
                env={**os.environ, "ASAN_OPTIONS": leaks})

    def daemon_pid(self):
        if not self.traced:
            return self.process.pid
        # Its tracer ends with it, and not the other way round.
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as children:
            return int(children.read().split()[0])

    def answers(self, target):
        try:
            return Client(self.socket).call("GET", target)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def is_ready(self):
        return self.answers("/readyz")

    def kill(self):
        os.kill(self.daemon_pid(), signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=40):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-4000:]

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


@contextlib.contextmanager
def attached(tracer, pid):
    """strace, as start_under() takes it, on a process that lives already, until the block ends."""
    if shutil.which(tracer[0]) is None:
        raise Skipped(f"no {tracer[0]} on this machine")
    process = subprocess.Popen([*tracer, "-p", str(pid)], stderr=subprocess.PIPE, text=True)
    try:
        line = process.stderr.readline()
        if "attached" not in line:
            raise Skipped(f"{tracer[0]} may not look at another process here: {line.strip()}")
        yield
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def duration_s(duration):
    """A duration as a configuration spells it."""
    number = duration.rstrip("ms")
    return float(number) / (1000 if duration.endswith("ms") else 1)


class Daemon(Process):
    """ackd with payindex merchants `m0`, `m1` ... on a shortened schedule.

    Each is given by its URL, or by a dictionary of what its configuration has instead.
    """

    def __init__(self, binary, folder, merchants, delays="[50ms, 100ms, 200ms]", extra="", tcp_port=None, egress=LOOPBACK):
        super().__init__(binary, folder)
        self.delays_s = [duration_s(delay) for delay in delays.strip("[]").split(", ") if delay]
        with open(os.path.join(SOURCE, "schedules", "payindex.yaml"), encoding="utf-8") as shipped:
            profile = shipped.read()
        assert "delays: [10s, 10s, 10s]" in profile
        with open(os.path.join(folder, "schedules", "payindex.yaml"), "w", encoding="utf-8") as shortened:
            shortened.write(profile.replace("delays: [10s, 10s, 10s]", "delays: " + delays))
        key = os.path.join(folder, "m.key")
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write("0123456789abcdef\n")
        lines = []
        for i, given in enumerate(merchants):
            own = given if isinstance(given, dict) else {"url": given}
            merchant = {"provider": "payindex", "id": f"m{i}", "key_file": "m.key", **own}
            lines.append("  - " + json.dumps(merchant) + "\n")  # JSON is YAML too
        self.configure(extra + "merchants:\n" + "".join(lines), tcp_port, egress)


class Platform:
    """The platform's own SQLite database with the inbox in it, made as the platform would."""

    TABLES = """
        CREATE TABLE ackd_inbox(
          id           INTEGER PRIMARY KEY AUTOINCREMENT,
          notification TEXT NOT NULL,
          created_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')));
        CREATE TABLE ackd_inbox_source(one INTEGER PRIMARY KEY CHECK(one = 1), identity TEXT NOT NULL);
        INSERT INTO ackd_inbox_source(one, identity) VALUES(1, lower(hex(randomblob(16))));
    """

    def __init__(self, path, journal_mode="wal"):
        self.path = path
        self.connection = sqlite3.connect(path, isolation_level=None, timeout=20, check_same_thread=False)
        self.connection.execute(f"PRAGMA journal_mode={journal_mode}")
        self.connection.execute("PRAGMA synchronous=FULL")
        if not self.connection.execute("SELECT 1 FROM sqlite_schema WHERE name='ackd_inbox'").fetchone():
            self.connection.executescript(self.TABLES)

    def configuration(self):
        return f"inbox: {{sqlite: {self.path}}}\n"

    def say(self, text):
        """Commits one row; returns its number."""
        return self.connection.execute("INSERT INTO ackd_inbox(notification) VALUES(?)", (text,)).lastrowid

    def identity(self):
        return self.connection.execute("SELECT identity FROM ackd_inbox_source").fetchone()[0]

    def close(self):
        self.connection.close()


def notification(order, merchant):
    return {"provider": "payindex", "merchant": merchant, "fields": {**PAYINDEX_FIELDS, "orderid": order}}


def post_some(client, merchant, count, name="order"):
    """So many in one array, all of which are accepted; their identifiers."""
    status, answer = client.call("POST", "/v1/notifications",
                                 [notification(f"{merchant}-{name}-{i}", merchant) for i in range(count)])
    assert status == 200 and all(item["status"] == 201 for item in answer["results"]), answer
    return [item["id"] for item in answer["results"]]


def counts(client):
    return client.call("GET", "/v1/stats")[1]["counts"]


def wait_until_ended(client, seconds):
    """Waits until nothing is pending; held ones are the caller's business."""

    def ended():
        try:
            return counts(client)["pending"] == 0
        except (OSError, http.client.HTTPException):
            return False

    wait_until(ended, seconds, "every notification ended")


def records(client, identifiers):
    for identifier in identifiers:
        status, record = client.call("GET", f"/v1/notifications/{identifier}")
        assert status == 200, f"{identifier} was accepted and is not on record: {status} {record}"
        yield record


def run(test, description):
    """Runs one fault test as a program: exit 0, 1, or 77 for skipped."""
    import argparse
    import sys

    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--ackd", required=True, help="the daemon's binary")
    parser.add_argument("--ackctl", help="the operator's program, for the tests that use it")
    parser.add_argument("--rounds", type=int, default=0, help="how often; the default is the test's own")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="repeats the random choices")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="ackd-fault-") as folder:
        try:
            test(options, folder)
        except Skipped as reason:
            print(f"skipped: {reason}")
            sys.exit(77)
