#!/usr/bin/env python3
"""SIGTERM under load: what is in flight is finished, nothing new starts, and the exit is clean; twice is at once."""

import signal
import threading
import time

import harness


def drain_with_slow_merchant(options, folder):
    release = threading.Event()

    def policy(order, seen):
        release.wait(20)
        return (200, "OK")

    merchant = harness.Merchant(policy)
    merchant.lock = harness.threading.RLock()
    daemon = harness.Daemon(options.ackd, folder, [merchant.url])
    try:
        daemon.start()
        client = harness.Client(daemon.socket)
        status, answer = client.call("POST", "/v1/notifications", harness.notification("slow-1", "m0"))
        assert status == 201, answer
        harness.wait_until(lambda: merchant.requests.get("slow-1"), 10, "the request is in flight")
        daemon.process.send_signal(signal.SIGTERM)

        def refuses():
            try:
                return harness.Client(daemon.socket).call(
                    "POST", "/v1/notifications", harness.notification("late-1", "m0"))[0] == 503
            except (OSError, harness.http.client.HTTPException):
                return True

        harness.wait_until(refuses, 10, "new work is refused")
        assert daemon.process.poll() is None, "the daemon left while a request was in flight"
        release.set()
        assert daemon.process.wait(20) == 0, daemon.tail()
        daemon.start()
        record = next(harness.records(harness.Client(daemon.socket), [answer["id"]]))
        assert record["state"] == "delivered" and len(record["attempt_list"]) == 1, record
        assert len(merchant.requests["slow-1"]) == 1, "sent twice over a clean restart"
        assert daemon.stop() == 0
    finally:
        release.set()
        daemon.end()
        merchant.close()


def second_signal(options, folder):
    never = threading.Event()
    merchant = harness.Merchant(lambda order, seen: (never.wait(20), None)[1])
    daemon = harness.Daemon(options.ackd, folder, [merchant.url])
    try:
        daemon.start()
        client = harness.Client(daemon.socket)
        assert client.call("POST", "/v1/notifications", harness.notification("slow-2", "m0"))[0] == 201
        harness.wait_until(lambda: merchant.requests.get("slow-2"), 10, "the request is in flight")
        daemon.process.send_signal(signal.SIGTERM)
        harness.wait_until(lambda: not daemon.is_ready(), 10, "the drain has begun")
        daemon.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        assert daemon.process.wait(5) != 0, "an abandoned drain must not look like a clean end"
        assert time.monotonic() - started < 3
        daemon.start()
        client = harness.Client(daemon.socket)
        listed = client.call("GET", "/v1/notifications?subject=slow-2")[1]["notifications"]
        record = next(harness.records(client, [listed[0]["id"]]))
        outcomes = [attempt["outcome"] for attempt in record["attempt_list"]]
        assert outcomes[:1] == ["possibly_sent"], outcomes
    finally:
        never.set()
        daemon.end()
        merchant.close()


def test(options, folder):
    import os

    for part in (drain_with_slow_merchant, second_signal):
        place = os.path.join(folder, part.__name__)
        os.mkdir(place)
        part(options, place)
    print("drained cleanly with one attempt; a second signal ended at once and left a possibly sent attempt")


if __name__ == "__main__":
    harness.run(test, __doc__)
