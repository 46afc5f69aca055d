#!/usr/bin/env python3
"""TLS that must not be trusted, or never comes about: no byte of the request is sent, and the reason is named.

Real certificates of every kind of trouble, at public addresses of the test's own network, under the system's policy and
under one that permits what ackd must refuse by itself.
"""

import os
import shutil
import ssl
import subprocess
import threading
import time
import warnings

import certificates
import findings
import harness
import network
from name_server import has
from world import World

warnings.filterwarnings("ignore", category=DeprecationWarning)  # of the old versions of TLS that are tried here

LAX = os.path.join(harness.SOURCE, "tests", "transport", "lax_openssl.cnf")
# The profile's own is five seconds; what ends by it would only make the test longer.
CONNECT_SECONDS = 1.5
STALL_SECONDS_MAX = 2.0
OPTIONS = {"connect_timeout": f"{int(CONNECT_SECONDS * 1000)}ms", "total_timeout": "8s"}

FAILED = ("unreachable", "tls_failed")
TIMED_OUT = ("unreachable", "connect_timeout")
DELIVERED = ("acknowledged", "complete")


class Case:
    """A server: what it shows, what comes of it, and a word that the reason must have."""

    def __init__(self, name, file, key, expected=FAILED, word="", script=None, oldest=None, newest=None, by_address=False):
        self.name = name
        self.expected = expected
        self.word = word
        self.script = script
        self.by_address = by_address
        self.address = None
        if file is None:
            self.context = None
            return
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.set_ciphers("ALL:@SECLEVEL=0")  # or it would not show a weak certificate at all
        self.context.load_cert_chain(file, key)
        self.context.minimum_version = oldest or ssl.TLSVersion.TLSv1_2
        self.context.maximum_version = newest or ssl.TLSVersion.TLSv1_3

    def host(self):
        return self.address if self.by_address else self.name.replace(" ", "-").replace(".", "-").lower() + ".tls.test"


class Pki:
    """The authority that the daemon trusts, and what others made that look like it."""

    def __init__(self, folder):
        self.folder = folder
        self.trusted = certificates.authority(folder, "trusted")
        self.stranger = certificates.authority(folder, "stranger")
        self.below = certificates.authority(folder, "below", self.trusted)
        self.expired_below = certificates.authority(folder, "expired-below", self.trusted, valid=certificates.PAST)
        self.weak_below = certificates.authority(folder, "weak-below", self.trusted, digest="sha1")
        self.made = 0

    def server(self, issuer, hosts="DNS:*.tls.test", **how):
        self.made += 1
        return certificates.server(self.folder, f"server-{self.made}", issuer, hosts, **how)

    def chain(self, *of):
        self.made += 1
        return certificates.chain(self.folder, f"chain-{self.made}.pem", *of)


def alone(certificate):
    return certificate.file, certificate.key


def weak_cases(pki):
    """What the system's policy refuses, and ackd by itself where that is lax."""
    old = alone(pki.server(pki.trusted))
    return [
        Case("SHA-1 signature", *alone(pki.server(pki.trusted, digest="sha1")), word="weak"),
        Case("1024-bit key", *alone(pki.server(pki.trusted, key=certificates.WEAK_KEY)), word="weak"),
        Case("SHA-1 above", pki.chain(leaf := pki.server(pki.weak_below), pki.weak_below), leaf.key, word="weak"),
        Case("TLS 1.0 alone", *old, oldest=ssl.TLSVersion.TLSv1, newest=ssl.TLSVersion.TLSv1),
        Case("TLS 1.1 at most", *old, oldest=ssl.TLSVersion.TLSv1, newest=ssl.TLSVersion.TLSv1_1),
    ]


