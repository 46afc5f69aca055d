#!/usr/bin/env python3
"""Limits of the system other than descriptors: local ports, processes, the size of a file.

What is ours uses up no attempt; a daemon that cannot have what it needs says so and does not start, or ends by itself
and has lost nothing.
"""

import contextlib
import os
import socket
import struct

import findings
import harness
import network
import oracle
import volumes
import world

ADDRESS = "93.184.216.34"
URL = f"http://{ADDRESS}/notify"
PORTS = (50_000, 50_010)
PORT_RANGE = "/proc/sys/net/ipv4/ip_local_port_range"
NOBODY = 61_235
THREADS_MAX = 24


@contextlib.contextmanager
def few_ports():
    with open(PORT_RANGE, encoding="ascii") as file:
        before = file.read()
    set_ports("{} {}".format(*PORTS))
    try:
        yield
    finally:
        set_ports(before)


def set_ports(text):
    with open(PORT_RANGE, "w", encoding="ascii") as file:
        file.write(text)


def try_ports(options, folder, found):
    """Every local port towards the merchant is taken."""
    with found.case("E2 no local port is left") as show, world.World(options, folder, [URL]) as all_of_it, few_ports():
        taken = []
        try:
            with contextlib.suppress(OSError):
                while len(taken) <= PORTS[1] - PORTS[0]:  # the kernel may leave out the last one of an odd number
                    taken.append(socket.create_connection((ADDRESS, 80)))
            identifier = all_of_it.accepted()
            ending = all_of_it.first_ending(identifier)
            assert (ending.outcome, ending.end) == ("not_sent", "out_of_resources"), f"{len(taken)} taken: {ending}"
        finally:
            for each in taken:
                # With a reset: its port is not kept back for a minute.
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                each.close()
        record = all_of_it.ended(identifier, "delivered")
        assert record["attempts"] == 1, record
        show(ending.outcome, ending.end, ", then 1 attempt")


def start_limited(daemon, *limits, user=None):
    """Starts below the limits; the exit code, None when it runs."""
    prefix = volumes.as_user(user, daemon.binary) if user else []
    daemon.start_under([*prefix, "prlimit", *limits])
    daemon.traced = False  # each becomes the next, and the last one the daemon
    harness.wait_until(lambda: daemon.process.poll() is not None or daemon.is_ready(), 60, "it ends or starts")
    return daemon.process.poll()


def last_line(daemon):
    """Of ackd itself: where coverage is counted, what counts it complains about the limit too."""
    return [line for line in daemon.tail().splitlines() if not line.startswith("LLVM Profile")][-1]


def try_threads(options, folder, found):
    """As a user who may have so many processes and threads, from one on until the daemon starts."""
    daemon = harness.Daemon(options.ackd, folder, ["http://127.0.0.1:9/"])
    with found.case("E3 too few threads") as show:
        if os.geteuid() != 0:
            raise harness.Skipped("only root can become another user")
        for path in (os.path.dirname(folder), folder):
            os.chmod(path, 0o755)
        for path in (folder, os.path.join(folder, "m.key")):
            os.chown(path, NOBODY, NOBODY)
        refused = 0
        while (code := start_limited(daemon, f"--nproc={refused + 1}", user=NOBODY)) is not None:
            said = last_line(daemon)
            assert code == 1 and "not_started" in said, f"{code} with {refused + 1}: {daemon.tail()}"
            refused += 1
            assert refused < THREADS_MAX, f"it does not start with {refused} either: {said}"
        assert daemon.stop() == 0, daemon.tail()
        assert refused > 1, "the limit was none"
        assert "ulimit -u" in said, said
        show("refused", "", f" with 1 to {refused}, started with {refused + 1}")
    daemon.end()


def try_file_size(options, folder, found):
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        daemon = harness.Daemon(options.ackd, folder, [truth.merchant("thirds", options.seed)],
                                extra="disk: {ballast: 64KiB}\n")
        try:
            with found.case("E ulimit -f below what a new outbox takes") as show:
                code = start_limited(daemon, "--fsize=16384")
                said = last_line(daemon)
                assert code == 1 and "not_started" in said, f"{code}: {said}"
                show("refused", "", ": " + said.split("message=")[-1][:60])
            with found.case("E ulimit -f reached under load") as show:
                assert start_limited(daemon, "--fsize=2097152") is None, daemon.tail()
                truth.post(daemon.socket, options.seed, pause=0)
                code = daemon.process.wait(60)
                assert code == 70 and "fatal" in daemon.tail().splitlines()[-1], f"{code}: {daemon.tail()}"
                daemon.start()
                verdict = truth.verdict(daemon)
                assert daemon.stop() == 0, daemon.tail()
                show("ended", str(code), f", {verdict.figures['accepted']} accepted, 0 lost")
        finally:
            daemon.end()


def test(options, folder):
    found = findings.Findings()
    for part, own in findings.each_in_its_folder([try_ports, try_threads, try_file_size], folder):
        part(options, own, found)
    found.close()


if __name__ == "__main__":
    network.run(test, __doc__)
