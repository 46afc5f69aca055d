#!/usr/bin/env python3
"""An allocation fails, whichever: ackd ends at once and says why, or says so to the caller; nothing is lost or doubled.

The daemon is one of the tests' own, in which the N-th call of operator new, or of SQLite's allocator, fails from the
moment that the test chooses. A sample by seed unless ACKD_LONG is set; then there is a limit of the system's too, below
a queue that grows.
"""

import mmap
import os
import random
import resource
import struct
import subprocess

import findings
import harness
import oracle

KINDS = {"operator new": 0, "SQLite": 1}
ORDERS = 6  # offered in each run
SAMPLE = {"operator new": 8, "SQLite": 4}
SAMPLE_LONG = {"operator new": 1_000, "SQLite": 500}
WITHOUT_MEMORY = 71
UNTRUSTED = 70
END_SECONDS_MAX = 20
BEFORE_MAIN = 10  # the libraries' own, when nobody is there yet to say anything
LIMIT_ROOM = 1 << 20


def is_long():
    return bool(os.environ.get("ACKD_LONG"))


class Memory:
    """What the daemon has mapped too."""

    def __init__(self, path):
        with open(path, "w+b") as file:
            file.truncate(mmap.PAGESIZE)
            self.words = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.environment = {"ACKD_TEST_MEMORY": path}

    def arm(self, kind, left):
        self.words[24 * kind:24 * kind + 24] = struct.pack("qqq", left, 0, 0)

    def seen(self, kind):
        return struct.unpack_from("q", self.words, 24 * kind + 8)[0]

    def has_fired(self, kind):
        return struct.unpack_from("q", self.words, 24 * kind + 16)[0] == 1

    def close(self):
        self.words.close()


class Run:
    """One daemon under one oracle, started over and over."""

    def __init__(self, options, folder, truth):
        self.seed = options.seed
        self.truth = truth
        self.memory = Memory(os.path.join(folder, "memory"))
        self.daemon = harness.Daemon(options.ackd, folder, [truth.merchant("thirds", options.seed)] * 3,
                                     delays="[20ms, 20ms, 20ms]")
        self.starts = 0

    def start(self):
        """Starts a daemon where none is; None when it ended by itself."""
        if self.daemon.process is None or self.daemon.process.poll() is not None:
            self.starts += 1
            self.daemon.start(environment=self.memory.environment, may_die=True)
        return self.daemon.process.poll()

    def work(self):
        """Until its work is done, or it is dead."""
        self.truth.post(self.daemon.socket, f"{self.seed} {self.starts}", threads=1, merchants_count=3, count=ORDERS)

        def over():
            if self.daemon.process.poll() is not None:
                return True
            try:
                client = harness.Client(self.daemon.socket)
                return self.truth.figures()["posting"] == 0 and harness.counts(client)["pending"] == 0
            except (OSError, KeyError, ValueError, harness.http.client.HTTPException):
                return False

        harness.wait_until(over, END_SECONDS_MAX, "it is dead, or has done its work")

    def fail(self, kind, number, at_start):
        """(whether it failed, how the daemon ended or None)."""
        log_before = os.path.getsize(self.daemon.log)
        if at_start:
            self.daemon.end()
            self.memory.arm(kind, number)
            status = self.start()
        else:
            self.start()
            self.memory.arm(kind, number)
            self.work()
            status = self.daemon.process.poll()
        fired = self.memory.has_fired(kind)
        assert fired or status is None, f"it ended with {status} and nothing had failed: {self.daemon.tail()}"
        with open(self.daemon.log, encoding="utf-8", errors="replace") as log:
            log.seek(log_before)
            said = log.read()
        self.memory.arm(kind, 0)
        check_end(kind, status, said)
        return fired, status


def check_end(kind, status, said):
    if status == WITHOUT_MEMORY:
        assert "there is no memory left" in said, said
        return
    assert status in (None, 1, UNTRUSTED) and kind == KINDS["SQLite"] or status is None, f"ended with {status}: {said}"
    assert status is None or "out of memory" in said, f"ended with {status} and another reason: {said}"


