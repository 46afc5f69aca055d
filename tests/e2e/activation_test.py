#!/usr/bin/env python3
"""A merchant of a protocol that asks for activation: held, probed, restarted, activated, released; a new URL anew."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402  (shared with the fault tests)

from ackctl import Ackctl  # noqa: E402

PROBED_ORDER = "20250101120000000001"  # the example of the profile's order number


class Activated(harness.Daemon):
    """The harness's daemon with a profile that requires activation, one request at a time so that order shows."""

    def __init__(self, binary, folder, url):
        super().__init__(binary, folder, [url], extra="delivery: {lane_window: 1}\n")
        self.edit("schedules/payindex.yaml", "schedule:\n", 'activation: {required: true, source: {inferred: "a test"}}\n\nschedule:\n')

    def edit(self, name, old, new):
        path = os.path.join(self.folder, name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert old in text, old
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))


def post(client, order):
    status, answer = client.call("POST", "/v1/notifications", harness.notification(order, "m0"))
    assert status == 201, answer
    return answer


def state(client, identifier):
    return client.call("GET", f"/v1/notifications/{identifier}")[1]["state"]


def states(client, identifiers):
    return {state(client, identifier) for identifier in identifiers}


def orders_at(merchant):
    """Orders in the order of their first arrival, without probes."""
    with merchant.lock:
        return [order for order in merchant.requests if order != PROBED_ORDER]


def probes_at(merchant):
    with merchant.lock:
        return len(merchant.requests.get(PROBED_ORDER, []))


def automatic_probe_ends(merchant, client, count):
    harness.wait_until(lambda: probes_at(merchant) == count, 20, "the URL was probed at the start")
    harness.wait_until(lambda: harness.counts(client)["pending"] == 0, 20, "the probe has its outcome")


def held_until_a_probe_is_acknowledged(daemon, ackctl, merchant, answers):
    daemon.start()
    client = harness.Client(daemon.socket)
    automatic_probe_ends(merchant, client, 1)
    assert "probe_failed" in daemon.tail(), daemon.tail()
    held = [post(client, f"early-{i}") for i in range(3)]
    assert {answer["state"] for answer in held} == {"held"}, held
    why = client.call("GET", f"/v1/notifications/{held[0]['id']}")[1]["reason"]
    assert "ackctl merchant probe payindex m0" in why, why
    refused = ackctl.json("merchant", "probe", "payindex", "m0", expect=1)
    assert refused["notification"]["state"] == "exhausted" and refused["merchant"]["state"] == "unverified", refused
    assert "'NO'" in ackctl.run("merchant", "test-send", "payindex", "m0", expect=1)
    assert states(client, [answer["id"] for answer in held]) == {"held"}
    assert orders_at(merchant) == []
    return [answer["id"] for answer in held]


def restart_changes_nothing(daemon, merchant, identifiers):
    probes = probes_at(merchant)
    assert daemon.stop() == 0
    daemon.start()
    client = harness.Client(daemon.socket)
    identifiers.append(post(client, "later")["id"])
    assert states(client, identifiers) == {"held"}
    assert probes_at(merchant) == probes, "a restart probed the same URL again"


def activation_releases(daemon, ackctl, merchant, answers, identifiers):
    answers["text"] = "OK"
    done = ackctl.json("merchant", "probe", "payindex", "m0", expect=0)
    assert done["acknowledged"] and done["merchant"]["state"] == "active", done
    assert done["merchant"]["activated"]["url"] == merchant.url, done
    client = harness.Client(daemon.socket)
    harness.wait_until_ended(client, 30)
    assert states(client, identifiers) == {"delivered"}
    assert orders_at(merchant) == ["early-0", "early-1", "early-2", "later"], orders_at(merchant)
    assert post(client, "straight")["state"] == "pending"
    harness.wait_until_ended(client, 30)


def changed_url_is_held_again(daemon, ackctl, merchant, answers):
    answers["text"] = "NO"
    client = harness.Client(daemon.socket)
    pending = post(client, "unlucky")  # not acknowledged: pending for its next attempt when the URL changes
    harness.wait_until(lambda: "unlucky" in orders_at(merchant), 20, "the last order was tried")
    daemon.kill()
    daemon.edit("config.yaml", merchant.url, merchant.url + "/moved")
    probes = probes_at(merchant)
    daemon.start()
    client = harness.Client(daemon.socket)
    automatic_probe_ends(merchant, client, probes + 1)
    if state(client, pending["id"]) != "exhausted":  # its whole schedule may have passed before the kill
        assert state(client, pending["id"]) == "held"
    assert post(client, "moved")["state"] == "held"
    shown = ackctl.json("merchant", "show", "payindex", "m0", expect=0)
    assert shown["state"] == "unverified" and shown["activated"]["url"] == merchant.url, shown
    assert "unverified" in ackctl.run("merchant", "ls", expect=0)
    answers["text"] = "OK"
    ackctl.run("merchant", "probe", "payindex", "m0", expect=0)
    harness.wait_until_ended(client, 30)
    assert "moved" in orders_at(merchant)
    assert harness.counts(client)["held"] == 0


def test(options, folder):
    answers = {"text": "NO"}
    merchant = harness.Merchant(lambda order, seen: (200, answers["text"]))
    daemon = Activated(options.ackd, folder, merchant.url)
    ackctl = Ackctl(options.ackctl, daemon)
    try:
        identifiers = held_until_a_probe_is_acknowledged(daemon, ackctl, merchant, answers)
        restart_changes_nothing(daemon, merchant, identifiers)
        activation_releases(daemon, ackctl, merchant, answers, identifiers)
        changed_url_is_held_again(daemon, ackctl, merchant, answers)
        print("held, probed, restarted, activated and released in order; a changed URL was held and probed anew")
    finally:
        daemon.end()
        merchant.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
