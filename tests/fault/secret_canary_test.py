#!/usr/bin/env python3
"""Secrets stay where they belong: canaries go in by every door, and everything that ackd lets out is searched for them.

Searched: the log at its most talkative, every answer of the API on good paths and bad, the command lines of the
processes, and every file of the data folder but the master key's own. Canaries are looked for as they are, in hex and
in base64. A canary in a field that is no secret must be found by the same search, or the search proves nothing.
"""

import base64
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import harness  # noqa: E402

MERCHANT_KEY = "canary-merchant-secret-7f3a91"
SECOND_KEY = "canary-second-secret-51c0de"
SHARED_KEY = "canary-shared-secret-c2b84d"
IMPORTED_KEY = "canary-imported-secret-09ad77"
PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\ncanaryprivatekeye4d0aa\n-----END PRIVATE KEY-----\n"
REFUSED_KEY = "canary-refused-secret-aa10f6"
CONFIGURED_KEY = "canary-configured-secret-3be2"
MASTER_KEY = bytes(range(0xC0, 0xE0))
OPEN = "canary-contact-that-anyone-may-read"  # the negative control


def forms(secret):
    """The bytes that betray it: as they are, in hex of either case, and in base64 at each of its three alignments."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + secret)
        found.add(encoded[4 if shift else 0 : -4])
    found.add(json.dumps(secret.decode("latin-1"))[1:-1].encode())
    return found


SECRETS = {
    name: forms(text.encode())
    for name, text in (
        ("a merchant's key", MERCHANT_KEY), ("its second key", SECOND_KEY), ("a shared key", SHARED_KEY),
        ("an imported key", IMPORTED_KEY), ("a private key", "canaryprivatekeye4d0aa"), ("a refused key", REFUSED_KEY),
        ("a configured key", CONFIGURED_KEY),
    )
} | {"the master key": forms(MASTER_KEY)}


def search(what, data):
    for name, betrayals in SECRETS.items():
        for betrayal in betrayals:
            assert betrayal not in data, f"{name} is in {what}, as {betrayal!r}"


class Api:
    """A client that keeps every answer, headers too."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.answers = []

    def __call__(self, method, path, body=None, kind="application/json"):
        connection = harness.UnixConnection(self.daemon.socket)
        text = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": kind})
        answer = connection.getresponse()
        data = answer.read()
        self.answers.append((f"{method} {path}: {answer.status}", str(answer.headers).encode() + data))
        connection.close()
        return answer.status, json.loads(data or b"null")


def good_paths(api, merchant):
    shop = "/v1/merchants/payindex/shop"
    body = {"url": merchant.url, "contact": OPEN, "keys": [{"id": "k1", "secret": MERCHANT_KEY}]}
    assert api("PUT", shop, body)[0] == 201
    body["keys"] = [{"id": "k2", "secret": SECOND_KEY, "private_key": PRIVATE_KEY}, {"id": "k1"}]
    assert api("PUT", shop, body)[0] == 200
    assert api("PUT", "/v1/providers/payindex/keys", {"keys": [{"id": "s", "secret": SHARED_KEY}]})[0] == 200
    assert api("PUT", "/v1/merchants/payindex/bare", {"url": merchant.url})[0] == 201
    identifier = api("POST", "/v1/merchant-imports")[1]["id"]
    line = {"provider": "payindex", "id": "i", "url": merchant.url, "keys": [{"id": "k", "secret": IMPORTED_KEY}]}
    assert api("POST", f"/v1/merchant-imports/{identifier}/lines", line, "application/x-ndjson")[1]["errors"] == []
    assert api("POST", f"/v1/merchant-imports/{identifier}/commit")[0] == 200
    identifiers = []
    for name in ("shop", "bare", "i", "configured"):
        status, answer = api("POST", "/v1/notifications", harness.notification(f"order-{name}", name))
        assert status == 201, answer
        identifiers.append(answer["id"])
    return identifiers


