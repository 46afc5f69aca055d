#!/usr/bin/env python3
"""kill -9 of the real daemon at random moments under load: nothing accepted is lost, second sends are explained.

Ingest and delivery run at once; the merchant fails a third of the time, sometimes without an answer. After the last
kill everything must end, and the oracle's books are compared with what is on record.
"""

import os
import random
import threading
import time

import harness
import oracle

# 5 s are promised, and printed; a machine that is busy with other tests takes longer to give a process its turn.
RESTART_SECONDS_MAX = 90


def test(options, folder):
    rounds = options.rounds or (2000 if os.environ.get("ACKD_LONG") else 12)
    chooser = random.Random(options.seed)
    slowest = 0
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        daemon = harness.Daemon(options.ackd, folder, [truth.merchant("thirds", options.seed)] * 3)
        try:
            daemon.start()
            truth.post(daemon.socket, options.seed, merchants_count=3, pause=max(0.01, rounds / 20_000))
            for _ in range(rounds):
                threading.Event().wait(chooser.uniform(0.005, 0.5))
                daemon.kill()
                began = time.monotonic()
                daemon.start(ready_seconds=RESTART_SECONDS_MAX)
                slowest = max(slowest, time.monotonic() - began)
            client = harness.Client(daemon.socket)
            harness.wait_until(lambda: not client.call("GET", "/v1/stats")[1]["engine"]["recovering"], 60, "recovered")
            held = truth.end_holds(daemon, "retry")  # who was the only one in flight three times is quarantined
            verdict = truth.verdict(daemon, crashes=rounds)
            assert verdict.figures["accepted"] > rounds, "too little load to mean anything"
            assert daemon.stop() == 0, "the drain did not end well:\n" + daemon.tail()
            print(f"{rounds} kills, ready again within {slowest:.2f} s, {held} quarantined: {verdict}")
        finally:
            daemon.end()


if __name__ == "__main__":
    harness.run(test, __doc__)
