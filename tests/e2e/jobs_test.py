#!/usr/bin/env python3
"""Jobs on the real daemon: kill -9 in the middle of them, and every change is made once, counted once, and no more.

Merchant m0 has thousands that are not due yet; a job holds them all, others release, cancel and resend them, with kills in
between, while m1 goes on being notified. Then ackctl does the same by hand.
"""

import json
import os
import pty
import random
import select
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402  (shared with the fault tests)

ROWS = 6_000
CHUNK = 1_000
FAR = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 30 * 86_400))


def enqueue(client, count, merchant, first, **more):
    for start in range(first, first + count, CHUNK):
        items = [{**harness.notification(f"order-{number}", merchant), **more}
                 for number in range(start, min(start + CHUNK, first + count))]
        status, answer = client.call("POST", "/v1/notifications", items)
        assert status == 200 and all(result["status"] == 201 for result in answer["results"]), answer


def start_job(client, verb, filters, **more):
    status, job = client.call("POST", "/v1/jobs", {"verb": verb, "filter": filters, **more})
    assert status == 201, job
    return job["id"]


def job(client, identifier):
    status, found = client.call("GET", "/v1/jobs/" + identifier)
    assert status == 200, found
    return found


def ended(client, identifier, seconds=60):
    return harness.wait_until(
        lambda: (found := job(client, identifier))["state"] != "running" and found, seconds, "the job ended")


class KilledInside:
    """Kills the daemon while a job is under way, as often as the job lasts, and at most `kills` times."""

    def __init__(self, daemon, chooser, kills):
        self.daemon = daemon
        self.chooser = chooser
        self.kills = kills
        self.hits = 0  # kills after which the job was neither at its beginning nor at its end

    def run(self, verb, filters):
        client = harness.Client(self.daemon.socket)
        identifier = start_job(client, verb, filters)
        for kill in range(self.kills):
            if kill % 2 == 1:  # on a machine that is busy with other things no slice would be over by then
                harness.wait_until(lambda: self.is_moving(identifier), 60, "the job is under way")
            threading.Event().wait(self.chooser.uniform(0.0, 0.06))
            self.daemon.kill()
            self.daemon.start()
            client = harness.Client(self.daemon.socket)
            found = job(client, identifier)
            if found["state"] != "running":
                break
            self.hits += found["matched"] > 0
        return ended(client, identifier)

    def is_moving(self, identifier):
        found = job(harness.Client(self.daemon.socket), identifier)
        return found["state"] != "running" or found["matched"] > 0


def list_all(client, query):
    rows, cursor = [], ""
    while True:
        status, page = client.call("GET", f"/v1/notifications?limit=1000{query}{cursor}")
        assert status == 200, page
        rows += page["notifications"]
        if page["next_cursor"] is None:
            return rows
        cursor = "&cursor=" + page["next_cursor"]


def check_counts(found, matched, what):
    assert (found["state"], found["matched"], found["applied"], found["refused"]) == ("done", matched, matched, 0), (
        what, found)


def check_kills(daemon, chooser):
    """The same ROWS notifications are held, released, cancelled and sent again, whole each time."""
    inside = KilledInside(daemon, chooser, kills=3)
    mine = {"merchant": "m0"}
    check_counts(inside.run("hold", {**mine, "state": "pending"}), ROWS, "hold")
    check_counts(inside.run("release", mine), ROWS, "release")
    check_counts(inside.run("cancel", mine), ROWS, "cancel")
    check_counts(inside.run("resend", {**mine, "state": "cancelled"}), ROWS, "resend")
    assert inside.hits > 0, "no kill fell into the middle of a job"
    client = harness.Client(daemon.socket)
    rows = list_all(client, "&merchant=m0")
    copies = [row["subject"] for row in rows if row["state"] != "cancelled"]
    assert len(copies) == ROWS and len(rows) == 2 * ROWS, f"{len(copies)} copies of {ROWS}"
    assert len(set(copies)) == ROWS, "something was sent again twice"
    return inside.hits


def check_others_go_on(daemon, merchant):
    """While a job of thousands runs, another merchant's fresh notifications arrive at once."""
    client = harness.Client(daemon.socket)
    harness.wait_until(lambda: harness.counts(client)["pending"] == 0, 60, "the copies are delivered")
    enqueue(client, ROWS, "m0", 100_000, not_before=FAR)
    identifier = start_job(client, "cancel", {"merchant": "m0", "state": "pending"})
    enqueue(client, 50, "m1", 200_000)
    harness.wait_until(
        lambda: all(f"order-{200_000 + number}" in merchant.requests for number in range(50)), 20,
        "the other merchant is notified")
    check_counts(ended(client, identifier), ROWS, "cancel beside delivery")


def check_what_comes_later(daemon):
    """What is admitted after the job was asked for is none of its business, however slow it is."""
    client = harness.Client(daemon.socket)
    enqueue(client, 2_000, "m0", 300_000, not_before=FAR)
    identifier = start_job(client, "cancel", {"merchant": "m0", "state": "pending"})
    enqueue(client, 1_000, "m0", 310_000, not_before=FAR)
    check_counts(ended(client, identifier), 2_000, "cancel of the earlier ones")
    assert len(list_all(client, "&merchant=m0&state=pending")) == 1_000


