#!/usr/bin/env python3
"""Hostile clients of the real daemon, on its socket and on TCP: they are refused within bounds, the others are served.

Slow and silent ones, ambiguous framing, JSON that breaks parsers, a body without an end, and one client that posts ten
times what it may. What the server does with each byte is in tests/http; here it is the daemon as it runs.
"""

import json
import resource
import socket
import threading
import time

import harness
import raw_http

CONNECTIONS_MAX = 256
IDLE = 2_000
PER_SECOND = 50
MEBIBYTE = 1 << 20


def is_served(address):
    return raw_http.ask(address, raw_http.get(b"/healthz"))[0] == 200


def check_idle(daemon, port):
    """Connections that ask nothing, or a byte now and then, make room; descriptors stay bounded."""
    before = raw_http.descriptors(daemon.process.pid)
    memory = daemon.rss_kib()
    idle, slow = [], []
    for number in range(IDLE):
        idle.append(raw_http.connect(daemon.socket if number % 2 else port))
        if number % 10 == 0:
            slow.append(raw_http.connect(port))
            slow[-1].sendall(raw_http.post(b"x" * 1000)[:60 + number % 100])
        if number % 500 == 499:
            assert is_served(daemon.socket) and is_served(port), f"nobody is served beside {number + 1} idle clients"
            for each in slow:
                try:
                    each.sendall(b"X")
                except OSError:
                    pass
    # Each listener has its own kernel backlog; what the daemon holds is what it accepted.
    held = raw_http.descriptors(daemon.process.pid) - before
    assert held <= CONNECTIONS_MAX + 8, f"the daemon holds {held} connections, {CONNECTIONS_MAX} is the limit"
    assert daemon.rss_kib() - memory < 100 * 1024, f"{daemon.rss_kib() - memory} KiB for idle connections"
    for each in idle + slow:
        each.close()
    harness.wait_until(lambda: raw_http.descriptors(daemon.process.pid) <= before + 4, 20, "descriptors came back")


def check_half_closed(daemon, port):
    """A client that has said all it will say is answered; those that stopped in the middle keep nobody out."""
    before = raw_http.descriptors(daemon.process.pid)
    halves = []
    for address in (daemon.socket, port):
        with raw_http.connect(address) as whole:
            whole.sendall(raw_http.get(b"/healthz"))
            whole.shutdown(socket.SHUT_WR)
            assert b" 200 " in raw_http.until_closed(whole)
        for number in range(CONNECTIONS_MAX):
            halves.append(raw_http.connect(address))
            halves[-1].sendall((b"GET /heal", raw_http.post(b"x" * 100)[:-50])[number % 2])
            halves[-1].shutdown(socket.SHUT_WR)
        harness.wait_until(lambda where=address: is_served(where), 20, "somebody is served beside half-closed clients")
    # On TCP nothing tells the daemon that a half-closed client has gone; they stay until their time is over, or make room.
    held = raw_http.descriptors(daemon.process.pid) - before
    assert held <= CONNECTIONS_MAX + 8, f"the daemon holds {held} connections, {CONNECTIONS_MAX} is the limit"
    for half in halves:
        half.close()


