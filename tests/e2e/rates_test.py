#!/usr/bin/env python3
"""What an operator and a merchant may ask for: so many requests a second to a merchant and to a host, to named ones and to
every one, a pause that ends by itself, also over a kill, and giving up after a time.
"""

import json
import os
import sys
import time

from ackctl import Ackctl

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402  (shared with the fault tests)
import world  # noqa: E402

SLOW, PAUSED, REFUSED, OTHER = "m0", "m1", "m2", "m3"
RATE, BURST = 10, 2  # of the slow one, by its own option
HOST_RATE = 20  # of the host of the other
EVERY_LANE = {"lane_rate": 10, "lane_rate_burst": 2}  # of each merchant that has no rate of its own
EVERY_HOST = {"host_rate": 15, "host_rate_burst": 3}  # less than two of them
ORDERS = 22
PAUSE_S = 4
EARLY_S = 0.05  # between a start and its token the request is signed


def started(ackctl, ids):
    """When each was sent, by ackd's record: when they arrive depends on how busy the machine is."""
    return sorted(world.seconds_of(attempt["started_at"])
                  for each in ids for attempt in ackctl.json("show", each, expect=0)["attempt_list"])


def check_rate(at, rate, burst):
    """Whatever window one looks at, not more than the burst and what the rate brings in it."""
    for first, begin in enumerate(at):
        for last in range(first, len(at)):
            allowed = burst + rate * (at[last] - begin + EARLY_S)
            assert last - first + 1 <= allowed, f"{last - first + 1} requests in {at[last] - begin:.3f} s"


def check_rates(client, ackctl):
    waiting = harness.post_some(client, SLOW, ORDERS)
    why = client.call("GET", f"/v1/notifications/{waiting[-1]}/why")[1]
    assert f"the rate of its merchant, {RATE} a second, is used up" in str(why), why
    others = harness.post_some(client, OTHER, ORDERS)
    lane = ackctl.json("lane", "ls", "--merchant", SLOW, expect=0)
    assert (lane["rate"], lane["rate_burst"]) == (RATE, BURST), lane
    harness.wait_until(lambda: harness.counts(client)["delivered"] == 2 + 2 * ORDERS, 30, "all are delivered")
    at = started(ackctl, waiting)
    check_rate(at, RATE, BURST)
    check_rate(started(ackctl, others), HOST_RATE, HOST_RATE)
    took = at[-1] - at[0]
    assert took >= (ORDERS - BURST) / RATE - EARLY_S, f"{ORDERS} requests in {took:.2f} s"
    print(f"{ORDERS} requests at {RATE} a second in {took:.2f} s")


def check_pause(daemon, client, ackctl, paused):
    begun = time.time()
    ackctl.run("merchant", "pause", "payindex", PAUSED, "--for", f"{PAUSE_S}s", "--reason", "moves", expect=0)
    harness.post_some(client, PAUSED, 1)
    shown = ackctl.json("merchant", "show", "payindex", PAUSED, expect=0)
    assert shown["state"] == "paused" and shown["pause_reason"] == "moves" and shown["paused_until"], shown
    assert "paused until" in ackctl.run("merchant", "show", "payindex", PAUSED, expect=0)
    daemon.kill()
    daemon.start()
    assert ackctl.json("merchant", "show", "payindex", PAUSED, expect=0)["paused_until"] == shown["paused_until"]
    harness.wait_until(lambda: paused.arrivals(), PAUSE_S + 20, "sending goes on by itself")
    assert time.time() - begun >= PAUSE_S - EARLY_S, "sent before the pause had ended"
    again = ackctl.json("merchant", "show", "payindex", PAUSED, expect=0)
    assert again["state"] == "active" and "paused_until" not in again, again
    refused = ackctl.run("merchant", "pause", "payindex", PAUSED, "--until", "2020-01-01T00:00:00Z", expect=1)
    assert "over already" in refused, refused


def check_given_up(client, ackctl):
    given_up = harness.post_some(client, REFUSED, 1)[0]
    harness.wait_until(lambda: harness.counts(client)["exhausted"] == 1, 30, "it is given up")
    shown = ackctl.json("show", given_up, expect=0)
    assert "given up" in shown["reason"] and "give_up_after" in shown["reason"], shown
    assert 2 <= shown["attempts"] <= 4, shown


