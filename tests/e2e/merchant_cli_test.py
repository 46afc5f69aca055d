#!/usr/bin/env python3
"""Merchants and keys by ackctl alone: made, changed, rotated, paused, removed, and many imported in one commit
(100,000 with ACKD_LONG=1).

Each secret holds one word that is looked for in everything that ackctl and ackd have written.
"""

import hashlib
import json
import os
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402  (shared with the fault tests)

from ackctl import Ackctl  # noqa: E402

PROVIDER = "payindex"
# Under the sanitizers a hundred thousand take four minutes.
MERCHANTS = 100_000 if os.environ.get("ACKD_LONG") else 5_000
SOME = 1_000
CANARY = "canary7f31"  # in every secret


class Recording(Ackctl):
    """Keeps all that it was shown, for the search at the end."""

    shown = ""

    def run(self, *words, **options):
        out = super().run(*words, **options)
        self.shown += out
        return out


def write_key(folder, name):
    path = os.path.join(folder, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        file.write(f"{CANARY}-{name}\n")
    return path


def signed_with(merchant, order):
    """Names of the keys that signed what arrived for `order`."""
    with merchant.lock:
        bodies = [body for _, body in merchant.requests[order]]
    return {name for body in bodies for name in ("first", "second", "typed", "shared")
            if is_signed(urllib.parse.parse_qs(body.decode()), f"{CANARY}-{name}")}


def is_signed(fields, secret):
    signed = "&".join(f"{name}={fields[name][0]}" for name in sorted(fields) if name not in ("sign", "attach"))
    digest = hashlib.md5(f"{signed}&key={secret}".encode()).hexdigest()
    return fields["sign"][0].lower() == digest


def post(client, order, merchant="shop"):
    status, answer = client.call("POST", "/v1/notifications", harness.notification(order, merchant))
    assert status == 201, answer
    return answer["id"]


def state(client, identifier):
    return client.call("GET", f"/v1/notifications/{identifier}")[1]["state"]


def deliver(client, order, merchant="shop"):
    identifier = post(client, order, merchant)
    harness.wait_until(lambda: state(client, identifier) == "delivered", 20, f"{order} is delivered")


def make_and_rotate(ackctl, client, merchant, folder):
    made = ackctl.json("merchant", "add", PROVIDER, "shop", "--url", merchant.url, "--contact", "Ann",
                       "--key-file", write_key(folder, "first"), expect=0)
    assert made["source"] == "record" and made["version"] == 1 and made["state"] == "active", made
    assert made["keys"] == [{"id": "first", "parts": ["secret"]}], made
    assert "merchant set" in ackctl.run("merchant", "add", PROVIDER, "shop", expect=1)
    deliver(client, "order-1")
    assert signed_with(merchant, "order-1") == {"first"}
    rotated = ackctl.json("merchant", "set", PROVIDER, "shop", "--add-key", write_key(folder, "second"), expect=0)
    assert [key["id"] for key in rotated["keys"]] == ["second", "first"], rotated
    assert rotated["url"] == made["url"] and rotated["contact"] == "Ann" and rotated["version"] == 2, rotated
    deliver(client, "order-2")
    assert signed_with(merchant, "order-2") == {"second"}
    ended = ackctl.json("merchant", "set", PROVIDER, "shop", "--drop-key", "first", "--contact", "Bob", expect=0)
    assert [key["id"] for key in ended["keys"]] == ["second"] and ended["contact"] == "Bob", ended
    ackctl.run("merchant", "set", PROVIDER, "shop", "--key", "typed=-", typed=f"{CANARY}-typed\n", expect=0)
    deliver(client, "order-3")
    assert signed_with(merchant, "order-3") == {"typed"}
    assert "url" in ackctl.run("merchant", "set", PROVIDER, "shop", "--url", "gopher://x", expect=1)


def share_a_key(ackctl, client, merchant, folder):
    ackctl.run("key", "set", PROVIDER, "--key-file", write_key(folder, "shared"), expect=0)
    made = ackctl.json("merchant", "add", PROVIDER, "sharing", "--url", merchant.url, expect=0)
    assert made["keys"] == [] and made["shared_keys"] == ["shared"], made
    deliver(client, "order-4", "sharing")
    assert signed_with(merchant, "order-4") == {"shared"}
    assert ackctl.json("key", "ls", PROVIDER, expect=0)["keys"] == [{"id": "shared", "parts": ["secret"]}]


def pause_and_remove(ackctl, client, merchant):
    paused = ackctl.json("merchant", "pause", PROVIDER, "shop", "--reason", "moves", expect=0)
    assert paused["state"] == "paused" and paused["pause_reason"] == "moves", paused
    assert "shop" in ackctl.run("merchant", "ls", "--state", "paused", expect=0)
    identifier = post(client, "order-5")
    deliver(client, "order-6", "sharing")  # the daemon has had its turns, and sent nothing to the paused one
    assert "order-5" not in merchant.requests
    assert ackctl.json("merchant", "resume", PROVIDER, "shop", expect=0)["state"] == "active"
    harness.wait_until(lambda: state(client, identifier) == "delivered", 20, "the resumed merchant is notified")
    ackctl.run("merchant", "rm", PROVIDER, "sharing", expect=2)
    ackctl.run("merchant", "rm", PROVIDER, "sharing", "--yes", expect=0)
    ackctl.run("merchant", "show", PROVIDER, "sharing", expect=1)


def leave_the_configuration_alone(ackctl):
    assert ackctl.json("merchant", "show", PROVIDER, "m0", expect=0)["source"] == "configuration"
    for words in (["set", PROVIDER, "m0", "--contact", "x"], ["rm", PROVIDER, "m0", "--yes"], ["add", PROVIDER, "m0"]):
        assert "config.yaml" in ackctl.run("merchant", *words, expect=1), words
    assert '"m0"' not in ackctl.run("merchant", "export", expect=0)
    assert '"m0"' in ackctl.run("merchant", "ls", "--source", "configuration", "--json", expect=0)


def line(number, **changes):
    merchant = {"provider": PROVIDER, "id": f"bulk-{number}", "url": f"https://m{number}.example/notify",
                "keys": [{"id": "k1", "secret": f"{CANARY}-{number}"}], "contact": f"merchant {number}"}
    return json.dumps({**merchant, **changes}) + "\n"


def write_lines(folder, name, lines):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(lines)
    return path


def timed(what, work):
    begun = time.monotonic()
    result = work()
    print(f"{what}: {time.monotonic() - begun:.2f} s", flush=True)
    return result


def import_many(ackctl, folder):
    before = ackctl.run("merchant", "export", expect=0)
    good = [line(number) for number in range(MERCHANTS)]
    wrong = write_lines(folder, "wrong.ndjson", good[:-1] + [line(MERCHANTS - 1, url="gopher://x")])
    refused = timed("import refused for its last line",
                    lambda: ackctl.run("merchant", "import", wrong, expect=1, seconds=600))
    assert f"line {MERCHANTS}: url: " in refused and "nothing was changed: 1 wrong line" in refused, refused
    assert ackctl.run("merchant", "export", expect=0) == before, "a refused import left a trace"
    tried = ackctl.run("merchant", "import", "-", "--dry-run", typed="".join(good[:SOME]), expect=0)
    assert tried == f"{SOME} merchants could be imported; nothing was changed\n", tried
    assert ackctl.run("merchant", "export", expect=0) == before, "a dry run left a trace"
    right = write_lines(folder, "right.ndjson", good)
    done = timed(f"import of {MERCHANTS} merchants",
                 lambda: ackctl.run("merchant", "import", right, expect=0, seconds=600))
    assert done == f"{MERCHANTS} added, 0 changed, 0 unchanged\n", done


def export_and_import_again(ackctl, folder):
    exported = timed("export", lambda: ackctl.run("merchant", "export", expect=0, seconds=600))
    lines = exported.splitlines(keepends=True)
    assert len(lines) == MERCHANTS + 1, len(lines)
    again = ackctl.run("merchant", "import", "-", typed="".join(lines[-SOME:]), expect=0)
    assert again == f"0 added, 0 changed, {SOME} unchanged\n", again
    changed = json.loads(lines[0])
    changed["contact"] = "somebody else"
    one = write_lines(folder, "one.ndjson", [json.dumps(changed) + "\n", "\n", lines[1]])
    assert ackctl.run("merchant", "import", one, expect=0) == "0 added, 1 changed, 1 unchanged\n"


def rotate_the_master_key(ackctl):
    before = ackctl.json("key", "status", expect=0)
    assert before["sealed"] >= MERCHANTS and before["sealed_with_older"] == 0, before
    timed("key rotate", lambda: ackctl.run("key", "rotate", expect=0, seconds=600))
    after = ackctl.json("key", "status", expect=0)
    assert after["master_key"] != before["master_key"] and not after["rotating"], after
    assert after["sealed"] == before["sealed"] and after["sealed_with_older"] == 0, after


def survives_a_restart(daemon, ackctl, merchant):
    assert daemon.stop() == 0
    timed("start with all of them", lambda: daemon.start(ready_seconds=120))
    client = harness.Client(daemon.socket)
    deliver(client, "order-7")
    assert signed_with(merchant, "order-7") == {"typed"}
    shown = ackctl.json("merchant", "show", PROVIDER, f"bulk-{MERCHANTS - 1}", expect=0)
    assert shown["keys"] == [{"id": "k1", "parts": ["secret"]}], shown


def files_with_secrets(folder):
    """What ackd has written and a secret stands in."""
    names = [os.path.join(place, name) for place, _, names in os.walk(os.path.join(folder, "data")) for name in names]
    found = []
    for name in [*names, os.path.join(folder, "ackd.log")]:
        if os.path.isfile(name):
            with open(name, "rb") as file:
                found += [name] if CANARY.encode() in file.read() else []
    return found


def test(options, folder):
    merchant = harness.Merchant(lambda order, seen: (200, "OK"))
    daemon = harness.Daemon(options.ackd, folder, [merchant.url])
    ackctl = Recording(options.ackctl, daemon)
    try:
        daemon.start()
        client = harness.Client(daemon.socket)
        make_and_rotate(ackctl, client, merchant, folder)
        share_a_key(ackctl, client, merchant, folder)
        pause_and_remove(ackctl, client, merchant)
        leave_the_configuration_alone(ackctl)
        import_many(ackctl, folder)
        export_and_import_again(ackctl, folder)
        rotate_the_master_key(ackctl)
        survives_a_restart(daemon, ackctl, merchant)
        assert CANARY not in ackctl.shown, "ackctl has shown a secret"
        assert daemon.stop() == 0
        assert not files_with_secrets(folder), files_with_secrets(folder)
        print(f"made, rotated, shared, paused, removed, {MERCHANTS} imported at once or not at all; no secret was seen")
    finally:
        daemon.end()
        merchant.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
