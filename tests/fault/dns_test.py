#!/usr/bin/env python3
"""Name servers that are silent, broken, hostile or of two minds: each costs its own names only, and leads nowhere else.

The names are answered by a server of the test's own, through the system's own /etc/resolv.conf.
"""

import os
import signal
import socket
import struct
import threading
import time

import findings
import harness
import name_server
import network
from name_server import A, AAAA, CNAME, address, has, in_turn, only_over_tcp, record, reply, says, silent, spelled
from world import World, seconds_of

PUBLIC = "1.1.1.1"
PUBLIC_V6 = "2606:4700::1"
INSIDE = "10.0.0.7"
METADATA = "169.254.169.254"
INNER = "1.1.1.77"  # stands for a host of the inner network; public, so that nothing but the name keeps it away
THOUSAND = [f"1.2.{i // 250}.{i % 250 + 1}" for i in range(1000)]

# Limits for a machine that is shared with other tests; the figures are printed. A resolver that blocks stalls for nine
# seconds.
STALL_SECONDS_MAX = 2.0
GROWTH_KIB_MAX = 64 * 1024
SILENT_ENDPOINTS = 1_000
# Merchants that are well: at addresses and names that were used before, and at names first met among the silent ones.
KNOWN = [f"http://h{i}.known.test/notify" for i in range(10)] + [f"http://1.1.1.{i}/notify" for i in range(1, 11)]
FRESH = [f"http://h{i}.fresh.test/notify" for i in range(10)]
KNOWN_SECONDS_MAX = 3
FRESH_SECONDS_MAX = 15
# What the lookups of one name may take together: two tries of one server, for each of two families at once.
LOOKUP_SECONDS_MAX = 15


def alias(*chain):
    """CNAME records from the question's name along the chain, whatever kind was asked for."""

    def answer(question):
        records, name = [], spelled(question.name)
        for target in chain:
            records.append(record(CNAME, spelled(target), name=name))
            name = spelled(target)
        return [reply(question, records)]

    return answer


def bytes_instead(make):
    return lambda question: [make(question)]


def header(question, questions=1, answers=1):
    return struct.pack("!HHHHHH", question.identifier, 0x8180, questions, answers, 0, 0)


def asked_otherwise(question):
    """The answer to another question, with the identifier of this one."""
    raw = spelled("other.test") + struct.pack("!HH", question.kind, 1)
    return [reply(question, [address(PUBLIC)], raw=raw)]


def wrong_identifiers(question):
    return [reply(question, [address(PUBLIC)], identifier=question.identifier ^ mask) for mask in range(1, 200)]


NOT_FOUND = ("unreachable", "name_not_found")
UNANSWERED = ("not_sent", "resolver_failed")
REFUSED = ("not_sent", "egress_refused")
DELIVERED = ("acknowledged", "complete")