def distrusted_cases(pki):
    leaf = pki.server(pki.below)
    false_issuer = pki.server(pki.trusted)
    issued_falsely = pki.server(false_issuer)
    below_expired = pki.server(pki.expired_below)
    return [
        Case("Good", *alone(pki.server(pki.trusted)), DELIVERED),
        Case("TLS 1.2 alone", *alone(pki.server(pki.trusted)), DELIVERED, newest=ssl.TLSVersion.TLSv1_2),
        Case("Good with its intermediate", pki.chain(leaf, pki.below), leaf.key, DELIVERED),
        Case("Good for the address", *alone(pki.server(pki.trusted, "IP:1.5.0.4")), DELIVERED, by_address=True),
        Case("Expired", *alone(pki.server(pki.trusted, valid=certificates.PAST)), word="expired"),
        Case("Not yet valid", *alone(pki.server(pki.trusted, valid=certificates.FUTURE)), word="not yet valid"),
        Case("Wrong host", *alone(pki.server(pki.trusted, "DNS:other.test,DNS:*.test,DNS:tls.test")), word="name"),
        Case("Name for an address", *alone(pki.server(pki.trusted, "DNS:1.5.0.8,DNS:*")), word="name", by_address=True),
        Case("Self-signed", *alone(pki.server(None)), word="self-signed"),
        Case("Unknown authority", *alone(pki.server(pki.stranger)), word="issuer"),
        Case("Unknown authority that is sent along", pki.chain(other := pki.server(pki.stranger), pki.stranger), other.key,
             word="self-signed"),
        Case("Missing intermediate", *alone(leaf), word="issuer"),
        Case("Expired intermediate", pki.chain(below_expired, pki.expired_below), below_expired.key, word="expired"),
        Case("Issued by a server", pki.chain(issued_falsely, false_issuer), issued_falsely.key, word="CA"),
        Case("For clients alone", *alone(pki.server(pki.trusted, more=["extendedKeyUsage=clientAuth"])), word="purpose"),
    ]


def silence(connection):
    connection.wait_for_end()


def plain_http(connection):
    connection.answer()
    connection.wait_for_end()


def noise(connection):
    connection.stream.recv(65536)
    connection.stream.sendall(b"\x16\x03\x03\x40\x00" + os.urandom(0x4000))
    connection.wait_for_end()


def endless_records(connection):
    """Handshake records that are empty, without end."""
    while True:
        connection.stream.sendall(b"\x16\x03\x03\x00\x00" * 1000)


def dripping(context):
    """A handshake as it should be, a byte at a time."""

    def script(connection):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                return tls.do_handshake()
            except ssl.SSLWantReadError:
                for byte in outgoing.read():
                    connection.stream.sendall(bytes([byte]))
                    threading.Event().wait(0.02)
                incoming.write(connection.stream.recv(65536))

    return script


def slow_cases(pki):
    long_names = ",".join(f"DNS:{i}." + "x" * 50 + ".test" for i in range(500))
    long_one = pki.server(pki.trusted, f"DNS:*.tls.test,{long_names}")
    dripped = Case("Drip", *alone(pki.server(pki.trusted)))
    return [
        Case("Silence", None, None, TIMED_OUT, script=silence),
        Case("Dripping handshake", None, None, TIMED_OUT, script=dripping(dripped.context)),
        Case("Endless empty records", None, None, None, script=endless_records),
        Case("Plain HTTP", None, None, FAILED, script=plain_http),
        Case("Noise", None, None, FAILED, script=noise),
        Case("Chain of 66 KiB", pki.chain(long_one, *[long_one] * 1), long_one.key, DELIVERED),
        Case("Chain of 130 KiB", pki.chain(long_one, *[long_one] * 3), long_one.key, FAILED, "message"),
    ]


def numbered(group, cases):
    for i, case in enumerate(cases):
        case.address = f"1.5.{group}.{i + 1}"
    return cases


def start(options, folder, pki, cases, **rest):
    merchants = [{"url": f"https://{case.host()}/notify", "options": OPTIONS} for case in cases]
    extra = f"tls: {{ca_file: {pki.trusted.file}}}\n"
    world = World(options, folder, merchants, delays="[200ms, 60s]", extra=extra, **rest)
    for case in cases:
        world.names.names[case.host()] = has(case.address)
        if case.script is not None:
            world.receivers.scripts[case.address] = case.script
        elif case.context is not None:
            world.receivers.wrap[case.address] = lambda plain, case=case: case.context.wrap_socket(plain, server_side=True)
    return world


