"""What a fault test has found: a line for each case, with the longest stall of the daemon's loop meanwhile.

The stall is seen from outside, by a process that asks /healthz over and over: whatever keeps the loop from turning
keeps the answer away.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
import traceback

import harness

# In a process of its own, because the threads of the test hold each other up.
ASKING = """
import http.client, socket, sys, threading, time
class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])
connection = Connection("localhost")
while True:
    began = time.monotonic()
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    print(began, time.monotonic() - began, flush=True)
    threading.Event().wait(0.003)
"""


def each_in_its_folder(parts, folder):
    """The parts of a test, each with a folder of its own below the test's."""
    for number, part in enumerate(parts):
        own = os.path.join(folder, str(number))
        os.mkdir(own)
        yield part, own


class StallProbe:
    def __init__(self, path):
        self.process = subprocess.Popen([sys.executable, "-c", ASKING, path], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.answers = []  # (asked at, seconds until the answer)
        threading.Thread(target=self.read, daemon=True).start()
        harness.wait_until(lambda: self.answers, 20, "the probe has its first answer")

    def read(self):
        for line in self.process.stdout:
            self.answers.append(tuple(map(float, line.split())))

    def worst(self, since):
        """The longest that an answer took, of all that were awaited since then and until now."""
        now = time.monotonic()
        harness.wait_until(lambda: self.answers[-1][0] >= now, 60, "the daemon answers /healthz")
        return max(took for at, took in self.answers if at + took >= since)

    def close(self):
        self.process.kill()
        self.process.wait()


class Findings:
    """Counts the cases of a test; one that fails does not keep the others from being tried."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.reasons = []
        print(f"{'case':<60} {'class':<13} {'end':<17} {'seconds':>8} {'stall ms':>8}", flush=True)

    def row(self, case, outcome, end, seconds, stall=None):
        shown = "" if stall is None else f"{stall * 1000:.0f}"
        print(f"{case:<60} {outcome:<13} {end:<17} {seconds:>8.2f} {shown:>8}", flush=True)

    @contextlib.contextmanager
    def case(self, name, probe=None):
        """Yields what prints the case's line: show(class, end), and more of it where there is more to say."""
        began = time.monotonic()

        def show(outcome, end, more="", seconds=None, since=began):
            taken = time.monotonic() - began if seconds is None else seconds
            self.row(name + more, outcome, end, taken, probe and probe.worst(since))

        try:
            yield show
        except harness.Skipped as reason:
            self.reasons.append(f"{name}: {reason}")
            print(f"skipped: {name}: {reason}", flush=True)
        except Exception:
            self.failed += 1
            print(f"FAILED {name}\n{traceback.format_exc()}", flush=True)
        else:
            self.passed += 1

    def close(self):
        """Prints the closing line that tests/count_results.py reads."""
        skipped = f", {len(self.reasons)} skipped" if self.reasons else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}", flush=True)
        if self.failed:
            sys.exit(1)
