#!/usr/bin/env python3
"""More memory than ingest.memory_max: posts are refused with 503, what is there goes on being sent, and it ends by itself.

Half of a body is sent by each of many clients: their bytes are held until the rest comes, or until they leave.
"""

import json

import harness
import raw_http

MEBIBYTE = 1 << 20
CLIENTS = 10
# What a client's half holds; all of them are well over the room that is left below the limit.
HALF = 12 * MEBIBYTE
ROOM = 48 * MEBIBYTE
# The sanitizer keeps freed memory back to find its use; the limit is about what the process really gives back.
ENVIRONMENT = {"ASAN_OPTIONS": "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}


def hold(daemon):
    client = raw_http.connect(daemon.socket, timeout=30)
    client.sendall(b"POST /v1/notifications HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16000000\r\n\r\n")
    client.sendall(b"x" * HALF)
    return client


def start(options, folder, url, limit=""):
    extra = f"ingest: {{body_memory: 512MiB{limit}}}\n"
    daemon = harness.Daemon(options.ackd, folder, [url], delays="[100ms, 100ms, 100ms]", extra=extra)
    return daemon.start(environment=ENVIRONMENT)


def test(options, folder):
    merchant = harness.Merchant(lambda order, seen: (200, "OK") if seen > 3 else (200, "fail"))
    daemon = start(options, folder, merchant.url)
    try:
        limit = daemon.rss_kib() // 1024 + ROOM // MEBIBYTE
        assert daemon.stop() == 0
        daemon = start(options, folder, merchant.url, f", memory_max: {limit}MiB")
        client = harness.Client(daemon.socket)
        assert client.call("POST", "/v1/notifications", harness.notification("before", "m0"))[0] == 201
        held = [hold(daemon) for _ in range(CLIENTS)]
        harness.wait_until(lambda: client.call("GET", "/v1/stats")[1]["engine"]["memory_short"], 20, "memory is short")
        connection = harness.UnixConnection(daemon.socket)
        connection.request("POST", "/v1/notifications", json.dumps(harness.notification("refused", "m0")))
        answer = connection.getresponse()
        problem = json.loads(answer.read())
        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0, problem
        assert f"ingest.memory_max is {limit} MiB" in problem["detail"], problem
        assert client.call("GET", "/readyz")[0] == 503
        # Three refusals and an acknowledgement, all while nothing is accepted.
        harness.wait_until(lambda: merchant.acknowledged.get("before"), 20, "sending goes on")
        assert client.call("GET", "/v1/stats")[1]["engine"]["memory_short"]
        for each in held:
            each.close()
        harness.wait_until(lambda: client.call("GET", "/readyz")[0] == 200, 20, "there is memory again")
        assert client.call("POST", "/v1/notifications", harness.notification("after", "m0"))[0] == 201
        harness.wait_until_ended(client, 20)
        log = daemon.tail()
        assert "memory_short" in log, log
        assert "refused" not in merchant.requests
        assert daemon.stop() == 0, daemon.tail()
        print(f"refused above {limit} MiB, sent meanwhile, accepted again below it")
    finally:
        daemon.end()
        merchant.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
