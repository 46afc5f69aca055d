#!/usr/bin/env python3
"""A record that can no longer be trusted ends the daemon by itself, non-zero, and a second owner is refused.

Somebody else commits to the outbox while ackd owns it. Nothing is asked of the daemon meanwhile; it must notice alone.
"""

import os
import sqlite3

import harness


def test(options, folder):
    merchant = harness.Merchant(lambda order, seen: (200, "OK"))
    daemon = harness.Daemon(options.ackd, folder, [merchant.url])
    try:
        daemon.start()
        client = harness.Client(daemon.socket)
        status, answer = client.call("POST", "/v1/notifications", harness.notification("before", "m0"))
        assert status == 201, answer
        harness.wait_until_ended(client, 20)

        second = harness.Daemon(options.ackd, folder, [merchant.url])
        second.start(may_die=True)
        assert second.process.wait(10) == 1 and "lock" in second.tail(), second.tail()
        assert daemon.process.poll() is None, "the owner was disturbed by a second daemon"

        foreign = sqlite3.connect(os.path.join(folder, "data", "outbox.db"))
        foreign.execute("UPDATE counter SET value = value + 1 WHERE name = 'attempts'")
        foreign.commit()
        foreign.close()
        assert daemon.process.wait(5) == 70, daemon.tail()
        assert "another process has written" in daemon.tail(), daemon.tail()

        daemon.start()
        record = next(harness.records(harness.Client(daemon.socket), [answer["id"]]))
        assert record["state"] == "delivered", record
        assert daemon.stop() == 0
        print("a foreign commit ended the idle daemon with 70 within 5 s; a second daemon was refused")
    finally:
        daemon.end()
        merchant.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