def check_framing(daemon, port, merchant):
    """Never two requests out of what another reader may take for one; nothing of it is recorded."""
    body = json.dumps(harness.notification("smuggled", merchant)).encode()
    length = f"Content-Length: {len(body)}\r\n".encode()
    line = b"POST /v1/notifications HTTP/1.1\r\nHost: localhost\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n"
    heads = {
        "CL.TE": line + length + chunked + b"\r\n",
        "TE.CL": line + chunked + length + b"\r\n",
        "two lengths": line + length + b"Content-Length: 0\r\n\r\n",
        "equal lengths": line + length + length + b"\r\n",
        "bare LF": (line + length + b"\r\n").replace(b"\r\n", b"\n"),
        "obs-fold": line + b"X-A: 1\r\n folded\r\n" + length + b"\r\n",
        "absolute-form": b"POST http://localhost/v1/notifications HTTP/1.1\r\nHost: localhost\r\n" + length + b"\r\n",
        "unknown Expect": line + b"Expect: 200-maybe\r\n" + length + b"\r\n",
    }
    for what, head in heads.items():
        for address in (daemon.socket, port):
            with raw_http.connect(address) as connection:
                connection.sendall(head + body + raw_http.get(b"/healthz"))
                connection.shutdown(socket.SHUT_WR)
                received = raw_http.until_closed(connection)
            assert received.startswith(b"HTTP/1.1 4") or not received, f"{what}: {received[:200]}"
            assert b'"status":"ok"' not in received, f"{what}: what followed was taken for a request"
    with raw_http.connect(port) as polite:
        polite.sendall(line + b"Expect: 100-continue\r\n" + length + b"\r\n")
        assert polite.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        polite.sendall(body.replace(b"smuggled", b"expected"))
        assert raw_http.one_answer(polite)[0] == 201
    listed = harness.Client(daemon.socket).call("GET", "/v1/notifications?subject=smuggled")[1]
    assert not listed["notifications"], listed


def hostile_documents(merchant):
    good = json.dumps(harness.notification("json", merchant)).encode()
    deep = 100_000
    amount = b'"amount": "100.00"'
    assert amount in good
    return {
        "deep array": b"[" * deep + b"]" * deep,
        "deep object": b'{"a":' * deep + b"1" + b"}" * deep,
        "deep inside": good.replace(amount, b'"amount": ' + b"[" * deep + b"]" * deep),
        "deep and cut": b"[" * deep,
        "a member twice": good.replace(amount, amount + b", " + amount),
        "provider twice": good.replace(b'"provider"', b'"provider":"dhpay","provider"', 1),
        "bad UTF-8": good.replace(b"100.00", b"\xff\xfe"),
        "overlong UTF-8": good.replace(b"100.00", b"\xc0\xaf"),
        "a surrogate in UTF-8": good.replace(b"100.00", b"\xed\xa0\x80"),
        "a lone high surrogate": good.replace(b"100.00", b"\\ud800"),
        "a lone low surrogate": good.replace(b"100.00", b"\\udc00x"),
        "a NUL": good.replace(b"100.00", b"\\u0000"),
        "1e400": good.replace(b'"100.00"', b"1e400"),
        "-1e-400000": good.replace(b'"100.00"', b"-1e-400000 x"),
        "NaN": good.replace(b'"100.00"', b"NaN"),
        "a million commas": b"[" + b"," * 1_000_000,
        "values without end": b"[" + b"[]," * 600_000 + b"[]]",
        "a cut string": good[:40],
        "two documents": good + good,
        "a byte order mark": b"\xef\xbb\xbf" + good,
    }


def check_json(daemon, port, merchant):
    started = time.monotonic()
    for what, document in hostile_documents(merchant).items():
        for address in (daemon.socket, port):
            status, _ = raw_http.ask(address, raw_http.post(document))
            assert status is not None and 400 <= status < 500, f"{what}: {status}"
        # As a line among others it spoils itself only.
        good = json.dumps(harness.notification(f"beside {what}", merchant)).encode()
        lines = good + b"\n" + document.replace(b"\n", b" ") + b"\n" + good
        status, body = raw_http.ask(port, raw_http.post(lines, kind="application/x-ndjson"))
        statuses = [item["status"] for item in json.loads(body)["results"]]
        assert status == 200 and statuses[0] == 201 and statuses[2] == 200, f"{what}: {status} {body[:300]}"
        assert 400 <= statuses[1] < 500, f"{what}: {statuses}"
    status, _ = raw_http.ask(port, raw_http.post(b'{"reason":' + b"[" * 100_000, path="/v1/notifications/1/cancel"))
    assert status == 400, status
    taken = time.monotonic() - started
    assert taken < 10, f"hostile documents took {taken:.1f} s"
    listed = harness.Client(daemon.socket).call("GET", "/v1/notifications?subject=json")[1]
    assert not listed["notifications"], listed