def check_stop(daemon):
    client = harness.Client(daemon.socket)
    enqueue(client, ROWS, "m0", 400_000, not_before=FAR)
    identifier = start_job(client, "hold", {"merchant": "m0"})
    status, answer = client.call("POST", f"/v1/jobs/{identifier}/stop")
    assert status == 200, answer
    found = job(client, identifier)
    assert found["state"] == "stopped" and found["applied"] < ROWS, found
    assert len(list_all(client, "&merchant=m0&state=held")) == found["applied"]
    daemon.kill()
    daemon.start()
    assert job(harness.Client(daemon.socket), identifier)["applied"] == found["applied"], "it went on after the stop"


class AtTerminal:
    """ackctl with a terminal: what it writes there can be waited for, and answered."""

    def __init__(self, options, daemon, *words):
        self.terminal, side = pty.openpty()
        self.process = subprocess.Popen([options.ackctl, *words, "--socket", daemon.socket], stdin=side, stderr=side,
                                        stdout=subprocess.PIPE, text=True)
        os.close(side)
        self.seen = ""

    def wait_for(self, text):
        while text not in self.seen:
            ready, _, _ = select.select([self.terminal], [], [], 20)
            assert ready, f"{text!r} does not come: {self.seen!r}"
            self.seen += os.read(self.terminal, 4096).decode()

    def answer(self, line):
        os.write(self.terminal, line.encode() + b"\n")

    def end(self):
        """Returns the exit code and what was written to standard output."""
        out, _ = self.process.communicate(timeout=20)
        os.close(self.terminal)
        return self.process.returncode, out


def check_question(options, daemon, filters, count):
    """On a terminal the matches are counted, and only a yes starts anything."""
    def asked(verb):
        ackctl = AtTerminal(options, daemon, verb, *filters)
        ackctl.wait_for(f"{count} notifications match; {verb} them? [y/N] ")
        return ackctl

    declined = asked("cancel")
    declined.answer("n")
    declined.wait_for("nothing was changed")
    assert declined.end() == (1, "")
    interrupted = asked("cancel")
    interrupted.process.send_signal(signal.SIGINT)
    interrupted.wait_for("nothing was changed")
    assert interrupted.end() == (1, "")
    agreed = asked("hold")
    agreed.answer("y")
    code, out = agreed.end()
    assert code == 0 and f"{count} matched, {count} held" in out, (code, out)


def check_ackctl(options, daemon, merchant):
    def ackctl(*words, code=0):
        done = subprocess.run([options.ackctl, *words, "--socket", daemon.socket], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, (words, done)
        return done.stdout

    client = harness.Client(daemon.socket)
    enqueue(client, 20, "m1", 500_000, not_before=FAR, url=merchant.url, tags={"region": "eu", "shop": "7"})
    filters = ("--merchant", "m1", "--tag", "region=eu", "--tag", "shop=7", "--host", "127.0.0.1")
    assert ackctl("ls", *filters, "--json").count("\n") == 20
    assert ackctl("cancel", *filters, "--dry-run") == "20 notifications match\n"
    assert ackctl("cancel", *filters, code=2) == "", "without a terminal nobody can be asked"
    check_question(options, daemon, filters, 20)
    assert "20 matched, 20 held" in ackctl("hold", *filters, "--yes", "--reason", "the shop moves")
    held = [json.loads(line) for line in ackctl("ls", *filters, "--state", "held", "--json").splitlines()]
    assert {row["reason"] for row in held} == {"the shop moves"}, held
    assert "20 matched, 20 released" in ackctl("release", *filters, "--yes")
    identifier = ackctl("cancel", *filters, "--yes", "--no-wait").strip()
    assert "20 matched, 20 cancelled" in ackctl("job", "wait", identifier)
    shown = json.loads(ackctl("job", "show", identifier, "--json"))
    assert shown["filter"] == {
        "merchant": "m1", "host": "127.0.0.1", "tag": ["region=eu", "shop=7"]}, shown
    assert ackctl("job", "ls", "--json").count("\n") > 5
    ackctl("job", "stop", identifier, code=1)
    copy = ackctl("resend", held[0]["id"])
    assert "sent again as" in copy, copy


def test(options, folder):
    chooser = random.Random(options.seed)
    merchant = harness.Merchant(lambda order, seen: (200, "OK"))
    daemon = harness.Daemon(options.ackd, folder, [merchant.url] * 2)
    try:
        daemon.start()
        client = harness.Client(daemon.socket)
        enqueue(client, ROWS, "m0", 0, not_before=FAR)
        hits = check_kills(daemon, chooser)
        check_others_go_on(daemon, merchant)
        check_what_comes_later(daemon)
        check_stop(daemon)
        check_ackctl(options, daemon, merchant)
        assert daemon.stop() == 0, daemon.tail()
        print(f"four jobs over {ROWS} notifications with kill -9, {hits} times in the middle: every count exact, one copy "
              "of each")
    finally:
        daemon.end()
        merchant.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
