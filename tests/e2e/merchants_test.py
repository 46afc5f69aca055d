#!/usr/bin/env python3
"""Merchants and keys while the daemon runs: made, changed, paused, removed, imported; keys shared, rotated and sealed.

What was answered is there after a kill -9, pending notifications follow their merchant without being moved, and a
rotation of the master key that is killed again and again ends with everything under the new key.
"""

import hashlib
import json
import os
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402

SHOP = "/v1/merchants/payindex/shop"
SHARED = "/v1/providers/payindex/keys"
IMPORTED = 3_000


class Daemon(harness.Daemon):
    """Without merchants in its configuration; a second between attempts leaves time to change what they go by."""

    def __init__(self, binary, folder):
        super().__init__(binary, folder, [], delays="[1s, 1s, 1s]")
        self.configured("")

    def configured(self, rest):
        self.configure(rest)
        return self

    @property
    def key_file(self):
        return os.path.join(self.folder, "data", "master.key")

    def keys_in_file(self):
        with open(self.key_file, encoding="ascii") as file:
            return [line.strip() for line in file if line.strip() and not line.startswith("#")]


class Api:
    """One client, made anew after a restart, that says what it expects."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.client = harness.Client(daemon.socket)

    def __call__(self, method, path, document=None, expect=200):
        status, answer = self.client.call(method, path, document)
        assert status == expect, f"{method} {path}: {status} {answer}"
        return answer

    def post(self, order, merchant="shop", expect=201):
        return self("POST", "/v1/notifications", harness.notification(order, merchant), expect)

    def show(self, identifier):
        return self("GET", f"/v1/notifications/{identifier}")

    def wait_for(self, identifier, state, seconds=20):
        harness.wait_until(lambda: self.show(identifier)["state"] == state, seconds, f"{identifier} is {state}")
        return self.show(identifier)

    def lines(self, path, lines, expect=200):
        connection = harness.UnixConnection(self.daemon.socket)
        connection.request("POST", path, "".join(json.dumps(line) + "\n" for line in lines))
        answer = connection.getresponse()
        assert answer.status == expect, answer.read()
        return json.loads(answer.read())


def signed_with(body, secret):
    """As the platform's interface document says: the values by name, without those that are empty, and the key."""
    values = {name: value[0] for name, value in urllib.parse.parse_qs(body.decode()).items()}
    text = "&".join(f"{name}={values[name]}" for name in sorted(values) if name not in ("sign", "attach"))
    return values["sign"] == hashlib.md5(f"{text}&key={secret}".encode()).hexdigest().upper()


def bodies(merchant, order):
    with merchant.lock:
        return [body for _, body in merchant.requests.get(order, [])]


def arrivals(merchant, order):
    with merchant.lock:
        return [at for at, _ in merchant.requests.get(order, [])]


def made_and_delivered(api, first):
    made = api("PUT", SHOP, {"url": first.url, "keys": [{"id": "k1", "secret": "one"}], "version": 0}, 201)
    assert made["state"] == "active" and made["keys"] == [{"id": "k1", "parts": ["secret"]}], made
    done = api.wait_for(api.post("made")["id"], "delivered")
    assert done["attempt_list"][0]["key_id"] == "k1", done
    assert signed_with(bodies(first, "made")[0], "one")
    assert api("GET", SHOP) == made


def key_rotates_under_a_pending_retry(api, first):
    pending = api.post("refuse-once-rotated")["id"]
    harness.wait_until(lambda: bodies(first, "refuse-once-rotated"), 20, "the first attempt")
    api("PUT", SHOP, {"url": first.url, "keys": [{"id": "k2", "secret": "two"}, {"id": "k1"}]})
    done = api.wait_for(pending, "delivered")
    assert [attempt["key_id"] for attempt in done["attempt_list"]] == ["k1", "k2"], done
    sent = bodies(first, "refuse-once-rotated")
    assert signed_with(sent[0], "one") and signed_with(sent[1], "two")
    # The one before is still there, and back in force by naming it alone.
    api("PUT", SHOP, {"url": first.url, "keys": [{"id": "k1"}]})
    api.wait_for(api.post("back")["id"], "delivered")
    assert signed_with(bodies(first, "back")[0], "one")
    assert api("PUT", SHOP, {"keys": [{"id": "k2"}]}, 422)["field"] == "keys[0]"


def changed_url_moves_nothing(api, first, second):
    pending = api.post("refuse-once-moved")["id"]
    harness.wait_until(lambda: api.show(pending)["attempts"] == 1, 20, "the first attempt is on record")
    before = api.show(pending)
    api("PUT", SHOP, {"url": second.url})
    assert api.show(pending)["next_at"] == before["next_at"], "a changed URL must not move what is pending"
    api.wait_for(pending, "delivered")
    assert len(bodies(first, "refuse-once-moved")) == 1 and len(bodies(second, "refuse-once-moved")) == 1
    waited = arrivals(second, "refuse-once-moved")[0] - arrivals(first, "refuse-once-moved")[0]
    assert waited >= 1.0, f"sent {waited:.3f} s after the first attempt"