# G2: (name of the case, behaviour, what may come of it)
BROKEN = [
    ("nxdomain", says(name_server.NXDOMAIN), [NOT_FOUND]),
    ("servfail", says(name_server.SERVFAIL), [NOT_FOUND]),
    ("formerr", says(1), [NOT_FOUND, UNANSWERED]),
    ("notimp", says(4), [NOT_FOUND, UNANSWERED]),
    ("refused", says(name_server.REFUSED), [UNANSWERED]),
    ("odd-code", says(15), [NOT_FOUND, UNANSWERED]),
    ("no-address", has(), [NOT_FOUND]),
    ("silent", silent, [UNANSWERED]),
    ("cut-then-tcp", only_over_tcp(has(PUBLIC)), [DELIVERED]),
    ("cut-then-silent", only_over_tcp(silent), [UNANSWERED]),
    ("cut-then-nothing", only_over_tcp(has()), [NOT_FOUND]),
    ("loop-of-one", lambda q: alias(q.name)(q), [NOT_FOUND]),
    ("loop-of-two", lambda q: alias("b.test", q.name, "b.test", q.name)(q), [NOT_FOUND]),
    ("chain-of-20", alias(*(f"{i}.chain.test" for i in range(20))), [NOT_FOUND]),
    ("alias-to-inside", lambda q: alias("in.test")(q) if q.kind == AAAA else [
        reply(q, [record(CNAME, spelled("in.test")), address(INSIDE, name=spelled("in.test"))])], [REFUSED]),
    ("alias-to-localhost", alias("localhost"), [NOT_FOUND, REFUSED]),
    ("thousand-public", has(*THOUSAND), [DELIVERED]),
    ("thousand-and-one-inside", has(*THOUSAND, INSIDE), [REFUSED]),
    ("empty-packet", bytes_instead(lambda q: b""), [NOT_FOUND, UNANSWERED]),
    ("half-a-header", bytes_instead(lambda q: header(q)[:7]), [NOT_FOUND, UNANSWERED]),
    ("header-alone", bytes_instead(header), [NOT_FOUND, UNANSWERED]),
    ("noise", bytes_instead(lambda q: header(q) + q.raw + bytes(range(256))), [NOT_FOUND, UNANSWERED]),
    ("counts-of-65535", bytes_instead(lambda q: header(q, answers=65535) + q.raw), [NOT_FOUND, UNANSWERED]),
    ("many-questions", bytes_instead(lambda q: header(q, questions=9) + q.raw), [NOT_FOUND, UNANSWERED]),
    ("pointer-to-itself", bytes_instead(
        lambda q: header(q) + q.raw + struct.pack("!HHHIH", 0xC000 | 12 + len(q.raw), A, 1, 60, 4) + bytes(4)),
     [NOT_FOUND, UNANSWERED]),
    ("pointer-beyond", bytes_instead(lambda q: header(q) + q.raw + struct.pack("!HHHIH", 0xFFFF, A, 1, 60, 4) + bytes(4)),
     [NOT_FOUND, UNANSWERED]),
    ("address-of-3-bytes", lambda q: [reply(q, [record(q.kind, b"\1\1\1")])], [NOT_FOUND, UNANSWERED]),
    ("address-cut-short", lambda q: [reply(q, [address(PUBLIC)])[:-2]], [NOT_FOUND, UNANSWERED]),
    ("length-beyond", bytes_instead(
        lambda q: header(q) + q.raw + struct.pack("!HHHIH", 0xC00C, A, 1, 60, 60_000) + bytes(4)), [NOT_FOUND, UNANSWERED]),
    ("wrong-identifier", wrong_identifiers, [UNANSWERED]),
    ("another-question", asked_otherwise, [UNANSWERED, NOT_FOUND]),
    ("question-sent-back", bytes_instead(lambda q: struct.pack("!HHHHHH", q.identifier, 0x0100, 1, 0, 0, 0) + q.raw),
     [NOT_FOUND, UNANSWERED]),
    ("ipv6-alone", has(PUBLIC_V6), [DELIVERED]),
    ("ipv6-broken-ipv4-good", lambda q: says(name_server.SERVFAIL)(q) if q.kind == AAAA else has(PUBLIC)(q), [DELIVERED]),
    ("ttl-of-136-years", has(PUBLIC, ttl=0xFFFFFFFF), [DELIVERED]),
    # G4: an answer that holds one forbidden address is refused whole, whatever it holds besides.
    ("mixed", has(PUBLIC, INSIDE), [REFUSED]),
    ("mixed-the-other-way", has(INSIDE, PUBLIC), [REFUSED]),
    ("mixed-families", has(PUBLIC, "fd00::7"), [REFUSED]),
    ("mixed-mapped", has(PUBLIC, "::ffff:127.0.0.1"), [REFUSED]),
    ("mixed-behind-many", has(*THOUSAND[:20], "169.254.169.254"), [REFUSED]),
]


