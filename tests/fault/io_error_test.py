#!/usr/bin/env python3
"""A call of the file system fails once, then works again: ackd ends by itself, and nothing is told that is not on record.

The trap is the second try: after a failed sync the kernel may have thrown the data away, and the next sync succeeds. So
each error is injected once, in a start or under load; ACKD_LONG tries every call, otherwise a sample by seed.
"""

import contextlib
import dataclasses
import itertools
import os
import random
import shutil
import time

import findings
import harness
import judge
import oracle

FILES = ("", "/outbox.db", "/outbox.db-wal", "/outbox.db-shm", "/outbox.db-journal", "/outbox.db.lock",
         "/outbox.db.ballast", "/in_flight", "/in_flight.new", "/master.key", "/master.key.new")
EXIT_NOT_STARTED = 1
EXIT_UNTRUSTED = 70
ENDED_SECONDS_MAX = 5
LONG = bool(os.environ.get("ACKD_LONG"))


@dataclasses.dataclass(frozen=True)
class Fault:
    call: str
    error: str
    number: int  # of the calls of one thread
    files: tuple = FILES

    def __str__(self):
        only = f" of {self.files[0][1:]}" if len(self.files) == 1 else ""
        return f"{self.call} {self.number}{only}: {self.error}"

    def tracer(self, folder):
        paths = [word for file in self.files for word in ("-P", f"{folder}/data{file}")]
        return ["strace", "-f", "-ttt", "-o", os.path.join(folder, "trace"), *paths, "-e", f"trace={self.call}",
                "-e", f"inject={self.call}:error={self.error}:when={self.number}"]


# How many of each call a start makes at most, and which errors a disk has for it.
STARTING = {"fdatasync": (10, ["EIO"]), "fsync": (3, ["EIO"]), "pwrite64": (140, ["EIO", "ENOSPC"]),
            "pread64": (30, ["EIO"]), "ftruncate": (2, ["EIO", "ENOSPC"]), "openat": (24, ["EIO", "ENOSPC", "EACCES"]),
            "fallocate": (2, ["ENOSPC", "EIO"]), "rename": (1, ["EIO"]), "flock": (1, ["EIO"])}
# Of a start after a kill -9, which makes nothing new.
STARTING_AGAIN = {"fdatasync": (3, ["EIO"]), "pwrite64": (20, ["EIO", "ENOSPC"]), "pread64": (16, ["EIO"]),
                  "ftruncate": (1, ["EIO"]), "openat": (9, ["EIO", "ENOSPC", "EACCES"]), "flock": (1, ["EIO"])}
RUNNING = {"fdatasync": (40, ["EIO"]), "pwrite64": (60, ["EIO", "ENOSPC"])}
# The database itself is touched by checkpoints only.
CHECKPOINTING = {"fdatasync": (1, ["EIO"]), "pwrite64": (20, ["EIO", "ENOSPC"])}


def faults(calls, files=FILES):
    return [Fault(call, error, number, files) for call, (count, errors) in calls.items() for error in errors
            for number in range(1, count + 1)]


def chosen(all_of_them, seed, count):
    """One of each kind before the second of any, as far as the sample goes."""
    if LONG:
        return all_of_them
    by_kind = {}
    chooser = random.Random(seed)
    for fault in all_of_them:
        by_kind.setdefault((fault.call, fault.error), []).append(fault)
    kinds = list(by_kind.values())
    chooser.shuffle(kinds)
    return [chooser.choice(kind) for kind in (kinds * count)[:count]]


