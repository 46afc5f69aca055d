#!/usr/bin/env python3
"""A profile edited under pending notifications changes only what is admitted later, also over a restart."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402  (shared with the fault tests)


def edit(daemon, old, new):
    path = os.path.join(daemon.folder, "schedules", "payindex.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert old in text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def test(options, folder):
    merchant = harness.Merchant(lambda order, seen: (200, "OK"))
    daemon = harness.Daemon(options.ackd, folder, [merchant.url])
    try:
        daemon.start()
        client = harness.Client(daemon.socket)
        early = harness.notification("early", "m0")
        early["not_before"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5))
        status, answer = client.call("POST", "/v1/notifications", early)
        assert status == 201, answer
        assert daemon.stop() == 0
        edit(daemon, 'suffix: "&key={key}"', 'suffix: "&secret={key}"')
        daemon.start()
        client = harness.Client(daemon.socket)
        # The same post again is the same notification, whatever became of the profile.
        assert client.call("POST", "/v1/notifications", early) == (200, {**answer, "state": "pending", "duplicate": True})
        assert client.call("POST", "/v1/notifications", harness.notification("late", "m0"))[0] == 201
        harness.wait_until_ended(client, 30)
        signatures = {order: requests[0][1].rsplit(b"sign=")[1].decode() for order, requests in merchant.requests.items()}
        assert signatures["early"] == signature_of("early", "&key="), "signed by the edited rules"
        assert signatures["late"] == signature_of("late", "&secret="), "not signed by the edited rules"
        edit(daemon, "algorithm: md5", "algorithm: md55")
        assert daemon.stop() == 0
        daemon.start(may_die=True)
        daemon.process.wait(10)
        assert "payindex.yaml:" in daemon.tail() and "md55" in daemon.tail(), daemon.tail()
        print("a pending notification kept its revision; a broken profile is refused at the start with its line")
    finally:
        daemon.end()
        merchant.close()


def signature_of(order, suffix):
    """payindex by Python's own hashlib, independent of ackd's code."""
    import hashlib

    fields = {**harness.PAYINDEX_FIELDS, "orderid": order}
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields)) + suffix + "0123456789abcdef"
    return hashlib.md5(text.encode()).hexdigest().upper()


if __name__ == "__main__":
    harness.run(test, __doc__)
