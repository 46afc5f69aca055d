#!/usr/bin/env python3
"""One owner, one writer: who else touches the record is refused or found out, and ackd itself writes from one place.

Somebody else commits to the outbox while ackd owns it: nothing is asked of the daemon meanwhile, it must notice alone and
end by itself. SQLite's WAL-reset bug needs two connections that write or checkpoint: the kernel's own list of who wrote
what shows that there is one at a time.
"""

import itertools
import os
import re
import shutil
import sqlite3

import findings
import harness
import oracle

WRITTEN = re.compile(r"^(\d+) +(?:pwrite64|ftruncate|fdatasync)\((\d+)<[^>]*/outbox\.db(-wal)?>")


def commit_as_somebody_else(data):
    foreign = sqlite3.connect(os.path.join(data, "outbox.db"))
    foreign.execute("UPDATE counter SET value = value + 1 WHERE name = 'attempts'")
    foreign.execute("UPDATE counter SET value = value - 1 WHERE name = 'attempts'")
    foreign.commit()
    foreign.close()


def try_owners(options, folder, found):
    merchant = harness.Merchant(lambda order, seen: (200, "OK"))
    daemon = harness.Daemon(options.ackd, folder, [merchant.url])
    try:
        daemon.start()
        client = harness.Client(daemon.socket)
        status, answer = client.call("POST", "/v1/notifications", harness.notification("before", "m0"))
        assert status == 201, answer
        harness.wait_until_ended(client, 20)

        with found.case("C8 a second daemon") as show:
            second = harness.Daemon(options.ackd, folder, [merchant.url])
            second.start(may_die=True)
            assert second.process.wait(10) == 1 and "lock" in second.tail(), second.tail()
            assert daemon.process.poll() is None, "the owner was disturbed by a second daemon"
            show("refused", "1")

        with found.case("C8 a foreign commit beside an idle daemon") as show:
            commit_as_somebody_else(os.path.join(folder, "data"))
            assert daemon.process.wait(5) == 70, daemon.tail()
            assert "another process has written" in daemon.tail(), daemon.tail()
            daemon.start()
            record = next(harness.records(harness.Client(daemon.socket), [answer["id"]]))
            assert record["state"] == "delivered", record
            assert daemon.stop() == 0
            show("ended", "70")
    finally:
        daemon.end()
        merchant.close()


def try_foreign_under_load(options, folder, found):
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth, found.case("C8 a foreign commit under load") as show:
        daemon = harness.Daemon(options.ackd, folder, [truth.merchant("thirds", options.seed)])
        try:
            daemon.start()
            truth.post(daemon.socket, options.seed)
            harness.wait_until(lambda: truth.figures()["accepted"] > 50, 60, "50 are accepted")
            commit_as_somebody_else(os.path.join(folder, "data"))
            assert daemon.process.wait(5) == 70, daemon.tail()
            daemon.start()
            verdict = truth.verdict(daemon, crashes=1)
            assert daemon.stop() == 0, daemon.tail()
            show("ended", "70", f", {verdict.figures['accepted']} accepted, 0 lost")
        finally:
            daemon.end()


def try_one_writer(options, folder, found):
    """The process's first thread opens the record and closes it; in between everything is the writer's."""
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth, found.case("C9 who writes to the record") as show:
        if shutil.which("strace") is None:
            raise harness.Skipped("no strace on this machine")
        daemon = harness.Daemon(options.ackd, folder, [truth.merchant("thirds", options.seed)])
        trace = os.path.join(folder, "trace")
        try:
            daemon.start_under(["strace", "-f", "-y", "-o", trace, "-e", "trace=pwrite64,ftruncate,fdatasync"])
            harness.wait_until(daemon.is_ready, 60, "the daemon is ready")
            truth.post(daemon.socket, options.seed, count=100)
            harness.wait_until(lambda: truth.figures()["posting"] == 0, 60, "all is accepted")
            truth.verdict(daemon, crashes=0)
            os.kill(daemon.daemon_pid(), 15)
            assert daemon.process.wait(40) == 0, daemon.tail()
        finally:
            daemon.end()
        with open(trace, encoding="utf-8", errors="replace") as lines:
            writes = [match.groups() for match in map(WRITTEN.match, lines) if match]
        turns = [thread for thread, _ in itertools.groupby(writes, key=lambda write: write[0])]
        descriptors = {(name, number) for _, number, name in writes}
        show("", "", f": {len(writes)} writes by {len(set(turns))} threads in {len(turns)} turns")
        assert len(turns) == 3 and turns[0] == turns[2] != turns[1], f"threads wrote in turns {turns[:20]}"
        assert len(descriptors) == 2, f"one for the database and one for the -wal: {descriptors}"


def test(options, folder):
    found = findings.Findings()
    for part, own in findings.each_in_its_folder([try_owners, try_foreign_under_load, try_one_writer], folder):
        part(options, own, found)
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