def paused_across_a_restart(daemon, api, second):
    api("PUT", "/v1/merchants/payindex/other", {"url": second.url, "keys": [{"id": "o", "secret": "o"}]}, 201)
    api("POST", SHOP + "/pause", {"reason": "their server burns"})
    pending = api.post("paused")["id"]
    api.wait_for(api.post("beside", "other")["id"], "delivered")
    assert daemon.stop() == 0
    api = Api(daemon.start())
    shown = api("GET", SHOP)
    assert shown["state"] == "paused" and shown["pause_reason"] == "their server burns", shown
    api.wait_for(api.post("beside-2", "other")["id"], "delivered")
    assert not bodies(second, "paused")
    why = api("GET", f"/v1/notifications/{pending}/why")
    assert "its merchant is paused (their server burns)" in why["why"] and why["lane"]["paused"], why
    api("POST", SHOP + "/resume")
    api.wait_for(pending, "delivered")
    return api


def shared_keys_fill(api, second):
    api("PUT", SHARED, {"keys": [{"id": "p1", "secret": "shared"}]})
    shown = api("PUT", "/v1/merchants/payindex/bare", {"url": second.url}, 201)
    assert shown["keys"] == [] and shown["shared_keys"] == ["p1"], shown
    assert api("GET", SHOP)["shared_keys"] == []
    done = api.wait_for(api.post("shared", "bare")["id"], "delivered")
    assert done["attempt_list"][0]["key_id"] == "p1" and signed_with(bodies(second, "shared")[0], "shared")
    api("PUT", SHARED, {"keys": [{"id": "p2", "secret": "shared two"}, {"id": "p1"}]})
    api.wait_for(api.post("shared-2", "bare")["id"], "delivered")
    assert signed_with(bodies(second, "shared-2")[0], "shared two")


def removed_and_put_back(api, second):
    pending = api.post("refuse-once-removed")["id"]
    harness.wait_until(lambda: api.show(pending)["attempts"] == 1, 20, "the first attempt is on record")
    shop = api("GET", SHOP)
    api("DELETE", f"{SHOP}?version={shop['version'] - 1}", None, 409)
    api("DELETE", f"{SHOP}?version={shop['version']}")
    api("GET", SHOP, None, 404)
    assert "ackctl merchant add payindex shop" in api.post("refused", expect=422)["detail"]
    held = api.wait_for(pending, "held")
    assert "is unknown" in held["reason"] and "released by itself" in held["reason"], held
    api("PUT", SHOP, {"url": second.url, "keys": [{"id": "k9", "secret": "nine"}]}, 201)
    done = api.wait_for(pending, "delivered")
    assert done["attempt_list"][1]["key_id"] == "k9", done


def answered_is_there_after_a_kill(daemon, rounds):
    for number in range(rounds):
        api = Api(daemon)
        version = api("GET", SHOP)["version"]
        changed = api("PUT", SHOP, {"contact": f"round {number}"})
        api("PUT", SHARED, {"keys": [{"id": "p2"}, {"id": f"r{number}", "secret": "x"}]})
        daemon.kill()
        api = Api(daemon.start())
        shown = api("GET", SHOP)
        assert shown == changed and shown["version"] == version + 1, (shown, changed)
        assert [key["id"] for key in api("GET", SHARED)["keys"]] == ["p2", f"r{number}"]
    return Api(daemon)


def imported(api, second):
    path = "/v1/merchant-imports/" + api("POST", "/v1/merchant-imports", None, 201)["id"]
    merchants = [
        {"provider": "payindex", "id": f"i{number}", "url": second.url, "keys": [{"id": "k", "secret": f"s{number}"}]}
        for number in range(IMPORTED)
    ]
    for start in range(0, IMPORTED, 1_000):
        assert api.lines(path + "/lines", merchants[start : start + 1_000])["errors"] == []
    assert api("GET", "/v1/merchants/payindex/i1", None, 404)
    assert api("POST", path + "/commit") == {"added": IMPORTED, "changed": 0, "unchanged": 0}
    api.wait_for(api.post("imported", "i7")["id"], "delivered")
    assert signed_with(bodies(second, "imported")[0], "s7")


def rotation_survives_kills(daemon, api, second):
    before = daemon.keys_in_file()
    assert len(before) == 1
    started = api("POST", "/v1/keys/rotate", None, 202)
    assert started["sealed_with_older"] > IMPORTED and started["rotating"], started
    kills = 0
    left = started["sealed_with_older"]
    while kills == 0 or (kills < 3 and api("GET", "/v1/keys")["rotating"]):
        daemon.kill()
        assert daemon.keys_in_file()[1:] in (before, []), "the old key goes last"
        kills += 1
        api = Api(daemon.start())
        state = api("GET", "/v1/keys")
        assert state["master_key"] == started["master_key"] and state["sealed_with_older"] <= left, state
        left = state["sealed_with_older"]
    harness.wait_until(lambda: not api("GET", "/v1/keys")["rotating"], 60, "the rotation is over")
    assert api("GET", "/v1/keys")["sealed_with_older"] == 0
    harness.wait_until(lambda: len(daemon.keys_in_file()) == 1, 20, "the old key is dropped")
    assert daemon.keys_in_file() != before and os.stat(daemon.key_file).st_mode & 0o777 == 0o600
    assert daemon.stop() == 0
    api = Api(daemon.start())
    for order, merchant, secret in (("after-1", "i2999", "s2999"), ("after-2", "bare", "shared two")):
        api.wait_for(api.post(order, merchant)["id"], "delivered")
        assert signed_with(bodies(second, order)[0], secret)
    return api, kills