def check_broken(world, found):
    began = time.monotonic()
    before = world.daemon.rss_kib()
    posted = world.accepted_together([f"m{i}" for i in range(len(BROKEN))])
    endings = world.first_endings(posted, 2 * LOOKUP_SECONDS_MAX)
    for (name, _, allowed), identifier in zip(BROKEN, posted):
        group = "G4" if name.startswith("mixed") else "G2"
        with found.case(f"{group} {name}", world.probe) as show:
            assert identifier in endings, f"not tried: {world.record(identifier)}"
            ending = endings[identifier]
            show(ending.outcome, ending.end, seconds=ending.seconds, since=began)
            assert (ending.outcome, ending.end) in allowed, f"{ending}, expected one of {allowed}"
            assert ending.seconds < LOOKUP_SECONDS_MAX, ending
            assert ending.outcome != "not_sent" or world.record(identifier)["attempts"] == 0
    with found.case("G2 memory is bounded, and nothing but answers dialled", world.probe) as show:
        growth = world.daemon.rss_kib() - before
        show("", "", f": {growth / 1024:+.1f} MiB", since=began)
        assert growth < GROWTH_KIB_MAX, f"{growth} KiB more after {len(BROKEN)} broken answers"
        strays = world.strays(PUBLIC, PUBLIC_V6, *THOUSAND[:4])
        assert not strays, f"sent to {strays}"
        assert world.probe.worst(began) < STALL_SECONDS_MAX, f"stalled for {world.probe.worst(began):.2f} s"


def try_broken(options, folder, found):
    merchants = [f"http://{name}.broken.test/notify" for name, _, _ in BROKEN]
    with World(options, folder, merchants, delays="[60s]", extra="drain_timeout: 100ms\n") as world:
        for name, behaviour, _ in BROKEN:
            world.names.names[f"{name}.broken.test"] = behaviour
        check_broken(world, found)


def check_silent(world, found):
    """A thousand names that are never answered wait beside names and addresses that are well."""
    known, fresh = range(len(KNOWN)), range(len(KNOWN), len(KNOWN) + len(FRESH))
    for i in known:
        world.deliver(f"m{i}")
    with found.case(f"G1 {SILENT_ENDPOINTS} names without an answer", world.probe) as show:
        began = time.monotonic()
        # In parts, so that what stands still is the names' doing and not that of a large request.
        dead = [identifier for start in range(fresh.stop, fresh.stop + SILENT_ENDPOINTS, 100)
                for identifier in world.accepted_together([f"m{start + i}" for i in range(100)])]
        posted = dict(enumerate(world.accepted_together([f"m{i}" for i in (*known, *fresh)])))
        slowest = {group: max(delivered_after(world, posted[i]) for i in group) for group in (known, fresh)}
        harness.wait_until(lambda: world.names.asked("*.silent.test") >= 128, 20, "silent names were asked for")
        endings = world.first_endings(dead[::20])
        assert len(endings) == len(dead[::20]), f"{len(endings)} of {len(dead[::20])} silent ones were tried"
        assert {(each.outcome, each.end) for each in endings.values()} == {UNANSWERED}, endings
        show(*UNANSWERED, f": known {slowest[known]:.1f} s, new {slowest[fresh]:.1f} s")
        used = [world.record(identifier) for identifier in dead[::20]]
        pending = world.client.call("GET", "/v1/notifications?state=pending&limit=1000")[1]["notifications"]
        used += [world.record(row["id"]) for row in pending if row["attempts"]]
        assert not any(record["attempts"] for record in used), [record for record in used if record["attempts"]]
        assert slowest[known] < KNOWN_SECONDS_MAX and slowest[fresh] < FRESH_SECONDS_MAX, slowest
        assert world.probe.worst(began) < STALL_SECONDS_MAX, f"stalled for {world.probe.worst(began):.2f} s"


def delivered_after(world, identifier):
    record = world.ended(identifier, "delivered", seconds=60)
    return seconds_of(record["finished_at"]) - seconds_of(record["admitted_at"])


def check_probe(world, found):
    with found.case("G1 control: a daemon that stands still is seen", world.probe) as show:
        began = time.monotonic()
        os.kill(world.daemon.process.pid, signal.SIGSTOP)
        harness.wait_until(lambda: time.monotonic() > began + 0.5, 5, "half a second")
        os.kill(world.daemon.process.pid, signal.SIGCONT)
        assert world.probe.worst(began) > 0.45, "the probe did not see it"
        show("", "")


