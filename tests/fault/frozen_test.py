#!/usr/bin/env python3
"""The daemon stands still (SIGSTOP) and goes on: no stampede, no second send, nothing early.

Merchants answer while it stands still, retries fall due and callers wait. Afterwards no merchant has more requests at
once than its window, and what was in flight settles once. With ACKD_LONG it stands still for longer than a request
may take, where an answer may come too late for the one who stood still: such a one is on record as unknown.
"""

import os
import signal
import threading

import findings
import harness
import oracle

WINDOW = 16
MERCHANTS = 3


def freeze(options, folder, seconds):
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        urls = [truth.merchant("slow_thirds", options.seed + number) for number in range(MERCHANTS)]
        daemon = harness.Daemon(options.ackd, folder, urls,
                                extra=f"delivery: {{lane_window: {WINDOW}, lane_window_first: {WINDOW}}}\n")
        try:
            daemon.start()
            truth.post(daemon.socket, options.seed, merchants_count=MERCHANTS)
            for _ in range(3):
                arrived = truth.figures()["arrived"]
                harness.wait_until(lambda: truth.figures()["arrived"] > arrived + 2 * WINDOW, 60, "requests are in flight")
                daemon.process.send_signal(signal.SIGSTOP)
                threading.Event().wait(seconds)  # the thing that is tried
                daemon.process.send_signal(signal.SIGCONT)
            verdict = truth.verdict(daemon, crashes=0)
            assert verdict.figures["most_at_once"] <= WINDOW, f"{verdict.figures} where {WINDOW} at once are allowed"
            assert daemon.stop() == 0, daemon.tail()
            return verdict.figures
        finally:
            daemon.end()


def test(options, folder):
    found = findings.Findings()
    for number, seconds in enumerate([5 / 3, 30] if os.environ.get("ACKD_LONG") else [5 / 3]):
        own = os.path.join(folder, str(number))
        os.mkdir(own)
        with found.case(f"A6 three times stopped for {seconds:.1f} s") as show:
            figures = freeze(options, own, seconds)
            again = figures["second_acknowledgements"]
            show("", "", f": {figures['accepted']} accepted, at most {figures['most_at_once']} at once, {again} sent again")
            # One that was in flight may have had its answer too late, and only where it stood still for that long.
            assert again <= (0 if seconds < 10 else 3 * WINDOW * MERCHANTS), figures
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
