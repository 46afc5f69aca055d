#!/usr/bin/env python3
"""kill -9 inside a chosen system call, between each two steps of what ackd does: P1 to P5 and P23 hold afterwards.

strace ends the daemon on the way into the N-th call of a kind, so that the call is not made. One oracle offers orders all
the while, and judges the whole run at its end. What lies before such a call, and after the step before it:

    recvfrom     a request of ingest, or an answer of a merchant, that the kernel has and ackd has not
    pwrite64     an admission or an outcome that is in memory only; half of a commit's frames; half of a checkpoint
    fdatasync    a commit that is written and not synchronised
    write        a commit that is durable and that the engine does not know of yet
    sendmsg      an admission that is durable, and whose caller has no answer
    socket       in the in-flight file, and not connected (a claim is plain stores into that file, which is mapped)
    connect      the same, a little later
    sendto       connected, or connected from before: nothing has left
    epoll_ctl    the request has left, and nobody waits for its answer yet
    read         woken, and not yet looking for why
    epoll_wait   between any two turns of the loop: signed, in flight, answered, settling, settled
    fcntl        before and after each transaction, and each look at the record

And on the first start of all, in an empty folder, whatever makes files: openat, write, pwrite64, fdatasync, rename, unlink,
fallocate, ftruncate, mmap. A sample of these by seed unless ACKD_LONG is set, then every N until a run gets through to its end.
"""

import os
import random
import shutil
import subprocess

import findings
import harness
import oracle

RUNNING = ["recvfrom", "pwrite64", "fdatasync", "write", "sendmsg", "socket", "connect", "sendto", "epoll_ctl", "read",
           "epoll_wait", "fcntl"]
FIRST_START = ["openat", "write", "pwrite64", "fdatasync", "rename", "unlink", "fallocate", "ftruncate", "mmap"]
SAMPLE = 2  # kills of a call
ORDERS = 6  # offered in each run


def is_long():
    return bool(os.environ.get("ACKD_LONG"))


def killing(call, number):
    return ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"]


def counting(path):
    return ["strace", "-f", "-qq", "-c", "-U", "calls,name", "-o", path]


def calls_of(path):
    """{call: how often}, of what strace has counted."""
    with open(path, encoding="ascii") as file:
        rows = [line.split() for line in file]
    return {row[1]: int(row[0]) for row in rows if len(row) == 2 and row[0].isdigit()}