def try_silent(options, folder, found):
    merchants = KNOWN + FRESH + [f"http://m{i}.silent.test/notify" for i in range(SILENT_ENDPOINTS)]
    with World(options, folder, merchants, extra="drain_timeout: 100ms\n") as world:
        world.names.names["*.silent.test"] = silent
        world.names.names["*.known.test"] = has(PUBLIC)
        world.names.names["*.fresh.test"] = has(PUBLIC)
        check_silent(world, found)
        check_probe(world, found)


def check_rebinding(world, found):
    """What was checked is what is dialled: nobody asks again in between, and a later answer is checked anew."""
    with found.case("G3 K4 a name that turns to a forbidden address", world.probe) as show:
        states = []
        deadline = time.monotonic() + 20
        while "held" not in states and time.monotonic() < deadline:
            states.append(world.ended(world.accepted("m0"), "delivered", "held")["state"])
            threading.Event().wait(0.1)
        assert states[0] == "delivered" and states[-1] == "held", states
        # The second question is the one whose answer was refused.
        assert world.names.asked("flip.test", A) == 2, world.names.asked("flip.test", A)
        show("not_sent", "egress_refused", f": {len(states) - 1} sent before")
    for name, merchant in (("two answers to one question", "m1"), ("a forged answer first", "m2")):
        with found.case(f"G3 {name}", world.probe) as show:
            world.deliver(merchant)
            show("acknowledged", "complete")
    with found.case("G3 nothing but the checked address was dialled"):
        assert not world.strays(PUBLIC), world.strays(PUBLIC)
    with found.case("G3 control: the system's own resolver follows the name"):
        seen = [socket.getaddrinfo("control.test", 80, socket.AF_INET)[0][4][0] for _ in range(2)]
        assert seen == [PUBLIC, METADATA], seen


def try_rebinding(options, folder, found):
    merchants = [f"http://{name}.test/notify" for name in ("flip", "twice", "forged")]
    with World(options, folder, merchants) as world:
        flip = in_turn(has(PUBLIC, ttl=0), has(METADATA, ttl=0))
        world.names.names.update({
            "flip.test": flip, "control.test": flip,
            "twice.test": lambda q: has(PUBLIC)(q) + has(METADATA)(q),
            "forged.test": lambda q: [reply(q, [address(METADATA)], identifier=q.identifier ^ 1), *has(PUBLIC)(q)],
        })
        check_rebinding(world, found)


def try_search(options, folder, found):
    """Names with few dots, under a resolv.conf that would complete them with names of the inner network."""
    network.resolver_says(f"search internal.test corp.test\noptions ndots:5\nnameserver {network.NAME_SERVER}\n")
    aliases = os.path.join(folder, "aliases")
    with open(aliases, "w", encoding="ascii") as file:
        file.write("pay pay.internal.test\n")
    environment = {"LOCALDOMAIN": "internal.test", "HOSTALIASES": aliases, "RES_OPTIONS": "ndots:9"}
    with World(options, folder, [{}], delays="[]", environment=environment) as world:
        world.names.names["*.internal.test"] = world.names.names["*.corp.test"] = has(INNER)
        with found.case("G6 names with few dots are not completed", world.probe) as show:
            for host in ("pay", "db", "pay.shop", "a.b.c"):
                status, answer = world.post(url=f"http://{host}/notify")
                assert status == 201 or answer.get("field") == "url", f"{host}: {status} {answer}"
                if status == 201:
                    ending = world.first_ending(answer["id"])
                    assert (ending.outcome, ending.end) in (NOT_FOUND, REFUSED), f"{host}: {ending}"
            asked = {name for name, _, _ in world.names.questions}
            assert not any(name.endswith((".internal.test", ".corp.test")) for name in asked), asked
            assert not world.strays(), world.strays()
            show(*NOT_FOUND)
        with found.case("G6 control: the system's own resolver completes them"):
            network.command("getent", "ahosts", "pay")
            assert world.names.asked("pay.internal.test") > 0, world.names.questions


PARTS = [try_broken, try_silent, try_rebinding, try_search]


def test(options, folder):
    found = findings.Findings()
    for part, own in findings.each_in_its_folder(PARTS, folder):
        part(options, own, found)
    found.close()


if __name__ == "__main__":
    network.run(test, __doc__)