def check(world, case, ending, show, began):
    show(ending.outcome, ending.end, seconds=ending.seconds, since=began)
    allowed = [case.expected] if case.expected else [FAILED, TIMED_OUT]
    assert (ending.outcome, ending.end) in allowed, f"{ending}, expected {allowed}"
    assert case.word in ending.reason, f"'{case.word}' is not in: {ending.reason}"
    assert ending.seconds < CONNECT_SECONDS + 3, ending
    assert world.receivers.connected(case.address) > 0, "the server was not even asked"
    heard = world.receivers.heard[case.address]
    if case.expected == DELIVERED:
        assert world.receivers.received(case.address)
    elif case.context is not None:
        assert heard == 0, f"{heard} bytes of the request were sent"
    else:
        assert world.receivers.received(case.address) == [], "the request was sent in the clear"


def try_cases(group, world, cases, found, also=""):
    began = time.monotonic()
    posted = world.accepted_together([f"m{i}" for i in range(len(cases))])
    endings = world.first_endings(posted)
    for case, identifier in zip(cases, posted):
        with found.case(f"{group} {case.name}{also}", world.probe) as show:
            assert identifier in endings, f"not tried: {world.record(identifier)}"
            check(world, case, endings[identifier], show, began)
    with found.case(f"{group} the loop went on{also}", world.probe) as show:
        assert world.probe.worst(began) < STALL_SECONDS_MAX, f"stalled for {world.probe.worst(began):.2f} s"
        show("", "", since=began)


def try_distrusted(options, folder, found, pki):
    cases = numbered(0, distrusted_cases(pki))
    with start(options, folder, pki, cases) as world:
        try_cases("I1", world, cases, found)
        with found.case("I1 a server that is put right is delivered to", world.probe) as show:
            expired, good = cases[4], cases[0]
            expired.context.load_cert_chain(*alone(pki.server(pki.trusted)))
            assert (good.name, expired.name) == ("Good", "Expired")
            show(*DELIVERED, f" after {world.deliver('m4')['attempts']} attempt")


def try_weak(options, folder, found, pki):
    cases = numbered(1, weak_cases(pki))
    with start(options, folder, pki, cases) as world:
        try_cases("I2", world, cases, found)


def curl(case, pki, environment):
    ran = subprocess.run(["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "--cacert", pki.trusted.file,
                          f"https://{case.host()}/"], capture_output=True, text=True, check=False,
                         env={**os.environ, **environment})
    return ran.returncode, ran.stdout


def try_weak_where_it_is_permitted(options, folder, found, pki):
    lax = {"OPENSSL_CONF": LAX}
    cases = numbered(2, weak_cases(pki))
    with start(options, folder, pki, cases, environment=lax) as world:
        try_cases("I2", world, cases, found, ", lax system")
        for case in cases:
            with found.case(f"I2 control: {case.name}, another client under the same policies"):
                assert curl(case, pki, {"OPENSSL_CONF": ""})[0] != 0, "refused by the system's own policy"
                assert curl(case, pki, lax) == (0, "200"), f"{curl(case, pki, lax)} where the system is lax"


def try_slow(options, folder, found, pki):
    cases = numbered(3, slow_cases(pki))
    with start(options, folder, pki, cases) as world:
        try_cases("I3", world, cases, found)


PARTS = [try_distrusted, try_weak, try_weak_where_it_is_permitted, try_slow]


def test(options, folder):
    if shutil.which("openssl") is None:
        raise harness.Skipped("no openssl on this machine")
    found = findings.Findings()
    pki = Pki(folder)
    for part, own in findings.each_in_its_folder(PARTS, folder):
        part(options, own, found, pki)
    found.close()


if __name__ == "__main__":
    network.run(test, __doc__)
