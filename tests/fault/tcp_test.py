#!/usr/bin/env python3
"""Connections that are lost, refused, cut and closed at the worst moment: each try has its class, and is repeated.

Packets are dropped and refused by the kernel of the test's own network; once that is healed, everything is delivered.
"""

import os
import shutil
import socket
import subprocess
import threading
import time

import findings
import harness
import network
from world import World, seconds_of

DELAY_MS = 150
DELAYS = "[" + ", ".join([f"{DELAY_MS}ms"] * 100) + "]"
# Short where packets are dropped, because those are waited for. The kernel overhears an ICMP error that comes back
# before the call that it answers has ended, as they do within one machine, and hears the next one a second later.
SHORT = {"connect_timeout": "400ms", "total_timeout": "4s"}
LONG = {"connect_timeout": "3s", "total_timeout": "4s"}
# More than the kernel takes at once.
LARGE = "x" * 250_000

TIMED_OUT = ("unreachable", "connect_timeout")
TURNED_AWAY = ("unreachable", "connect_refused")
NO_HOST = ("unreachable", "host_unreachable")
NO_ROUTE = ("not_sent", "no_route")
BROKEN = ("unknown", "broken")


def lost(how):
    return lambda address: network.lose(address, how)


def routed(kind):
    return lambda address: network.command("ip", "route", "add", kind, address, "table", "local")


# H1: (name, address, what the network does, what comes of it). What a packet from outside says is about the receiver
# and uses an attempt up; what this machine decides by itself is not.
LOST = [
    ("dropped", "1.3.0.1", lost("drop"), TIMED_OUT),
    ("reset", "1.3.0.2", lost("reject with tcp reset"), TURNED_AWAY),
    ("port unreachable", "1.3.0.3", lost("reject with icmp type port-unreachable"), TURNED_AWAY),
    ("host unreachable", "1.3.0.4", lost("reject with icmp type host-unreachable"), NO_HOST),
    ("net unreachable", "1.3.0.5", lost("reject with icmp type net-unreachable"), NO_HOST),
    ("prohibited by a router", "1.3.0.6", lost("reject with icmp type admin-prohibited"), NO_HOST),
    ("net prohibited by a router", "1.3.0.7", lost("reject with icmp type net-prohibited"), NO_HOST),
    ("IPv6 dropped", "2606:4700::1", lost("drop"), TIMED_OUT),
    ("IPv6 reset", "2606:4700::2", lost("reject with tcp reset"), TURNED_AWAY),
    ("IPv6 prohibited by a router", "2606:4700::3", lost("reject with icmpv6 type admin-prohibited"), NO_HOST),
    ("IPv6 no route at a router", "2606:4700::4", lost("reject with icmpv6 type no-route"), NO_HOST),
    ("IPv6 address unreachable", "2606:4700::5", lost("reject with icmpv6 type addr-unreachable"), NO_HOST),
    ("IPv6 port unreachable", "2606:4700::6", lost("reject with icmpv6 type port-unreachable"), TURNED_AWAY),
    ("unreachable by our own table", "1.3.1.1", routed("unreachable"), NO_ROUTE),
    ("no route of our own", "1.3.1.2", routed("throw"), NO_ROUTE),
    ("prohibited by our own table", "1.3.1.3", routed("prohibit"), NO_ROUTE),
    ("blackhole of our own", "1.3.1.4", routed("blackhole"), NO_ROUTE),
    ("full backlog", "1.3.2.1", lambda address: None, TIMED_OUT),
]
FULL = ("1.3.2.1", 443)


def url_of(address):
    port = f":{FULL[1]}" if address == FULL[0] else ""
    return f"http://[{address}]{port}/notify" if ":" in address else f"http://{address}{port}/notify"


class FullBacklog:
    """A listener whose queue is full, so that the kernel answers no more SYN."""

    def __init__(self):
        self.listener = socket.create_server(FULL, backlog=0)
        self.waiting = [socket.socket() for _ in range(4)]
        for each in self.waiting:
            each.setblocking(False)
            each.connect_ex(FULL)

    def heal(self, receivers):
        for each in self.waiting:
            each.close()
        self.listener.listen(64)
        receivers.serve_from(self.listener)


def check_spacing(record):
    """Each attempt comes after the pause that the schedule asks for, counted from the end of the one before."""
    attempts = record["attempt_list"]
    for earlier, later in zip(attempts, attempts[1:]):
        pause_ms = 1000 * (seconds_of(later["started_at"]) - seconds_of(earlier["ended_at"]))
        assert pause_ms >= DELAY_MS - 1, f"attempt {later['number']} came {pause_ms:.0f} ms after the one before"


