#!/usr/bin/env python3
"""SIGTERM with 500 requests in flight: all are finished, nothing new starts, nothing is sent twice, and the exit is clean.

And the ways in which a drain is cut short: its time is over, a second signal comes, it is killed. Then what was in flight
is on record as such, and each second send is explained by it; with ACKD_LONG that is tried with 500 too.
"""

import contextlib
import os
import signal
import time

import findings
import harness
import oracle

IN_FLIGHT = 503
CUT_SHORT = IN_FLIGHT if os.environ.get("ACKD_LONG") else 151
MANY = f"delivery: {{lane_window: {IN_FLIGHT}, lane_window_first: {IN_FLIGHT}, host_ceiling: {IN_FLIGHT}}}\n"
AT_ONCE_SECONDS_MAX = 3


class Scene:
    """A daemon with many requests at a merchant that acknowledges once it is released; one more came before, at once."""

    def __init__(self, options, folder, truth, count, drain_timeout):
        self.truth = truth
        self.count = count + 1
        extra = MANY + f"drain_timeout: {drain_timeout}\n"
        merchant = {"url": truth.merchant("waiting"), "options": {"connect_timeout": "60s", "total_timeout": "120s"}}
        self.daemon = harness.Daemon(options.ackd, folder, [merchant], extra=extra)
        self.seed = options.seed

    def begin_drain(self):
        self.daemon.start()
        self.truth.post(self.daemon.socket, self.seed, count=self.count)
        harness.wait_until(lambda: self.truth.figures()["arrived"] == self.count, 60, "all are in flight")
        self.truth.finish()
        self.daemon.process.send_signal(signal.SIGTERM)
        harness.wait_until(lambda: not self.daemon.is_ready(), 10, "the drain has begun")
        assert self.refuses(), "new work was accepted"
        assert self.daemon.process.poll() is None, "the daemon left while requests were in flight"

    def refuses(self):
        try:
            late = harness.notification("late-1", "m0")
            return harness.Client(self.daemon.socket).call("POST", "/v1/notifications", late)[0] == 503
        except (OSError, harness.http.client.HTTPException):
            return True

    def verdict(self, **terms):
        """After another start, which is asked to end cleanly."""
        self.truth.release()
        self.daemon.start()
        verdict = self.truth.verdict(self.daemon, **terms)
        assert verdict.figures["delivered"] == self.count, verdict
        assert self.daemon.stop() == 0, self.daemon.tail()
        return verdict.figures


@contextlib.contextmanager
def scene(options, folder, count, drain_timeout="60s"):
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        there = Scene(options, folder, truth, count, drain_timeout)
        try:
            there.begin_drain()
            yield there
        finally:
            there.daemon.end()


def finished(options, folder):
    """A5 SIGTERM, and every merchant answers"""
    with scene(options, folder, IN_FLIGHT) as there:
        there.truth.release()
        assert there.daemon.process.wait(60) == 0, there.daemon.tail()
        figures = there.verdict(crashes=0)
        assert figures["arrived"] == IN_FLIGHT + 1, f"sent twice over a clean restart: {figures}"
        return figures


def out_of_time(options, folder):
    """A5 SIGTERM, and the drain's time is over"""
    with scene(options, folder, CUT_SHORT, "300ms") as there:
        assert there.daemon.process.wait(60) == 0, there.daemon.tail()
        figures = there.verdict(crashes=0)  # so that all are on record as unknown
        assert figures["arrived"] == 2 * CUT_SHORT + 1, figures
        return figures


def second_signal(options, folder):
    """A5 a second SIGTERM"""
    with scene(options, folder, CUT_SHORT) as there:
        there.daemon.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert there.daemon.process.wait(20) != 0, "an abandoned drain must not look like a clean end"
        assert time.monotonic() - began < AT_ONCE_SECONDS_MAX
        figures = there.verdict(crashes=1)
        assert figures["possibly_sent"] == CUT_SHORT, figures
        return figures


def killed(options, folder):
    """A5 kill -9 while it drains"""
    with scene(options, folder, CUT_SHORT) as there:
        there.daemon.kill()
        figures = there.verdict(crashes=1)
        assert figures["possibly_sent"] == CUT_SHORT, figures
        return figures


def test(options, folder):
    found = findings.Findings()
    for part, own in findings.each_in_its_folder((finished, out_of_time, second_signal, killed), folder):
        with found.case(part.__doc__) as show:
            figures = part(options, own)
            show("", "", f": {figures['arrived']} sends, {figures['possibly_sent']} possibly sent")
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