def test_named(options, folder):
    slow, paused, other = answering = [harness.Merchant(lambda *_: (200, "OK")) for _ in range(3)]
    refused = harness.Merchant(lambda *_: (200, "no"))
    host = other.url.rsplit("/", 1)[0]
    merchants = [{"url": slow.url, "options": {"rate": str(RATE), "rate_burst": str(BURST)}}, paused.url,
                 {"url": refused.url, "options": {"give_up_after": "3s"}}, other.url]
    extra = f'delivery: {{host_rates: {{"{host}": {{rate: {HOST_RATE}}}}}}}\n'
    daemon = harness.Daemon(options.ackd, folder, merchants, delays="[1s, 1s, 1s, 1s, 1s, 1s]", extra=extra)
    try:
        daemon.start()
        client, ackctl = harness.Client(daemon.socket), Ackctl(options.ackctl, daemon)
        for merchant in (SLOW, OTHER):
            harness.post_some(client, merchant, 1, "first")  # it has more than one request in flight from now on
        harness.wait_until(lambda: harness.counts(client)["delivered"] == 2, 20, "they have answered")
        check_rates(client, ackctl)
        check_given_up(client, ackctl)
        check_pause(daemon, client, ackctl, paused)
        assert daemon.stop() == 0, daemon.tail()
    finally:
        daemon.end()
        for merchant in [*answering, refused]:
            merchant.close()


def check_every_rate(client, ackctl):
    """The first two are on one host, the third has one of its own and the fourth a rate of its own."""
    ids = [harness.post_some(client, f"m{i}", ORDERS) for i in range(4)]
    rates = [ackctl.json("lane", "ls", "--merchant", f"m{i}", expect=0)["rate"] for i in range(4)]
    assert rates == [EVERY_LANE["lane_rate"]] * 3 + [RATE // 2], rates
    harness.wait_until(lambda: harness.counts(client)["delivered"] == 4 * (1 + ORDERS), 30, "all are delivered")
    at = [started(ackctl, each) for each in ids]
    for of_lane in at[:3]:
        check_rate(of_lane, EVERY_LANE["lane_rate"], EVERY_LANE["lane_rate_burst"])
    of_host = sorted(at[0] + at[1])
    check_rate(of_host, EVERY_HOST["host_rate"], EVERY_HOST["host_rate_burst"])
    took = of_host[-1] - of_host[0]
    assert took >= (2 * ORDERS - EVERY_HOST["host_rate_burst"]) / EVERY_HOST["host_rate"] - EARLY_S, f"all in {took:.2f} s"
    check_rate(at[3], RATE // 2, BURST)
    print(f"{2 * ORDERS} requests of two merchants at {EVERY_HOST['host_rate']} a second to their host in {took:.2f} s")


def test_every(options, folder):
    receivers = [harness.Merchant(lambda *_: (200, "OK")) for _ in range(3)]
    shared, alone, own = (each.url for each in receivers)
    merchants = [shared, shared, alone, {"url": own, "options": {"rate": str(RATE // 2), "rate_burst": str(BURST)}}]
    extra = f"delivery: {json.dumps({**EVERY_LANE, **EVERY_HOST})}\n"
    daemon = harness.Daemon(options.ackd, folder, merchants, extra=extra)
    try:
        daemon.start()
        client, ackctl = harness.Client(daemon.socket), Ackctl(options.ackctl, daemon)
        for i in range(4):
            harness.post_some(client, f"m{i}", 1, "first")
        harness.wait_until(lambda: harness.counts(client)["delivered"] == 4, 20, "they have answered")
        check_every_rate(client, ackctl)
        assert daemon.stop() == 0, daemon.tail()
    finally:
        daemon.end()
        for receiver in receivers:
            receiver.close()


def test(options, folder):
    for name, part in (("named", test_named), ("every", test_every)):
        os.makedirs(os.path.join(folder, name))
        part(options, os.path.join(folder, name))


if __name__ == "__main__":
    harness.run(test, __doc__)