def check_lost(world, expected, identifier):
    tries = 1 if expected[0] == "not_sent" else 2
    harness.wait_until(lambda: len(world.endings(identifier)) >= tries, 20, f"{tries} tries: {world.record(identifier)}")
    endings = world.endings(identifier)
    assert {(each.outcome, each.end) for each in endings} == {expected}, f"{endings}, expected {expected}"
    assert max(each.seconds for each in endings) < 5, endings
    return endings


def try_lost(options, folder, found):
    usable = [each for each in LOST if ":" not in each[1] or network.has_ipv6()]
    merchants = [{"url": url_of(address), "options": SHORT if expected == TIMED_OUT else LONG}
                 for _, address, _, expected in usable]
    with World(options, folder, merchants, ports=(80,), delays=DELAYS) as world:
        full = FullBacklog()
        for _, address, break_it, _ in usable:
            break_it(address)
        began = time.monotonic()
        posted = [world.accepted(f"m{i}") for i in range(len(usable))]
        # What is not sent has the time until it is looked at, so it comes before those that are tried twice.
        for (name, _, _, expected), identifier in sorted(zip(usable, posted), key=lambda each: each[0][3][0] != "not_sent"):
            with found.case(f"H1 {name}", world.probe) as show:
                show(*expected, seconds=check_lost(world, expected, identifier)[0].seconds, since=began)
        network.heal()
        full.heal(world.receivers)
        for address in (address for _, address, _, _ in usable if address.startswith("1.3.1.")):
            network.command("ip", "route", "del", address, "table", "local")
        for (name, _, _, expected), identifier in zip(usable, posted):
            with found.case(f"H1 {name}, healed"):
                record = world.ended(identifier, "delivered")
                check_spacing(record)
                assert expected[0] != "not_sent" or record["attempts"] == 1, record["attempts"]


def cut(after_bytes, answer=b"", reset=True):
    """The first connection is cut after so many bytes of the request (None: all of it) and so much of an answer."""

    def script(connection):
        if connection.number > 1:
            while connection.read_request():
                connection.answer()
            return
        while after_bytes is not None and len(connection.buffer) < after_bytes:
            connection.read_some()
        if after_bytes is None:
            connection.read_request()
        connection.stream.sendall(answer)
        if reset:
            connection.reset()

    return script


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
# H2: (name, script of the receiver, whether the whole request was read the first time)
CUT = [
    ("RST before the request is read", cut(1), False),
    ("RST in the request", cut(1_000), False),
    ("RST late in the request", cut(200_000), False),
    ("closed in the request", cut(1_000, reset=False), False),
    ("RST after the request", cut(None), True),
    ("FIN after the request", cut(None, reset=False), True),
    ("RST in the status line", cut(None, HEAD[:9]), True),
    ("RST in the headers", cut(None, HEAD[:30]), True),
    ("FIN in the headers", cut(None, HEAD[:30], reset=False), True),
    ("RST after the headers", cut(None, HEAD), True),
    ("RST in the body", cut(None, HEAD + b"O"), True),
    ("FIN in the body", cut(None, HEAD + b"O", reset=False), True),
]


def address_of(group, i):
    return f"1.4.{group}.{i + 1}"


def take_large_bodies(folder):
    """A shipped profile whose body is the platform's own, but acknowledged by a text and repeated on our schedule."""
    with open(os.path.join(harness.SOURCE, "schedules", "github.yaml"), encoding="utf-8") as shipped:
        profile = shipped.read()
    for ours, theirs in (("match: exact\n  text: OK", "match: status_only"), (f"delays: {DELAYS}", "delays: []")):
        assert theirs in profile, theirs
        profile = profile.replace(theirs, ours)
    with open(os.path.join(folder, "schedules", "github.yaml"), "w", encoding="utf-8") as changed:
        changed.write(profile)


def try_cut(options, folder, found):
    own = {"provider": "github", "options": SHORT}
    merchants = [{"url": url_of(address_of(0, i)), **own} for i in range(len(CUT))]
    there = World(options, folder, merchants, delays=DELAYS)
    take_large_bodies(folder)
    with there as world:
        for i, (name, script, whole) in enumerate(CUT):
            address = address_of(0, i)
            world.receivers.scripts[address] = script
            with found.case(f"H2 {name}", world.probe) as show:
                identifier = world.accepted(f"m{i}", provider="github", fields={"event": "push"}, body=LARGE)
                record = world.ended(identifier, "delivered")
                first = record["attempt_list"][0]
                show(first["outcome"], first["end"])
                assert [(each["outcome"], each["end"]) for each in record["attempt_list"]] == [
                    BROKEN, ("acknowledged", "complete")], record["attempt_list"]
                check_spacing(record)
                requests = world.receivers.received(address)
                assert len(requests) == (2 if whole else 1), f"{len(requests)} requests arrived whole"
                assert {request.body for request in requests} == {LARGE.encode()}, "the repetition differs"