def bad_paths(api):
    """Refusals are where secrets slip into sentences."""
    shop = "/v1/merchants/payindex/shop"
    key = {"id": "k", "secret": REFUSED_KEY}
    for body in (
        '{"keys": [{"id": "k", "secret": "' + REFUSED_KEY,
        '{"keys": [{"id": "k", "secret": "' + REFUSED_KEY + '\\x"}]}',
        {"keys": REFUSED_KEY}, {"keys": [REFUSED_KEY]}, {"keys": [{**key, REFUSED_KEY: 1}]}, {"keys": [key, key]},
        {"keys": [{"id": "k", "secret": [REFUSED_KEY]}]}, {"keys": [key, {**key, "id": ""}]}, {"keys": [key] * 3},
        {"keys": [{"id": "k", "secret": REFUSED_KEY * 1_000}]}, {"keys": [key], "version": 99},
        {"keys": [key], "options": {"nothing": "x"}}, {"keys": [key], "url": "ftp://x"}, {"key": REFUSED_KEY},
        REFUSED_KEY, "[" + json.dumps(REFUSED_KEY) + "]",
    ):
        assert api("PUT", shop, body)[0] in (400, 409, 413, 422), body
        assert api("PUT", "/v1/providers/payindex/keys", body)[0] in (400, 413, 422) or "version" in str(body), body
    assert api("PUT", "/v1/merchants/payindex/configured", {"keys": [key]})[0] == 409
    assert api("PUT", "/v1/merchants/nowhere/shop", {"keys": [key]})[0] == 422
    identifier = api("POST", "/v1/merchant-imports")[1]["id"]
    for line in ('{"provider": "payindex", "id": "x", "keys": [{"id": "k", "secret": "' + REFUSED_KEY,
                 json.dumps({"provider": "payindex", "id": "y", "keys": [{"id": "k", "secret": REFUSED_KEY, "x": 1}]}),
                 json.dumps({"provider": "nowhere", "id": "z", "keys": [key]}), REFUSED_KEY):
        api("POST", f"/v1/merchant-imports/{identifier}/lines", line, "application/x-ndjson")
    assert api("POST", f"/v1/merchant-imports/{identifier}/commit")[0] == 409
    # A private key that is none: signing must fail, and say so without it.
    assert api("PUT", "/v1/merchants/alipay/m", {"url": "http://127.0.0.1:9/", "keys": [
        {"id": "pk", "private_key": PRIVATE_KEY}]})[0] == 201
    status, probe = api("POST", "/v1/merchants/alipay/m/probe")
    assert status == 201, probe
    harness.wait_until(
        lambda: api("GET", f"/v1/notifications/{probe['id']}")[1]["state"] == "held", 20, "signing has failed")
    reason = api("GET", f"/v1/notifications/{probe['id']}")[1]["reason"]
    assert "private key that cannot be used" in reason, reason
    api("GET", f"/v1/notifications/{probe['id']}/request")
    api("GET", f"/v1/notifications/{probe['id']}/why")


def look_everywhere(api, identifiers):
    for path in ("/v1/merchants", "/v1/merchants/payindex/shop", "/v1/merchants/payindex/bare", "/v1/keys", "/v1/stats",
                 "/v1/providers", "/v1/providers/payindex/keys", "/v1/notifications", "/healthz", "/readyz"):
        assert api("GET", path)[0] == 200, path
    for identifier in identifiers:
        for tail in ("", "/why", "/request"):
            assert api("GET", f"/v1/notifications/{identifier}{tail}")[0] == 200


def command_line(daemon):
    with open(f"/proc/{daemon.process.pid}/cmdline", "rb") as line, \
            open(f"/proc/{daemon.process.pid}/environ", "rb") as environment:
        return line.read() + environment.read()


def search_files(daemon):
    """Returns whether the negative control was found."""
    found = False
    for folder, _, names in os.walk(os.path.join(daemon.folder, "data")):
        for name in names:
            path = os.path.join(folder, name)
            if name == "master.key" or not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                data = file.read()
            search(path, data)
            found = found or OPEN.encode() in data
    return found


def prepare(daemon, merchant):
    data = os.path.join(daemon.folder, "data")
    os.makedirs(data, 0o700, exist_ok=True)
    with open(os.open(os.path.join(data, "master.key"), os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        file.write(MASTER_KEY.hex() + "\n")
    with open(os.path.join(daemon.folder, "m.key"), "w", encoding="utf-8") as file:
        file.write(CONFIGURED_KEY + "\n")
    daemon.configure(
        f'merchants:\n  - {{provider: payindex, id: configured, url: "{merchant.url}", key_file: m.key}}\n')
    path = os.path.join(daemon.folder, "config.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r"log: \{level: warning\}", "log: {level: debug}", text))


def test(options, folder):
    merchant = harness.Merchant(lambda order, seen: (200, "OK") if seen > 1 else (200, "fail"))
    daemon = harness.Daemon(options.ackd, folder, [])
    prepare(daemon, merchant)
    try:
        daemon.start()
        api = Api(daemon)
        identifiers = good_paths(api, merchant)
        bad_paths(api)
        look_everywhere(api, identifiers)
        search("the command line and the environment", command_line(daemon))
        assert search_files(daemon), "the search of files does not find what is there"
        assert api("POST", "/v1/keys/rotate")[0] == 202
        harness.wait_until(lambda: not api("GET", "/v1/keys")[1]["rotating"], 20, "the rotation is over")
        daemon.kill()
        search_files(daemon)
        daemon.start()
        look_everywhere(api, identifiers)
        api("DELETE", "/v1/merchants/payindex/shop")
        assert daemon.stop() == 0
        search_files(daemon)
        for what, data in api.answers:
            search("the answer to " + what, data)
        assert any(OPEN.encode() in data for _, data in api.answers), "the search of answers finds nothing"
        with open(daemon.log, "rb") as log:
            text = log.read()
        search("the log", text)
        assert b"merchant_changed" in text, "the log was not searched at its most talkative"
        print(f"{len(SECRETS)} secrets in {sum(map(len, SECRETS.values()))} forms are in none of {len(api.answers)} "
              f"answers, {len(text)} bytes of log, the command line and the files")
    finally:
        daemon.end()
        merchant.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
