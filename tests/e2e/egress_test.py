#!/usr/bin/env python3
"""Where requests may go, on the real daemon: what the policy refuses is held with its reason, uses no attempt and reaches
nobody; it is sent once an operator permits it. `ackctl egress` explains beforehand.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402  (shared with the fault tests)
from ackctl import Ackctl  # noqa: E402


class World:
    """A merchant that acknowledges, an API on TCP, and a port that the policy permits beside it."""

    def __init__(self, binaries, folder):
        self.receiver = harness.Merchant(lambda order, times_seen: (200, "OK"))
        self.api_port = harness.free_port()
        port = self.receiver.port
        urls = [
            f"http://127.0.0.1:{port}/m0",
            f"http://127.0.0.1:{self.api_port}/v1/notifications",
            f"http://127.0.0.1:{harness.free_port()}/m2",
            f"http://10.1.2.3:{port}/m3",
            f"http://shop.test:{port}/m4",
            f"http://mixed.test:{port}/m5",
            f"http://denied.test:{port}/m6",
        ]
        hosts = "hosts: {shop.test: 127.0.0.1, mixed.test: [127.0.0.1, 10.1.2.3], denied.test: 127.0.0.1}\n"
        self.daemon = harness.Daemon(binaries.ackd, folder, urls)
        with open(os.path.join(folder, "config.yaml"), encoding="utf-8") as config:
            merchants = config.read().split("merchants:\n")[1]
        egress = f'allow: ["127.0.0.0/8"], ports: [{port}, {self.api_port}], deny_hosts: ["denied.test"]'
        self.daemon.configure(hosts + "merchants:\n" + merchants, self.api_port, egress)
        self.daemon.start()
        self.client = harness.Client(self.daemon.socket)
        self.ackctl = Ackctl(binaries.ackctl, self.daemon)

    def send(self, order, merchant):
        status, answer = self.client.call("POST", "/v1/notifications", harness.notification(order, merchant))
        assert status == 201, answer
        return answer["id"]

    def ended(self, identifier):
        def look():
            found = self.client.call("GET", f"/v1/notifications/{identifier}")[1]
            return found if found["state"] != "pending" else None

        return harness.wait_until(look, 20, f"{identifier} is over or held")

    def close(self):
        self.daemon.end()
        self.receiver.close()


def check_refusals(world):
    for merchant in ("m0", "m4"):
        assert world.ended(world.send("o-" + merchant, merchant))["state"] == "delivered", merchant
    words = {
        "m1": "where ackd itself listens",
        "m2": "is not among egress.ports",
        "m3": "10.1.2.3 is a private network",
        "m5": "10.1.2.3 is a private network",
        "m6": "denied by egress.deny_hosts",
    }
    for merchant, reason in words.items():
        found = world.ended(world.send("o-" + merchant, merchant))
        assert found["state"] == "held" and found["attempts"] == 0, found
        assert reason in found["reason"], found
    assert sorted(world.receiver.requests) == ["o-m0", "o-m4"]
    stats = world.client.call("GET", "/v1/stats")[1]
    assert stats["admitted"] == 7, stats  # ackd took nothing in from itself


def check_permission(world):
    """A merchant on record is refused, permitted by its operator, and retried by hand."""
    inner = f"http://10.9.9.9:{world.receiver.port}/x"
    world.ackctl.run("merchant", "add", "payindex", "inner", "--url", inner, "--key-file",
                     os.path.join(world.daemon.folder, "m.key"), expect=0)
    identifier = world.send("o-inner", "inner")
    assert world.ended(identifier)["state"] == "held"
    refused = world.ackctl.run("egress", "check", "--provider", "payindex", "--merchant", "inner", expect=1)
    assert "refused: 10.9.9.9 is a private network" in refused, refused
    world.ackctl.run("merchant", "set", "payindex", "inner", "--url", f"http://127.0.0.1:{world.receiver.port}/x",
                     expect=0)
    world.ackctl.run("retry", identifier, expect=0)
    assert world.ended(identifier)["state"] == "delivered"


def check_ackctl(world):
    good = world.ackctl.run("egress", "check", f"http://shop.test:{world.receiver.port}/x", expect=0)
    assert "allowed" in good and "127.0.0.1" in good, good
    mixed = world.ackctl.json("egress", "check", f"http://mixed.test:{world.receiver.port}/", expect=1)
    assert [address["allowed"] for address in mixed["addresses"]] == [True, False], mixed
    odd = world.ackctl.run("egress", "check", "http://user@shop.test/", expect=1)
    assert "user name" in odd, odd
    world.ackctl.run("egress", "check", expect=1)
    assert "denied.test" in world.ackctl.run("egress", "show", expect=0)
    assert world.ackctl.run("egress", "ls", expect=0).strip() == ""
    key = os.path.join(world.daemon.folder, "m.key")
    world.ackctl.run("merchant", "add", "payindex", "loose", "--url", "https://loose.test/", "--key-file", key,
                     "--option", "egress_ports=8443", "--option", "proxy=none", expect=0)
    listed = world.ackctl.run("egress", "ls", expect=0)
    assert "egress_ports" in listed and "8443" in listed and "proxy" in listed, listed
    unknown = world.ackctl.run("merchant", "set", "payindex", "loose", "--option", "tls_ca=bank", expect=1)
    assert "tls.authorities" in unknown, unknown


def test(binaries, folder):
    world = World(binaries, folder)
    try:
        check_refusals(world)
        check_permission(world)
        check_ackctl(world)
    finally:
        world.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
