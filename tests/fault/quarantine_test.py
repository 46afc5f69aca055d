#!/usr/bin/env python3
"""A notification that kills the daemon whenever it is sent is quarantined after three lonely crashes; others flow.

The merchant plays the poison: when it receives that order it kills the daemon before it answers. One more order is
killed right after its acknowledgement, which may cost exactly one second send.
"""

import os
import signal

import harness


def test(options, folder):
    daemon = None
    killed = {"poison": 0, "acknowledged": 0}

    def policy(order, seen):
        if order == "poison":
            killed["poison"] += 1
            os.kill(daemon.process.pid, signal.SIGKILL)
            return None
        return (200, "OK")

    merchant = harness.Merchant(policy)
    serve = merchant.serve

    class KillingWriter:
        """Kills the daemon right after the acknowledgement of the order `late-kill` has left."""

        def __init__(self, writer):
            self.writer = writer

        def write(self, data):
            self.writer.write(data)

        def flush(self):
            self.writer.flush()
            if merchant.requests.get("late-kill") and killed["acknowledged"] == 0:
                killed["acknowledged"] = 1
                os.kill(daemon.process.pid, signal.SIGKILL)

    merchant.serve = lambda reader, writer: serve(reader, KillingWriter(writer))
    daemon = harness.Daemon(options.ackd, folder, [merchant.url] * 2)
    try:
        daemon.start()
        identifier = harness.Client(daemon.socket).call(
            "POST", "/v1/notifications", harness.notification("poison", "m0"))[1]["id"]
        crashes = others = 0
        while True:
            harness.wait_until(lambda: daemon.process.poll() is not None or is_held(daemon, identifier), 30,
                               "the poison kills the daemon or is held")
            if daemon.process.poll() is None:
                break
            crashes += 1
            assert crashes <= 4, f"{crashes} crashes and still not quarantined"
            daemon.start(may_die=True)
            try:
                others += post(daemon, f"other-{others + 1}")
            except (OSError, harness.http.client.HTTPException):
                pass  # the poison was faster
        others += post(daemon, f"other-{others + 1}")
        client = harness.Client(daemon.socket)
        record = next(harness.records(client, [identifier]))
        assert record["state"] == "held" and "quarantined" in record["reason"], record
        # The first crash only makes it suspect; three more while it is the only suspect in flight hold it.
        assert crashes == 4, f"quarantined after {crashes} crashes"
        assert [a["outcome"] for a in record["attempt_list"]] == ["possibly_sent"] * 4, record["attempt_list"]

        status, late = client.call("POST", "/v1/notifications", harness.notification("late-kill", "m1"))
        assert status == 201, late
        harness.wait_until(lambda: daemon.process.poll() is not None, 20, "the daemon was killed after an answer")
        daemon.process.wait()
        daemon.start()
        client = harness.Client(daemon.socket)
        harness.wait_until_ended(client, 30)
        for order in ["late-kill"] + [f"other-{n}" for n in range(1, others + 1)]:
            listed = client.call("GET", f"/v1/notifications?subject={order}")[1]["notifications"]
            assert [row["state"] for row in listed] == ["delivered"], (order, listed)
        arrived = merchant.requests["late-kill"]
        assert 1 <= len(arrived) <= 2 and len({body for _, body in arrived}) == 1, arrived
        print(f"quarantined after {crashes} crashes, 3 of them lonely; killed after the answer: {len(arrived)} sends")
    finally:
        daemon.end()
        merchant.close()


def post(daemon, order):
    return harness.Client(daemon.socket).call("POST", "/v1/notifications", harness.notification(order, "m1"))[0] in (200, 201)


def is_held(daemon, identifier):
    try:
        return harness.Client(daemon.socket).call("GET", f"/v1/notifications/{identifier}")[1]["state"] == "held"
    except (OSError, KeyError, harness.http.client.HTTPException):
        return False


if __name__ == "__main__":
    harness.run(test, __doc__)
