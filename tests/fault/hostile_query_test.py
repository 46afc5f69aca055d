#!/usr/bin/env python3
"""Hostile values in every filter, cursor, limit and flag: they are values and nothing else.

SQL's and LIKE's metacharacters find only what is spelled so, garbage is refused by name, a million `%` cost no time, and
the record is the same afterwards.
"""

import json
import subprocess
import time
import urllib.parse

import harness
import raw_http

ODD = "100%_' OR '1'='1"  # an order number that looks like a bomb is found by its own spelling
VALUES = [
    "' OR 1=1 --", "'; DROP TABLE notification; --", '" OR ""="', "\\", "%", "_", "%%", "*", "?", "[a-z]*", "x' UNION SELECT 1 --",
    "1; ATTACH DATABASE '/tmp/x' AS x", ")) OR ((1", "\u2019 OR 1=1", "\u202eabc", "\x1b[2J", "a\nb", "a\x00b",
    "%" * 4000, "%_" * 2000, "9" * 4000, "-1", "0x10", "1e9", "NaN", "true", "null", "[]", "{}", "${jndi:x}", "{{7*7}}", "../../etc/passwd",
]
LISTS = {
    "/v1/notifications": ["provider", "merchant", "subject", "type", "key", "state", "since", "until", "limit", "cursor"],
    "/v1/merchants": ["provider", "limit", "cursor"],
    "/v1/lanes": ["provider", "merchant", "host", "limit", "cursor"],
    "/v1/hosts": ["limit", "cursor"],
    "/v1/providers/payindex/timetable": ["from"],
}
TEXTS = {"provider", "merchant", "subject", "type", "key", "host"}  # any text is a question; the others have a form
ROWS = {"/v1/notifications": "notifications", "/v1/merchants": "merchants", "/v1/lanes": "lanes", "/v1/hosts": "hosts"}
FLAGS = ["--state", "--provider", "--merchant", "--order", "--type", "--key", "--since", "--until", "--limit"]


def check_lists(client):
    """Every value in every parameter: 400 where it has the wrong form, else a list that has nothing of it."""
    asked = 0
    for path, names in LISTS.items():
        for name in names:
            for value in VALUES:
                started = time.monotonic()
                status, answer = client.call("GET", f"{path}?{name}={urllib.parse.quote(value, safe='')}")
                taken = time.monotonic() - started
                asked += 1
                where = f"{path}?{name}={value[:40]!r}: {status} {str(answer)[:200]}"
                assert status in ((200,) if name in TEXTS else (200, 400)), where
                assert status == 400 or name not in TEXTS or not answer[ROWS[path]], where
                assert status == 200 or answer["detail"], where
                assert taken < 1, f"{where} took {taken:.1f} s"
    return asked


def check_parameters(client):
    """What is not understood is refused by name, in every list alike."""
    for path, names in LISTS.items():
        queries = ["x=1", "=1", "%00=1", "Limit=1", "limit%20=1", "order=1", "sort=id;DROP"]
        queries += [f"{name}=1&{name}=1" for name in names]
        if "limit" in names:
            queries += [f"limit={value}" for value in ("0", "-1", "1001", "", "1.0", "+1", "0x1", "18446744073709551617")]
        for query in queries:
            status, answer = client.call("GET", f"{path}?{query}")
            assert status == 400, f"{path}?{query}: {status} {str(answer)[:200]}"
            assert answer["title"] == "invalid" and len(answer["detail"]) < 500, answer


def check_raw_targets(daemon):
    """Percent signs that encode nothing, and a target that is too long: an answer, and the next request is served."""
    for target in (b"%", b"%2", b"%zz", b"%%%", b"%00", b"%25" * 5000, b"%" * 20_000, b"\xff\xfe", b"a" * 200_000):
        for query in (b"/v1/notifications?subject=" + target, b"/v1/notifications/" + target, b"/" + target):
            status, _ = raw_http.ask(daemon.socket, raw_http.get(query))
            assert status is None or status in (200, 400, 404, 414, 431), f"{query[:60]}: {status}"
    status, _ = raw_http.ask(daemon.socket, raw_http.get(b"/healthz"))
    assert status == 200


def check_odd_order(client, identifier):
    """The order whose number is a bomb is found by it, and by no pattern of it."""
    for subject, expected in ((ODD, [identifier]), ("100%", []), ("100_%", []), ("%", []), (ODD.lower(), [])):
        listed = client.call("GET", "/v1/notifications?subject=" + urllib.parse.quote(subject, safe=""))[1]
        assert [row["id"] for row in listed["notifications"]] == expected, f"{subject}: {listed}"


def check_flags(options, daemon):
    """The same through ackctl, whose filters become a query."""

    def ackctl(*arguments):
        return subprocess.run([options.ackctl, "--socket", daemon.socket, *arguments], capture_output=True, timeout=20)

    for value in ("' OR 1=1 -- \x1b[2J", "%&limit=1#" * 400):
        for flag in FLAGS:
            ran = ackctl("ls", "--json", f"{flag}={value}")
            assert ran.returncode in (0, 1, 2) and not ran.stdout.strip(), f"{flag}={value[:40]!r}: {ran}"
            assert b"\x1b" not in ran.stderr, f"{flag} drives the terminal: {ran.stderr}"
        for arguments in (["show", value], ["show", "--order", value], ["cancel", "--order", value],
                          ["merchant", "show", value, value], ["merchant", "ls", "--provider", value],
                          ["lane", "show", value, value], ["lane", "ls", f"--host={value}"]):
            ran = ackctl(*arguments)
            assert ran.returncode in (0, 1, 2) and b"\x1b" not in ran.stdout + ran.stderr, f"{arguments}: {ran}"
    ran = ackctl("ls", "--json", "--order", ODD)
    assert ran.returncode == 0 and len(ran.stdout.splitlines()) == 1, ran


def test(options, folder):
    receiver = harness.Merchant(lambda order, seen: (200, "fail"))
    daemon = harness.Daemon(options.ackd, folder, [receiver.url], delays="[60s]", extra="drain_timeout: 100ms\n")
    try:
        daemon.start()
        client = harness.Client(daemon.socket)
        made = {order: client.call("POST", "/v1/notifications", harness.notification(order, "m0"))
                for order in ("o-1", "o-2", ODD)}
        assert all(status == 201 for status, _ in made.values()), made
        harness.wait_until(lambda: client.call("GET", "/v1/stats")[1]["attempts"] == 3, 20, "each was sent once")
        before = client.call("GET", "/v1/notifications")[1]
        asked = check_lists(client)
        check_parameters(client)
        check_odd_order(client, made[ODD][1]["id"])
        check_raw_targets(daemon)
        check_flags(options, daemon)
        assert client.call("GET", "/v1/notifications")[1] == before, "the record changed"
        assert daemon.stop() == 0, daemon.tail()
        print(f"{asked} hostile questions, {len(json.dumps(before))} bytes of record as before")
    finally:
        daemon.end()
        receiver.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
