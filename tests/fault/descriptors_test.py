#!/usr/bin/env python3
"""Few descriptors, and then none: the loop does not spin, nothing is lost and no attempt used up, and it all comes back.

First a limit of 64 with more clients than that, which must not keep the daemon from sending. Then every call that would
open something fails, with and without a client that is connected; what is accepted meanwhile is sent afterwards.
"""

import contextlib
import os
import resource
import socket
import subprocess
import threading
import time

import findings
import harness
import raw_http

FEW = 64
CLIENTS = 200
PROCESSOR_SHARE_MAX = 0.2
AGAIN_SECONDS_MAX = 10
OPENING = "socket,accept4,openat,epoll_create1,eventfd2,dup"


def processor_share(pid, seconds=1.0):
    """How much of the time the process's main thread has a processor or waits for one: on a busy machine too, all of the
    time when it spins."""

    def wanted():
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as schedstat:
            running, waiting, _ = map(int, schedstat.read().split())
        return (running + waiting) / 1e9

    before, began = wanted(), time.monotonic()
    threading.Event().wait(seconds)  # the thing that is measured
    return (wanted() - before) / (time.monotonic() - began)


def checks_with_pipes(binary):
    """The undefined-behaviour sanitizer opens a pipe to look at an object, and calls it invalid when it cannot."""
    return subprocess.run(["grep", "-q", "-m1", "__ubsan_handle", binary], check=False).returncode == 0


@contextlib.contextmanager
def without_descriptors(options, pid):
    """Nothing more can be opened by the living process."""
    if not checks_with_pipes(options.ackd):
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
        yield
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        return
    # The sanitizer needs descriptors of its own.
    tracer = ["strace", "-f", "-o", os.devnull, "-e", f"trace={OPENING}", "-e", f"inject={OPENING}:error=EMFILE"]
    with harness.attached(tracer, pid):
        yield


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(path)
    return client


def healthz(client):
    client.sendall(raw_http.get(b"/healthz"))
    return raw_http.one_answer(client)[0]


def limited(options, folder):
    """The daemon as a program that begins with a small limit."""
    program = os.path.join(folder, "ackd-with-few")
    with open(program, "w", encoding="utf-8") as script:
        script.write(f'#!/bin/sh\nulimit -n {FEW}\nexec {os.path.abspath(options.ackd)} "$@"\n')
    os.chmod(program, 0o755)
    return program


def try_few(options, folder, found):
    """Clients that ask nothing and stay, more than there are descriptors: others are served, and sending goes on."""
    receivers = [harness.Merchant(lambda order, seen: (200, "OK")) for _ in range(6)]
    daemon = harness.Daemon(limited(options, folder), folder, [each.url for each in receivers])
    idle = []
    try:
        daemon.start()
        pid = daemon.process.pid
        with found.case(f"E1 {CLIENTS} idle clients under ulimit -n {FEW}") as show:
            for number in range(CLIENTS):
                idle.append(connect(daemon.socket))
                if number % 20 == 19:
                    assert healthz(connect(daemon.socket)) == 200, f"not served beside {number + 1} idle clients"
            share = processor_share(pid)
            open_now = raw_http.descriptors(pid)
            client = harness.Client(daemon.socket)
            made = [client.call("POST", "/v1/notifications", harness.notification(f"few-{i}", f"m{i}"))
                    for i in range(len(receivers))]
            assert all(status == 201 for status, _ in made), made
            harness.wait_until_ended(client, 20)
            stats = client.call("GET", "/v1/stats")[1]
            show("acknowledged", "complete", f": {share * 100:.0f} % CPU, {open_now} open")
            assert stats["counts"]["delivered"] == len(receivers) and stats["engine"]["not_sent"] == 0, stats
            assert share < PROCESSOR_SHARE_MAX, f"{share * 100:.0f} % of a processor"
        assert daemon.stop() == 0, daemon.tail()
    finally:
        for each in idle:
            each.close()
        daemon.end()
        for each in receivers:
            each.close()


def check_meter(found):
    with found.case("E1 control: the meter sees a process that spins") as show:
        spinning = subprocess.Popen(["sh", "-c", "while :; do :; done"])
        try:
            share = processor_share(spinning.pid)
        finally:
            spinning.kill()
            spinning.wait()
        show("", "", f": {share * 100:.0f} % CPU")
        assert share > 3 * PROCESSOR_SHARE_MAX, f"{share * 100:.0f} % of a processor"


def check_starved(daemon, client, waiting, options):
    """What happens while nothing can be opened. `client` is connected, or None."""
    pid = daemon.process.pid
    posted = None
    with without_descriptors(options, pid):
        if client is not None:
            status, posted = client.call("POST", "/v1/notifications", harness.notification("starved", "m1"))
            assert status == 201, posted
            harness.wait_until(lambda: posted["id"] in daemon.tail(), 20, "the notification could not be sent")
        # Who has been idle for longest makes room now, as far as that helps.
        waiting.append(connect(daemon.socket))
        waiting[0].sendall(raw_http.get(b"/healthz"))
        return processor_share(pid), posted


def try_none(options, folder, found, connected):
    receivers = [harness.Merchant(lambda order, seen: (200, "OK")) for _ in range(2)]
    daemon = harness.Daemon(options.ackd, folder, [each.url for each in receivers])
    waiting = []
    try:
        daemon.start()
        client = harness.Client(daemon.socket)
        assert client.call("POST", "/v1/notifications", harness.notification("before", "m0"))[0] == 201
        harness.wait_until_ended(client, 20)
        if not connected:
            client.connection.close()
            client = None
        name = "with a client connected" if connected else "without a connection"
        with found.case(f"E1 nothing can be opened, {name}") as show:
            share, posted = check_starved(daemon, client, waiting, options)
            began = time.monotonic()
            assert raw_http.one_answer(waiting[0])[0] == 200, "who had waited was not served"
            assert healthz(connect(daemon.socket)) == 200
            again = time.monotonic() - began
            show("not_sent" if connected else "", "out_of_resources" if connected else "",
                 f": {share * 100:.0f} % CPU, API back in {again:.2f} s")
            assert share < PROCESSOR_SHARE_MAX, f"{share * 100:.0f} % of a processor"
            assert again < AGAIN_SECONDS_MAX, f"the API came back after {again:.1f} s"
            if connected:
                check_sent_afterwards(daemon, posted["id"])
        assert daemon.stop() == 0, daemon.tail()
    finally:
        for each in waiting:
            each.close()
        daemon.end()
        for each in receivers:
            each.close()


def check_sent_afterwards(daemon, identifier):
    client = harness.Client(daemon.socket)
    assert f"id={identifier}" in daemon.tail() and "end=out_of_resources" in daemon.tail(), daemon.tail()
    harness.wait_until_ended(client, 20)
    record = next(harness.records(client, [identifier]))
    assert record["state"] == "delivered" and record["attempts"] == 1, record


def test(options, folder):
    found = findings.Findings()
    check_meter(found)
    parts = [lambda own: try_few(options, own, found), lambda own: try_none(options, own, found, True),
             lambda own: try_none(options, own, found, False)]
    for part, own in findings.each_in_its_folder(parts, folder):
        part(own)
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