def sweep(kill_at, first, last, chooser, wanted=SAMPLE):
    """Kills at every call until a run survives, or at a sample of the calls that come after what a start alone makes."""
    kills = runs = 0
    if is_long():
        while kill_at(runs + 1):
            runs += 1
        kills = runs
        runs += 1
    while kills < wanted and runs < 4 * wanted and not is_long():
        number = chooser.randint(first + 1, max(first + 1, last))
        runs += 1
        if kill_at(number):
            kills += 1
        else:  # this run made fewer
            last = number - 1
            first = min(first, last * 3 // 4)
    assert kills, f"no kill in {runs} runs"
    return f", {kills} kills in {runs} runs"


class Run:
    """One daemon under one oracle, started and killed over and over."""

    def __init__(self, options, folder, truth):
        self.seed = options.seed
        self.truth = truth
        self.kills = 0
        self.daemon = harness.Daemon(options.ackd, folder, [truth.merchant("thirds", options.seed)] * 3,
                                     delays="[20ms, 20ms, 20ms]")

    def offer_more(self):
        if self.truth.figures()["posting"] == 0:
            self.truth.post(self.daemon.socket, f"{self.seed} {self.kills}", threads=1, merchants_count=3, count=ORDERS)

    def state(self):
        if self.daemon.process.poll() is not None:
            return "killed"
        try:
            idle = self.truth.figures()["posting"] == 0 and harness.counts(harness.Client(self.daemon.socket))["pending"] == 0
            return idle and "alive"
        except (OSError, ValueError, harness.http.client.HTTPException):
            return None

    def under(self, tracer, what, works=True):
        """Whether it was killed before it had done its work; it is dead now."""
        self.daemon.start_under(tracer)
        if works:
            self.offer_more()
        killed = harness.wait_until(self.state, 60, f"{what}: killed, or everything ended") == "killed"
        if not killed:
            self.daemon.kill()
        self.kills += 1
        return killed

    def count_calls(self, path):
        """{call: how often} of a start without work, which comes before the interesting ones, and of a run with it."""
        counts = []
        for works in (True, False, True):  # the first start of all makes many calls that no other makes
            self.under(counting(path), "counting", works)
            counts.append(calls_of(path))
        return counts[1:]

    def release_held(self):
        """Who was alone when the daemon was killed, three times, is held; how many. It is the test that killed it."""
        client = harness.Client(self.daemon.socket)
        harness.wait_until(lambda: not client.call("GET", "/v1/stats")[1]["engine"]["recovering"], 60, "recovered")
        return self.truth.end_holds(self.daemon, "retry")


def sweep_running(options, folder, found):
    chooser = random.Random(options.seed)
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        run = Run(options, folder, truth)
        try:
            idle, working = run.count_calls(os.path.join(folder, "calls"))
            for call in RUNNING:
                with found.case(f"A2 killed inside {call}") as show:
                    assert working.get(call), f"no run of this build makes this call: {working}"
                    show("", "", sweep(lambda n, call=call: run.under(killing(call, n), f"{call} {n}"), idle.get(call, 0),
                                       working[call], chooser))
            with found.case("A2 the judgement") as show:
                run.daemon.start()
                held = run.release_held()
                verdict = truth.verdict(run.daemon, crashes=run.kills)
                assert run.daemon.stop() == 0, run.daemon.tail()
                show("", "", f" of {run.kills} kills, {held} quarantined")
                print(verdict, flush=True)
        finally:
            run.daemon.end()


class FirstStart:
    """The daemon's first start in an empty folder, over and over; afterwards it has to start and to deliver."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.merchant = harness.Merchant(lambda order, seen: (200, "OK"))

    def under(self, tracer):
        own = os.path.join(self.folder, "first")
        daemon = harness.Daemon(self.options.ackd, own, [self.merchant.url])
        try:
            daemon.start_under(tracer)
            harness.wait_until(lambda: daemon.process.poll() is not None or daemon.is_ready(), 60, "ready, or killed")
            killed = daemon.process.poll() is not None
            if not killed:
                daemon.kill()
            daemon.start()
            client = harness.Client(daemon.socket)
            assert client.call("POST", "/v1/notifications", harness.notification("first", "m0"))[0] == 201
            harness.wait_until_ended(client, 20)
            assert harness.counts(client)["delivered"] == 1
            left = sorted(os.listdir(os.path.join(own, "data")))
            assert not [name for name in left if name.endswith((".new", ".tmp"))], f"half made files were left: {left}"
            assert daemon.stop() == 0, daemon.tail()
            return killed
        finally:
            daemon.end()
            shutil.rmtree(own)


def sweep_first_start(options, folder, found):
    chooser = random.Random(options.seed)
    first = FirstStart(options, folder)
    try:
        path = os.path.join(folder, "calls")
        first.under(counting(path))
        calls = calls_of(path)
        for call in FIRST_START if is_long() else chooser.sample(FIRST_START, 4):
            with found.case(f"A2 the first start killed inside {call}") as show:
                assert calls.get(call), f"no first start of this build makes this call: {calls}"
                show("", "", sweep(lambda n, call=call: first.under(killing(call, n)), 0, calls[call], chooser, 1))
    finally:
        first.merchant.close()


def check_judge(options, folder, found):
    """What the in-flight file is for: without it the same kill is a crime."""
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        daemon = harness.Daemon(options.ackd, folder, [truth.merchant("waiting")])
        try:
            with found.case("A2 control: what was in flight is forgotten") as show:
                daemon.start()
                truth.post(daemon.socket, options.seed, count=20)
                harness.wait_until(lambda: truth.figures()["arrived"] > 1, 20, "something is in flight")
                daemon.kill()
                os.unlink(os.path.join(folder, "data", "in_flight"))
                truth.release()
                daemon.start()
                crimes = {"after_end", "doubled"}
                try:
                    truth.verdict(daemon)
                    raise RuntimeError("the judge saw no crime")
                except AssertionError as found_guilty:
                    show("", "", f": {str(found_guilty).splitlines()[0]}")
                    assert any(crime in str(found_guilty) for crime in crimes), found_guilty
                assert daemon.stop() == 0, daemon.tail()
        finally:
            daemon.end()


def test(options, folder):
    if shutil.which("strace") is None:
        raise harness.Skipped("no strace on this machine")
    found = findings.Findings()
    parts = [lambda own: check_judge(options, own, found), lambda own: sweep_first_start(options, own, found),
             lambda own: sweep_running(options, own, found)]
    for part, own in findings.each_in_its_folder(parts, folder):
        part(own)
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
