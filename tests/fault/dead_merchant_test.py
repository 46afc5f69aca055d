#!/usr/bin/env python3
"""One merchant goes down and the others do not notice: it is tried with one request at a time and growing pauses, `ackctl`
says so, and when it answers again everything that waited goes out.
"""

import os
import sys
import threading
import time

import harness

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "e2e"))
from ackctl import Ackctl  # noqa: E402  (shared with the end-to-end tests)

DEAD, HEALTHY = "m0", "m1"
WAITING = 30
HEALTHY_ORDERS = 200
WINDOW = 16  # delivery.lane_window
BEFORE = 10  # that it answers before it goes down
PAUSES_S = (1, 2, 4)


def pauses(came):
    """Between the requests that came alone; not those between the first few."""
    return [after - before for before, after in zip(came, came[1:]) if after - before > 0.9 * PAUSES_S[0]]


def check_pauses(came):
    """About a windowful at once, then one at a time, each pause twice as long as the one before."""
    alone = pauses(came)
    at_once = len(came) - len(alone)
    assert 2 <= at_once <= 2 * WINDOW, f"{at_once} at once to a merchant that is down"
    assert all(took > 0.9 * pause for took, pause in zip(alone, PAUSES_S)), f"pauses of {alone} s, not of {PAUSES_S} s"


def test(options, folder):
    down = threading.Event()
    dead = harness.Merchant(lambda *_: (503, "down") if down.is_set() else (200, "OK"))
    healthy = harness.Merchant(lambda *_: (200, "OK"))
    daemon = harness.Daemon(options.ackd, folder, [dead.url, healthy.url], delays="[5s, 5s, 5s, 5s, 5s, 5s]")
    try:
        daemon.start()
        client, ackctl = harness.Client(daemon.socket), Ackctl(options.ackctl, daemon)
        harness.post_some(client, DEAD, BEFORE, "before")
        harness.wait_until(lambda: harness.counts(client)["delivered"] == BEFORE, 20, "it answers")
        down.set()
        waiting = harness.post_some(client, DEAD, WAITING)
        harness.wait_until(lambda: len(dead.arrivals()) > BEFORE, 20, "the dead merchant is tried")
        began = time.monotonic()
        harness.post_some(client, HEALTHY, HEALTHY_ORDERS)
        harness.wait_until(lambda: harness.counts(client)["delivered"] == BEFORE + HEALTHY_ORDERS, 20, "the healthy one has all of its own")
        took = time.monotonic() - began
        harness.wait_until(lambda: len(pauses(dead.arrivals()[BEFORE:])) >= len(PAUSES_S), 30, "it was tried a few times more")
        check_pauses(dead.arrivals()[BEFORE:])
        lane = ackctl.json("lane", "ls", "--merchant", DEAD, expect=0)
        assert lane["squeezed"] and lane["window"] == 1 and "503" in lane["trouble"], lane
        assert "its merchant fails" in ackctl.run("lane", "show", "payindex", DEAD, expect=0)
        why = ackctl.run("why", waiting[-1], expect=0)
        assert "its merchant fails" in why, why
        down.clear()
        harness.wait_until_ended(client, 60)
        figures = harness.counts(client)
        assert figures["delivered"] == BEFORE + WAITING + HEALTHY_ORDERS, figures
        assert daemon.stop() == 0, daemon.tail()
        print(f"{HEALTHY_ORDERS} to the healthy one in {took:.2f} s beside {len(dead.arrivals())} requests to the other")
    finally:
        daemon.end()
        dead.close()
        healthy.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