class Case:
    def __init__(self, options, folder, fault):
        self.fault = fault
        self.folder = folder
        self.truth = oracle.Oracle(os.path.join(folder, "oracle"))
        self.daemon = harness.Daemon(options.ackd, folder, [self.truth.merchant("thirds", options.seed)],
                                     extra="disk: {ballast: 64KiB}\n")
        self.seed = options.seed

    def injected_at(self):
        """When the call failed, on the oracle's clock; None as long as it has not."""
        with contextlib.suppress(FileNotFoundError):
            with open(os.path.join(self.folder, "trace"), encoding="utf-8", errors="replace") as trace:
                for line in trace:
                    if "(INJECTED)" in line:
                        return float(line.split()[1]) - (time.time() - time.monotonic())
        return None

    def check_no_second_sync(self):
        """What has failed to be synchronised once is not asked for again: the answer would be a lie."""
        with open(os.path.join(self.folder, "trace"), encoding="utf-8", errors="replace") as trace:
            lines = trace.read().partition("(INJECTED)")[2].splitlines()[1:]
        assert not any("fdatasync(" in line for line in lines), f"synchronised again: {lines}"

    def said(self):
        return [line for line in self.daemon.tail().splitlines() if " error " in line][-1:]

    def check_silent_since(self, failed):
        """One answer may have been on its way, whose commit was before; one client waits for each before the next."""
        answers = [list(entries) for event, entries in itertools.groupby(self.truth.ledger(), key=lambda entry: entry["event"])
                   if event == "reply"]
        late = sum(any(entry["at"] > failed and entry["status"] in judge.ACCEPTING for entry in entries) for entries in answers)
        assert late <= 1, f"{late} posts were accepted after the error"

    def check_restart(self):
        self.daemon.start()
        self.truth.tell("finish")
        self.truth.post(self.daemon.socket, f"{self.seed} again", threads=1, count=5)
        harness.wait_until(lambda: self.truth.figures()["posting"] == 0, 60, "all is decided")
        verdict = self.truth.verdict(self.daemon)
        assert self.daemon.stop() == 0, self.daemon.tail()
        return verdict

    def close(self):
        self.daemon.end()
        self.truth.__exit__()


def try_start(case, show, used):
    """In a first start, or in one after a kill -9."""
    if used:
        case.daemon.start()
        case.truth.post(case.daemon.socket, case.seed, threads=1, count=30)
        harness.wait_until(lambda: case.truth.figures()["posting"] == 0, 60, "all is decided")
        case.daemon.kill()
    daemon = case.daemon
    daemon.start_under(case.fault.tracer(case.folder))
    harness.wait_until(lambda: daemon.process.poll() is not None or daemon.is_ready(), 60, "it ends or starts")
    code = daemon.process.poll()
    failed = case.injected_at()
    if code is None:
        daemon.kill()
    else:
        assert failed and code == EXIT_NOT_STARTED and "not_started" in case.said()[0], f"{code}: {daemon.tail()}"
        if used and case.fault.call == "fdatasync":
            case.check_no_second_sync()
    case.check_restart()
    show("refused" if code else "started" if failed else "", str(case.fault.error) if failed else "not reached")
    return failed


def try_load(case, show):
    daemon, truth = case.daemon, case.truth
    daemon.start()
    with harness.attached(case.fault.tracer(case.folder), daemon.process.pid):
        truth.post(daemon.socket, case.seed, threads=1, pause=0)
        failed = harness.wait_until(case.injected_at, 60, "the error is met")
        if case.fault.error == "ENOSPC":
            accepted = truth.figures()["accepted"]
            harness.wait_until(lambda: truth.figures()["accepted"] > accepted + 20, 20, "there is room again")
            daemon.kill()
            show("accepting", "ENOSPC")
        else:
            code = daemon.process.wait(ENDED_SECONDS_MAX)
            took = time.monotonic() - failed
            assert code == EXIT_UNTRUSTED and "fatal" in case.said()[0], f"{code}: {daemon.tail()}"
            case.check_silent_since(failed)
            show("ended", str(code), f", after {took * 1000:.0f} ms")
    case.check_restart()
    return failed


def test(options, folder):
    if shutil.which("strace") is None:
        raise harness.Skipped("no strace on this machine")
    found = findings.Findings()
    parts = [(f"a start, {'used' if used else 'first'}", fault, lambda case, show, used=used: try_start(case, show, used))
             for used in (False, True) for fault in chosen(faults(STARTING_AGAIN if used else STARTING), f"{options.seed} {used}", 2)]
    parts += [("load", fault, try_load) for fault in chosen(faults(RUNNING), options.seed, 2)]
    parts += [("a checkpoint", fault, try_load) for fault in chosen(faults(CHECKPOINTING, ("/outbox.db",)), options.seed, 1)]
    met = 0
    for (where, fault, attempt), own in findings.each_in_its_folder(parts, folder):
        case = Case(options, own, fault)
        try:
            with found.case(f"C4 {where}: {fault}") as show:
                met += attempt(case, show) is not None
        finally:
            case.close()
            shutil.rmtree(own)
    print(f"{met} of {len(parts)} errors were met")
    assert met > 0
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