def wait_silently(connection):
    """The first request is never answered."""
    while connection.read_request():
        if connection.number == 1:
            connection.wait_for_end()
        connection.answer()


def try_killed(options, folder, found):
    """The kernel takes the connection away from the daemon while it waits for the answer."""
    with World(options, folder, [{"url": url_of("1.4.1.1"), "options": SHORT}], delays=DELAYS) as world:
        world.receivers.scripts["1.4.1.1"] = wait_silently
        with found.case("H2 ss -K while the answer is awaited", world.probe) as show:
            if shutil.which("ss") is None:
                raise harness.Skipped("no ss on this machine")
            identifier = world.accepted("m0")
            harness.wait_until(lambda: world.receivers.received("1.4.1.1"), 20, "the request arrived")
            killed = subprocess.run(["ss", "-H", "-K", "dst", "1.4.1.1", "dport", "=", "80"], capture_output=True, text=True,
                                    check=False)
            if not killed.stdout.strip():
                raise harness.Skipped("this kernel ends no sockets for ss -K")
            record = world.ended(identifier, "delivered")
            first = record["attempt_list"][0]
            show(first["outcome"], first["end"])
            assert (first["outcome"], first["end"]) == BROKEN, first
            assert len(world.receivers.received("1.4.1.1")) == 2


class ClosesAsItIsUsed:
    """Keeps so many connections open after an answer each, and closes each of them at the next request's first bytes. The
    very first has introduced the merchant, who is sent one request at a time before."""

    def __init__(self, idle, reset):
        self.last = idle + 1
        self.together = threading.Barrier(idle)
        self.reset = reset
        self.cut = 0

    def __call__(self, connection):
        request = connection.read_request()
        if connection.number <= self.last:
            self.together.wait(20)
        while request:
            connection.answer()
            if connection.number <= self.last:
                connection.read_some()
                self.cut += 1
                return connection.reset() if self.reset else None
            request = connection.read_request()


def try_closed_idle(options, folder, found):
    """H6: what the receiver closes just as it is used again is sent once more, on a new connection, and that is recorded."""
    cases = [(1, False), (1, True), (4, False), (4, True)]
    merchants = [{"url": url_of(address_of(2, i)), "options": SHORT} for i in range(len(cases))]
    merchants.append(url_of("1.4.3.1"))
    with World(options, folder, merchants, delays=DELAYS) as world:
        for i, (idle, reset) in enumerate(cases):
            address, script = address_of(2, i), ClosesAsItIsUsed(idle, reset)
            world.receivers.scripts[address] = lambda connection: connection.read_request() and connection.answer()
            world.deliver(f"m{i}")
            world.receivers.scripts[address] = script
            how = "reset" if reset else "closed"
            with found.case(f"H6 {idle} idle, {how} as it is used again", world.probe) as show:
                for identifier in [world.accepted(f"m{i}") for _ in range(idle)]:
                    record = world.ended(identifier, "delivered")
                    assert [each["sends"] for each in record["attempt_list"]] == [1], record["attempt_list"]
                record = world.deliver(f"m{i}")
                attempts = [(each["outcome"], each["end"], each["sends"]) for each in record["attempt_list"]]
                show(*attempts[0][:2], f": {attempts[0][2]} sends")
                assert attempts == [("acknowledged", "complete", 2)], attempts
                assert script.cut == 1, f"{script.cut} connections were tried"
                assert world.client.call("GET", "/v1/stats")[1]["silent_resends"] == i + 1
        with found.case("H6 control: an idle connection closed in good time costs nothing", world.probe) as show:
            world.receivers.scripts["1.4.3.1"] = lambda connection: connection.read_request() and connection.answer()
            for _ in range(3):
                attempts = world.deliver(f"m{len(cases)}")["attempt_list"]
                assert [each["sends"] for each in attempts] == [1], attempts
            show("acknowledged", "complete")


PARTS = [try_lost, try_cut, try_killed, try_closed_idle]


def test(options, folder):
    found = findings.Findings()
    for part, own in findings.each_in_its_folder(PARTS, folder):
        part(options, own, found)
    found.close()


if __name__ == "__main__":
    network.run(test, __doc__)