def sweep(run, name, chooser, at_start):
    kind = KINDS[name]
    if at_start:
        run.daemon.end()
    else:
        run.start()
    run.memory.arm(kind, 0)  # counts from here
    if at_start:
        run.start()
    else:
        run.work()
    total = run.memory.seen(kind)
    wanted = (SAMPLE_LONG if is_long() else SAMPLE)[name] // (4 if at_start else 1)
    ends = {}
    last = total
    for _ in range(3 * wanted):
        number = chooser.randint(BEFORE_MAIN + 1, max(BEFORE_MAIN + 1, last))
        fired, status = run.fail(kind, number, at_start)
        if not fired:  # this run made fewer
            last = number - 1
            continue
        end = "lived" if status is None else f"ended with {status}"
        ends[end] = ends.get(end, 0) + 1
        if sum(ends.values()) == wanted:
            break
    assert ends, f"nothing ever failed, where a run makes {total} calls"
    if kind == KINDS["operator new"]:
        assert "lived" not in ends, f"it went on without what it had asked for: {ends}"
    return f": of {total}, {ends}"


def try_questions(run):
    """Each allocation that a question makes fails once: it may be refused, and the next one is answered."""
    run.start()
    run.work()  # so that nothing but the questions needs memory
    client, kind, refused, total = harness.Client(run.daemon.socket), KINDS["SQLite"], 0, 0
    for question in ("/v1/stats", "/v1/notifications?limit=5", "/v1/jobs"):
        run.memory.arm(kind, 0)
        assert client.call("GET", question)[0] == 200, question
        calls = run.memory.seen(kind)
        for number in range(1, calls + 1):
            run.memory.arm(kind, number)
            refused += client.call("GET", question)[0] != 200
            run.memory.arm(kind, 0)
            status, answer = client.call("GET", question)
            assert status == 200, f"{question}, after allocation {number} had failed: {status} {answer}"
        total += calls
    assert refused, f"none of {total} allocations was refused"
    return f": of {total}, {refused} refused"


def try_limit(options, folder, found):
    """No more address space while many are in flight and more come in: every allocation of any library may fail."""
    with found.case("D3 no address space is left") as show, oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        if subprocess.run(["grep", "-q", "-m1", "__asan_init", options.ackd], check=False).returncode == 0:
            raise harness.Skipped("the sanitizer reserves more address space than a limit could leave")
        daemon = harness.Daemon(options.ackd, folder, [truth.merchant("waiting")] * 3,
                                extra="delivery: {lane_window: 500, lane_window_first: 500, host_ceiling: 1500}\n")
        try:
            daemon.start()
            truth.post(daemon.socket, options.seed, threads=4, merchants_count=3, pause=0)
            harness.wait_until(lambda: truth.figures()["arrived"] > 300, 60, "requests are in flight")
            with open(f"/proc/{daemon.process.pid}/statm", encoding="ascii") as statm:
                used = int(statm.read().split()[0]) * mmap.PAGESIZE
            resource.prlimit(daemon.process.pid, resource.RLIMIT_AS, (used + LIMIT_ROOM, used + LIMIT_ROOM))
            status = daemon.process.wait(120)
            check_end(KINDS["SQLite"], status, daemon.tail())
            truth.release()
            daemon.start()
            verdict = truth.verdict(daemon, crashes=1)
            assert daemon.stop() == 0, daemon.tail()
            show("", "", f": ended with {status}")
            print(verdict, flush=True)
        finally:
            daemon.end()


def test(options, folder):
    found = findings.Findings()
    chooser = random.Random(options.seed)
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        run = Run(options, folder, truth)
        try:
            run.start()
            for name in KINDS:
                for at_start in (True, False):
                    with found.case(f"D{KINDS[name] + 1} {name}, {'at the start' if at_start else 'at work'}") as show:
                        show("", "", sweep(run, name, chooser, at_start))
            with found.case("D2 SQLite, when asked") as show:
                show("", "", try_questions(run))
            with found.case("D1, D2 the judgement") as show:
                run.start()
                client = harness.Client(run.daemon.socket)
                harness.wait_until(lambda: not client.call("GET", "/v1/stats")[1]["engine"]["recovering"], 60, "recovered")
                held = truth.end_holds(run.daemon, "retry")
                verdict = truth.verdict(run.daemon, crashes=run.starts)
                assert run.daemon.stop() == 0, run.daemon.tail()
                show("", "", f" of {run.starts} starts, {held} quarantined")
                print(verdict, flush=True)
        finally:
            run.daemon.end()
            run.memory.close()
    if is_long():
        own = os.path.join(folder, "limit")
        os.mkdir(own)
        try_limit(options, own, found)
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
