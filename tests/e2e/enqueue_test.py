#!/usr/bin/env python3
"""`ackctl enqueue` on streams: a daemon killed in the middle, input that pauses, Ctrl-C, a terminal, and flat memory."""

import datetime
import http.client
import http.server
import json
import os
import pty
import signal
import socketserver
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402

LATER = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
LINES = 12_000
FLAT_LINES = 200_000
GROWTH_KIB_MAX = 8 * 1024


def lines(first, last):
    """NDJSON of the orders in [first, last), which are recorded and not sent."""
    return "".join(json.dumps({**harness.notification(f"o-{number}", "m0"), "not_before": LATER}) + "\n"
                   for number in range(first, last)).encode()


class Enqueue:
    """A running `ackctl enqueue -` whose standard input the test writes."""

    def __init__(self, options, address, arguments=(), stderr=subprocess.PIPE):
        # The address sanitizer keeps freed memory for a while, which is not what is measured here.
        self.process = subprocess.Popen([options.ackctl, "--socket", address, "enqueue", "-", *arguments],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
                                        env={**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1"})

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def finish(self):
        """Ends the input, if that is not done; returns the exit code and both outputs."""
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out.decode(), (err or b"").decode()

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def peak_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(next(line for line in status if line.startswith("VmHWM")).split()[1])


def pending(daemon):
    return harness.counts(harness.Client(daemon.socket))["pending"]


def check_killed_daemon(options, daemon):
    """kill -9 in the middle of the stream; ackctl goes on with the next daemon, and nothing is there twice."""
    enqueue = Enqueue(options, daemon.socket)
    try:
        writer = threading.Thread(target=enqueue.write, args=(lines(0, LINES),))
        writer.start()
        harness.wait_until(lambda: pending(daemon) > 0, 30, "the first chunk is recorded")
        daemon.kill()
        daemon.start()
        writer.join(60)
        code, out, err = enqueue.finish()
    finally:
        enqueue.end()
    assert code == 0, (code, out, err)
    assert "trying again for" in err, f"all was handed over before the kill; nothing was shown: {err}"
    assert pending(daemon) == LINES, pending(daemon)
    again = Enqueue(options, daemon.socket)
    result = again.process.communicate(lines(0, LINES), timeout=120)
    assert again.process.returncode == 0
    assert result == (f"0 recorded, {LINES} already recorded, 0 refused\n".encode(), b""), result


def check_pause(options, daemon):
    """What `tail -f` brings is recorded while the pipe stays open; Ctrl-C ends it and says how far it got."""
    before = pending(daemon)
    enqueue = Enqueue(options, daemon.socket)
    try:
        for number in (1, 2, 3):
            enqueue.write(lines(LINES + number, LINES + number + 1))
            harness.wait_until(lambda: pending(daemon) == before + number, 20, f"line {number} is recorded")
        enqueue.write(b'{"provider": "cut off')
        enqueue.process.send_signal(signal.SIGINT)
        code, out, err = enqueue.process.wait(20), enqueue.process.stdout.read(), enqueue.process.stderr.read()
    finally:
        enqueue.end()
    # The third may be on record before its answer has come.
    known = 2 if out.startswith(b"2") else 3
    assert code == 1 and out == f"{known} recorded, 0 already recorded, 0 refused\n".encode(), (code, out, err)
    assert f"interrupted; line {known + 1} is the first that is not known to be recorded".encode() in err, err


def check_stop_while_waiting(options, daemon):
    """Results come while the stream runs, and Ctrl-C also ends a wait for a daemon that has gone."""
    enqueue = Enqueue(options, daemon.socket, ["--json"])
    try:
        enqueue.write(lines(0, 1))
        result = json.loads(enqueue.process.stdout.readline())
        daemon.kill()
        enqueue.write(lines(1, 2))
        complaint = enqueue.process.stderr.readline()
        enqueue.process.send_signal(signal.SIGINT)
        code, err = enqueue.process.wait(20), enqueue.process.stderr.read()
    finally:
        enqueue.end()
        daemon.start()
    assert (result["line"], result["status"], result["duplicate"]) == (1, 200, True), result
    assert code == 1 and b"trying again for" in complaint, (code, complaint)
    assert b"interrupted; line 2 is the first that is not known to be recorded" in err, err


def check_terminal(options, daemon):
    """One rewritten line on a terminal's standard error; the result on standard output is the same."""
    primary, terminal = pty.openpty()
    enqueue = Enqueue(options, daemon.socket, stderr=terminal)
    os.close(terminal)
    shown = bytearray()

    def read_terminal():
        try:
            while chunk := os.read(primary, 4096):
                shown.extend(chunk)
        except OSError:  # how a terminal says that nobody writes any more
            pass

    reader = threading.Thread(target=read_terminal)
    reader.start()
    try:
        enqueue.write(lines(0, 1_000))
        harness.wait_until(lambda: b" a second" in shown, 30, "progress is shown")
        code, out, _ = enqueue.finish()
    finally:
        enqueue.end()
    reader.join(20)
    os.close(primary)
    assert (code, out) == (0, "0 recorded, 1000 already recorded, 0 refused\n"), (code, out)
    assert b"\r0 recorded, " in shown, bytes(shown)


class AnsweringDaemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Takes everything at once: as fast as Python can, so that ackctl sees many lines in a short test."""

    daemon_threads = True

    def __init__(self, path):
        self.taken = 0
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def address_string(self):
                return "a unix socket"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                count = body.count(b"\n")
                item = b'{"status":201,"id":"383278083928489984","state":"pending"}'
                answer = b'{"results":[' + b",".join([item] * count) + b"]}"
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                server.taken += count

            def log_message(self, *_):
                pass

        super().__init__(path, Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def check_flat_memory(options, folder):
    path = os.path.join(folder, "answering.sock")
    daemon = AnsweringDaemon(path)
    enqueue = Enqueue(options, path)
    try:
        block = lines(0, 5_000)
        peaks = []
        for goal in (20_000, 20_000 + FLAT_LINES):
            while daemon.taken < goal:
                written = daemon.taken
                enqueue.write(block)
                harness.wait_until(lambda: daemon.taken == written + 5_000, 60, "a block is taken")
            peaks.append(enqueue.peak_kib())
        code, out, err = enqueue.finish()
    finally:
        enqueue.end()
        daemon.shutdown()
        daemon.server_close()
    assert code == 0, (code, out, err)
    assert out.startswith(f"{20_000 + FLAT_LINES} recorded"), out
    growth = peaks[1] - peaks[0]
    assert growth < GROWTH_KIB_MAX, f"{FLAT_LINES} more lines took {growth} KiB more: {peaks}"
    return peaks


def test(options, folder):
    daemon = harness.Daemon(options.ackd, folder, ["http://127.0.0.1:9/never"])
    try:
        daemon.start()
        check_killed_daemon(options, daemon)
        check_pause(options, daemon)
        check_stop_while_waiting(options, daemon)
        check_terminal(options, daemon)
        assert daemon.stop() == 0, daemon.tail()
    finally:
        daemon.end()
    peaks = check_flat_memory(options, folder)
    print(f"{LINES} lines over a kill -9; peak memory {peaks[0]} KiB after 20000 lines, {peaks[1]} KiB after "
          f"{20_000 + FLAT_LINES}")


if __name__ == "__main__":
    harness.run(test, __doc__)