def check_endless_body(daemon, port):
    """A gibibyte without a length: cut off long before, whatever the client goes on sending."""
    for address in (daemon.socket, port):
        before = daemon.rss_kib()
        chunk = b"100000\r\n" + b"x" * MEBIBYTE + b"\r\n"
        sent = 0
        with raw_http.connect(address) as connection:
            connection.sendall(b"POST /v1/notifications HTTP/1.1\r\nHost: localhost\r\n"
                               b"Transfer-Encoding: chunked\r\n\r\n")
            try:
                while sent < 1024:
                    connection.sendall(chunk)
                    sent += 1
            except OSError:
                pass
            received = raw_http.until_closed(connection)
        assert sent < 64, f"{sent} MiB were taken"
        assert not received or b" 413 " in received, received[:200]
        assert daemon.rss_kib() - before < 80 * 1024, f"{daemon.rss_kib() - before} KiB for a refused body"
    status, _ = raw_http.ask(port, b"POST /v1/notifications HTTP/1.1\r\nHost: localhost\r\n"
                                   b"Content-Length: 1073741824\r\n\r\n")
    assert status == 413, status


def check_rates(daemon, port, merchant):
    """127.0.0.1 posts ten times what it may, without pause; every post of 127.0.0.2 and of the socket passes."""
    statuses = []
    enough = threading.Event()

    def flood():
        with raw_http.connect(port, "127.0.0.1") as connection:
            while not enough.is_set() or len(statuses) < 10 * PER_SECOND:
                body = json.dumps(harness.notification(f"flood-{len(statuses)}", merchant)).encode()
                connection.sendall(raw_http.post(body))
                statuses.append(raw_http.one_answer(connection)[0])

    started = time.monotonic()
    flooding = threading.Thread(target=flood)
    flooding.start()
    harness.wait_until(lambda: 429 in statuses, 20, "the flood is refused")
    for address, source in ((port, "127.0.0.2"), (daemon.socket, None)):
        for number in range(PER_SECOND):
            body = json.dumps(harness.notification(f"{source}-{number}", merchant)).encode()
            status, answer = raw_http.ask(address, raw_http.post(body), source)
            assert status == 201, f"{source} was answered {status} beside a flood of another client: {answer}"
    enough.set()
    flooding.join()
    passed = statuses.count(201)
    most = PER_SECOND * (2 + time.monotonic() - started)
    assert passed <= most and set(statuses) == {201, 429}, f"{passed} of the flood passed, {most} may: {set(statuses)}"
    return len(statuses), passed


def test(options, folder):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE + 1_000:
        raise harness.Skipped(f"{hard} descriptors are not enough for {IDLE} clients")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, IDLE + 1_000), hard))
    port = harness.free_port()
    receiver = harness.Merchant(lambda order, seen: (200, "OK"))

    def start(more):
        limits = f"ingest: {{connections_max: {CONNECTIONS_MAX}, body_memory: 32MiB{more}}}\n"
        return harness.Daemon(options.ackd, folder, [receiver.url], extra=limits, tcp_port=port).start()

    daemon = start(f", requests_per_second: {PER_SECOND}")
    try:
        posted, passed = check_rates(daemon, port, "m0")
        assert daemon.stop() == 0
        daemon = start("")
        check_idle(daemon, port)
        check_half_closed(daemon, port)
        check_framing(daemon, port, "m0")
        check_json(daemon, port, "m0")
        check_endless_body(daemon, port)
        assert is_served(daemon.socket) and is_served(port)
        assert daemon.stop() == 0, daemon.tail()
        print(f"{IDLE} idle clients, hostile framing and JSON refused; a flood of {posted} had {passed} pass")
    finally:
        daemon.end()
        receiver.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