def wrong_master_key_is_refused(daemon, api):
    master = api("GET", "/v1/keys")["master_key"]
    assert daemon.stop() == 0
    right = daemon.key_file + ".kept"
    os.rename(daemon.key_file, right)
    daemon.start(may_die=True)
    assert daemon.process.wait() != 0 and "put a copy of it back" in daemon.tail(), daemon.tail()
    with open(os.open(daemon.key_file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        file.write("0" * 64 + "\n")
    daemon.start(may_die=True)
    assert daemon.process.wait() != 0 and f"under master key {master}" in daemon.tail(), daemon.tail()
    os.replace(right, daemon.key_file)
    return Api(daemon.start())


def credential_takes_the_file_s_place(daemon, folder):
    """As systemd would hand it over; the file is not needed then."""
    assert daemon.stop() == 0
    credentials = os.path.join(folder, "credentials")
    os.mkdir(credentials)
    credential = os.path.join(credentials, "ackd-master-key")
    with open(os.open(credential, os.O_WRONLY | os.O_CREAT, 0o400), "w", encoding="ascii") as file:
        file.write("ab" * 32 + "\n" + daemon.keys_in_file()[0] + "\n")
    api = Api(daemon.start(environment={"CREDENTIALS_DIRECTORY": credentials}))
    harness.wait_until(lambda: not api("GET", "/v1/keys")["rotating"], 60, "what was under the older key is sealed anew")
    state = api("GET", "/v1/keys")
    assert state["source"] == "credential" and state["sealed_with_older"] == 0, state
    return api


def configuration_wins(daemon, second, folder, credentials):
    assert daemon.stop() == 0
    daemon.configured(
        "ingest: {unknown_merchants: hold}\nmerchants:\n"
        f'  - {{provider: payindex, id: i7, url: "{second.url}", key_file: m.key, hosts: [a.example], contact: us}}\n'
    )
    api = Api(daemon.start(environment=credentials))
    assert "merchant_twice" in daemon.tail()
    shown = api("GET", "/v1/merchants/payindex/i7")
    assert shown["source"] == "configuration" and shown["version"] == 0 and shown["hosts"] == ["a.example"], shown
    api("PUT", "/v1/merchants/payindex/i7", {}, 409)
    api.wait_for(api.post("configured", "i7")["id"], "delivered")
    assert signed_with(bodies(second, "configured")[0], "0123456789abcdef")
    # Nobody knows this one yet, and it is told so.
    early = api.post("early", "late")
    assert early["state"] == "held", early
    assert "is unknown" in api("GET", f"/v1/notifications/{early['id']}/why")["why"]
    api("PUT", "/v1/merchants/payindex/late", {"url": second.url, "keys": [{"id": "l", "secret": "late"}]}, 201)
    api.wait_for(early["id"], "delivered")
    assert signed_with(bodies(second, "early")[0], "late")


def refuse_once(order, seen):
    return (200, "fail") if order.startswith("refuse-once") and seen == 1 else (200, "OK")


class Second(harness.Merchant):
    """Takes whatever comes: what was refused once was refused by the first."""

    def __init__(self):
        super().__init__(lambda order, seen: refuse_once(order, seen) if "removed" in order else (200, "OK"))


def test(options, folder):
    first, second = harness.Merchant(refuse_once), Second()
    daemon = Daemon(options.ackd, folder)
    began = time.monotonic()
    try:
        api = Api(daemon.start())
        assert len(daemon.keys_in_file()) == 1 and os.stat(daemon.key_file).st_mode & 0o777 == 0o600
        made_and_delivered(api, first)
        key_rotates_under_a_pending_retry(api, first)
        changed_url_moves_nothing(api, first, second)
        api = paused_across_a_restart(daemon, api, second)
        shared_keys_fill(api, second)
        removed_and_put_back(api, second)
        api = answered_is_there_after_a_kill(daemon, options.rounds or 5)
        imported(api, second)
        api, kills = rotation_survives_kills(daemon, api, second)
        api = wrong_master_key_is_refused(daemon, api)
        credential_takes_the_file_s_place(daemon, folder)
        configuration_wins(daemon, second, folder, {"CREDENTIALS_DIRECTORY": os.path.join(folder, "credentials")})
        print(f"made, changed, paused, removed and imported; rotated in spite of {kills} kills, "
              f"{time.monotonic() - began:.0f} s")
    finally:
        daemon.end()
        first.close()
        second.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
