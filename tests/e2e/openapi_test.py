#!/usr/bin/env python3
"""packaging/openapi.json against the running daemon: every path and method in it answers as it says.

Each call's status must be documented, and the answer must have the documented type and fit its schema. An answer with a
member that the document does not know fails too, so that the document cannot fall behind.
"""

import json
import os
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402

KINDS = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
RFC_3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"


class Document:
    def __init__(self):
        with open(os.path.join(harness.SOURCE, "packaging", "openapi.json"), encoding="utf-8") as file:
            self.root = json.load(file)
        assert self.root["openapi"].startswith("3.1.")

    def resolve(self, schema):
        while "$ref" in schema:
            target = self.root
            for name in schema["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            schema = target
        return schema

    def check(self, value, schema, where):
        schema = self.resolve(schema)
        if "oneOf" in schema:
            return self.check_one_of(value, schema["oneOf"], where)
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        assert not kinds or any(KINDS[kind](value) for kind in kinds), f"{where}: {value!r} is not {kinds}"
        assert value in schema.get("enum", [value]), f"{where}: {value!r} is none of {schema['enum']}"
        assert value == schema.get("const", value), f"{where}: {value!r} is not {schema['const']!r}"
        if isinstance(value, str):
            pattern = RFC_3339 if schema.get("format") == "date-time" else schema.get("pattern", "")
            assert re.search(pattern, value), f"{where}: {value!r} does not match {pattern}"
        if isinstance(value, list):
            for number, item in enumerate(value):
                self.check(item, schema.get("items", {}), f"{where}[{number}]")
        if isinstance(value, dict):
            self.check_members(value, schema, where)

    def check_one_of(self, value, schemas, where):
        troubles = []
        for schema in schemas:
            try:
                return self.check(value, schema, where)
            except AssertionError as trouble:
                troubles.append(str(trouble))
        raise AssertionError(f"{where} fits none: {troubles}")

    def check_members(self, value, schema, where):
        for name in schema.get("required", []):
            assert name in value, f"{where} has no {name}: {value}"
        if "properties" not in schema and "additionalProperties" not in schema:
            return
        for name, member in value.items():
            known = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            assert known, f"{where}.{name} is not in the document"
            self.check(member, known, f"{where}.{name}")


class Checker:
    def __init__(self, daemon, document):
        self.connection = harness.UnixConnection(daemon.socket)
        self.document = document
        self.answered = set()

    def call(self, method, template, expected, parameters=None, body=None, query="", kind="application/json"):
        """Asks, compares the answer with the document, and returns its body. `expected` is a status, or several."""
        path = template
        for name, value in (parameters or {}).items():
            path = path.replace("{" + name + "}", value)
        text = body if isinstance(body, (str, type(None))) else json.dumps(body)
        self.connection.request(method, path + query, text, {"Content-Type": kind})
        answer = self.connection.getresponse()
        text = answer.read().decode()
        value = json.loads(text) if "json" in answer.headers["Content-Type"] else text
        where = f"{method} {path}{query}: {answer.status}"
        statuses = expected if isinstance(expected, tuple) else (expected,)
        assert answer.status in statuses, f"{where}, not {expected}: {value}"
        responses = self.document.root["paths"][template][method.lower()]["responses"]
        assert str(answer.status) in responses, f"{where} is not documented"
        documented = responses[str(answer.status)]
        media = answer.headers["Content-Type"]
        assert media in documented["content"], f"{where}: {media} is not documented"
        for header in documented.get("headers", {}):
            assert header in answer.headers, f"{where} has no {header}"
        self.document.check(value, documented["content"][media]["schema"], where)
        self.answered.add((method, template))
        return value


def check_ingest(checker, merchant):
    path = "/v1/notifications"
    order = harness.notification("o-1", merchant)
    first = checker.call("POST", path, 201, body={**order, "tags": {"shop": "a"}, "key": "k-1"})
    again = checker.call("POST", path, 200, body={**order, "tags": {"shop": "a"}, "key": "k-1"})
    assert again["id"] == first["id"] and again["duplicate"]
    checker.call("POST", path, 409, body={**order, "key": "k-1", "type": "payment", "tags": {"shop": "b"}})
    checker.call("POST", path, 422, body={**order, "merchant": "nobody"})
    checker.call("POST", path, 400, body="{")
    checker.call("POST", path, 413, body="[" + ",".join(["{}"] * 10_001) + "]")
    lines = "\n".join([json.dumps(harness.notification("o-2", merchant)), "{", json.dumps(order)])
    results = checker.call("POST", path, 200, body=lines, kind="application/x-ndjson")["results"]
    assert [item["status"] for item in results] == [201, 422, 201], results
    return first["id"]


def check_notifications(checker, identifier):
    path = "/v1/notifications/{id}"
    own, nobody, odd = {"id": identifier}, {"id": "1"}, {"id": "x"}
    checker.call("GET", path, 200, own)
    checker.call("GET", path + "/why", 200, own)
    checker.call("GET", path + "/request", 200, own)
    for verb in ("hold", "release", "retry", "cancel"):
        harness.wait_until(
            lambda: not checker.call("GET", path, 200, own)["in_flight"], 20, "the notification is not in flight")
        checker.call("POST", f"{path}/{verb}", 404, nobody)
        checker.call("POST", f"{path}/{verb}", 404, odd)
        checker.call("POST", f"{path}/{verb}", 400, own, body={"raeson": "x"})
        checker.call("POST", f"{path}/{verb}", 200, own, body={"reason": "because"})
    harness.wait_until(
        lambda: checker.call("GET", path, 200, own)["state"] == "cancelled", 20, "the notification is cancelled")
    checker.call("POST", path + "/cancel", 409, own)
    copy = checker.call("POST", path + "/resend", 200, own, body={"reason": "because"})["replay_id"]
    checker.call("POST", path + "/resend", 409, {"id": copy})
    checker.call("POST", path + "/resend", 404, nobody)
    checker.call("POST", path + "/resend", 400, own, body="{")
    for tail in ("", "/why"):
        checker.call("GET", path + tail, 404, nobody)
        checker.call("GET", path + tail, 404, odd)
    listed = checker.call("GET", "/v1/notifications", 200, query="?limit=1")
    assert listed["next_cursor"], listed
    for query in (f"?cursor={listed['next_cursor']}", "?state=cancelled&provider=payindex&merchant=m0&type=payment",
                  "?since=2026-01-01T00:00:00Z&until=2026-01-01T00:00:01Z", "?subject=o-1", "?key=k-1",
                  "?host=127.0.0.1&tag=shop=a&tag=b=c"):
        checker.call("GET", "/v1/notifications", 200, query=query)
    checker.call("GET", "/v1/notifications", 400, query="?stat=x")


def check_lanes(checker):
    lanes = checker.call("GET", "/v1/lanes", 200, query="?provider=payindex&merchant=m0")["lanes"]
    assert [lane["merchant"] for lane in lanes] == ["m0"], lanes
    again = checker.call("GET", "/v1/lanes", 200, query=f"?host={lanes[0]['host']}&limit=1")
    assert again["lanes"][0]["host"] == lanes[0]["host"], again
    hosts = checker.call("GET", "/v1/hosts", 200, query="?limit=1")
    assert hosts["next_cursor"], hosts  # m1 has a host of its own
    more = checker.call("GET", "/v1/hosts", 200, query=f"?cursor={hosts['next_cursor']}")
    seen = {host["host"] for host in hosts["hosts"] + more["hosts"]}
    assert lanes[0]["host"] in seen and len(seen) == 2, seen
    for query in ("?limit=0", "?limit=1001", "?limit=1x", "?cursor=x", "?cursor=", "?limit=1&limit=1", "?tag=x"):
        checker.call("GET", "/v1/lanes", 400, query=query)
        checker.call("GET", "/v1/hosts", 400, query=query)


def check_egress(checker):
    policy = checker.call("GET", "/v1/egress", 200)
    assert policy["allow"] == ["127.0.0.0/8"] and policy["ports"] == ["1-65535"], policy
    path = "/v1/egress/check"
    assert checker.call("GET", path, 200, query="?url=http://127.0.0.1:1/x")["allowed"]
    refused = checker.call("GET", path, 200, query="?url=http://10.0.0.1/")
    assert not refused["allowed"] and refused["addresses"][0]["reason"] == refused["reason"], refused
    assert checker.call("GET", path, 200, query="?provider=payindex&merchant=m0")["allowed"]
    checker.call("GET", path, 404, query="?provider=payindex&merchant=nobody")
    for query in ("", "?url=", "?url=ftp://shop.example/", "?url=http://a.example/&url=x", "?host=a.example"):
        checker.call("GET", path, 400, query=query)


def check_providers(checker):
    own, nobody = {"provider": "payindex"}, {"provider": "payindx"}
    path = "/v1/providers/{provider}"
    fields = {field["name"]: field for field in checker.call("GET", path, 200, own)["fields"]}
    assert fields["orderid"]["required"] and not fields["attach"]["required"], fields
    checker.call("GET", path, 404, nobody)
    attempts = checker.call("GET", path + "/timetable", 200, own, query="?from=2026-01-01T00:00:00Z")["attempts"]
    assert [attempt["after_s"] for attempt in attempts] == [0, 20, 40, 60], attempts
    assert attempts[-1]["at"] == "2026-01-01T00:01:00.000Z", attempts
    checker.call("GET", path + "/timetable", 200, own)
    checker.call("GET", path + "/timetable", 404, nobody)
    for query in ("?from=noon", "?from=2026-01-01T00:00:00Z&from=2026-01-01T00:00:00Z", "?to=x"):
        checker.call("GET", path + "/timetable", 400, own, query=query)


def check_jobs(checker):
    path = "/v1/jobs"
    wanted = {"verb": "hold", "filter": {"merchant": "m0", "tag": ["shop=a"], "since": "2026-01-01T00:00:00Z"},
              "reason": "because", "dry_run": True}
    job = {"id": checker.call("POST", path, 201, body=wanted)["id"]}
    checker.call("POST", path, 400, body={"verb": "hold"})
    harness.wait_until(
        lambda: checker.call("GET", path + "/{id}", 200, job)["state"] == "done", 20, "the job is done")
    checker.call("GET", path, 200, query="?limit=1")
    checker.call("GET", path, 400, query="?limit=x")
    checker.call("GET", path + "/{id}", 404, {"id": "4711"})
    checker.call("POST", path + "/{id}/stop", 409, job)
    checker.call("POST", path + "/{id}/stop", 404, {"id": "4711"})

    def stopped_in_time():
        short = {"id": checker.call("POST", path, 201, body={"verb": "release", "all": True})["id"]}
        return "state" in checker.call("POST", path + "/{id}/stop", (200, 409), short)

    harness.wait_until(stopped_in_time, 20, "a job is stopped before it is done")


def check_the_rest(checker):
    merchant = "/v1/merchants/{provider}/{merchant}"
    own = {"provider": "payindex", "merchant": "m0"}
    nobody = {"provider": "payindex", "merchant": "a/b"}
    checker.call("GET", "/v1/merchants", 200, query="?limit=1")
    checker.call("GET", "/v1/merchants", 400, query="?limit=x")
    checker.call("GET", merchant, 200, own)
    checker.call("GET", merchant, 404, nobody)
    silent = {"provider": "payindex", "merchant": "m1"}
    checker.call("POST", merchant + "/probe", 201, silent)
    checker.call("POST", merchant + "/probe", 409, silent)
    checker.call("POST", merchant + "/probe", 404, nobody)
    check_lanes(checker)
    check_egress(checker)
    check_providers(checker)
    check_merchant_changes(checker, merchant)
    check_imports(checker)
    check_keys(checker)
    for path in ("/v1/providers", "/v1/stats", "/healthz", "/readyz", "/metrics"):
        checker.call("GET", path, 200)
    checker.call("POST", "/v1/clock/confirm", 200)


def check_inbox(checker, platform):
    errors = "/v1/inbox/errors"
    platform.say("no JSON")
    platform.say("{}")
    listed = harness.wait_until(
        lambda: (page := checker.call("GET", errors, 200, query="?limit=1"))["count"] == 2 and page, 20, "two errors")
    first = listed["errors"][0]
    checker.call("GET", errors, 200, query=f"?limit=1&cursor={listed['next_cursor']}")
    checker.call("GET", errors, 400, query="?cursor=x")
    one = errors + "/{source}/{row}"
    name = {"source": first["source"], "row": str(first["row"])}
    assert checker.call("DELETE", one, 200, name)["errors"] == 1
    checker.call("DELETE", one, 404, name)
    checker.call("DELETE", one, 404, {"source": "x", "row": "y"})
    assert checker.call("GET", "/v1/inbox", 200)["mark"] == 2
    checker.call("POST", "/v1/inbox/rewind", 400, body={"to": "0"})
    checker.call("POST", "/v1/inbox/rewind", 409, body={"to": 3})
    checker.call("POST", "/v1/inbox/rewind", 200, body={"to": 0})
    harness.wait_until(lambda: checker.call("GET", "/v1/inbox", 200)["errors"] == 2, 20, "both rows are errors again")


def check_merchant_changes(checker, path):
    shop, configured = {"provider": "payindex", "merchant": "s/1"}, {"provider": "payindex", "merchant": "m0"}
    made = {"url": "https://shop.example/n", "hosts": ["*.shop.example"], "options": {"window": 4, "ack_trim": True}}
    checker.call("PUT", path, 201, shop, body={**made, "keys": [{"id": "k1", "secret": "s"}], "version": 0})
    checker.call("PUT", path, 200, shop, body={**made, "keys": [{"id": "k2", "private_key": "p"}, {"id": "k1"}]})
    checker.call("GET", path, 200, shop)
    for body, expected in ((b"{".decode(), 400), ({"version": 1}, 409), ({"url": "x"}, 422)):
        checker.call("PUT", path, expected, shop, body=body)
    checker.call("PUT", path, 413, shop, body={"contact": "x" * 300_000})
    checker.call("PUT", path, 409, configured, body={})
    checker.call("POST", path + "/pause", 200, shop, body={"reason": "because"})
    checker.call("POST", path + "/probe", 409, shop)
    checker.call("GET", "/v1/merchants", 200, query="?state=paused&source=record")
    checker.call("POST", path + "/resume", 200, shop)
    for verb in ("pause", "resume"):
        checker.call("POST", f"{path}/{verb}", 400, shop, body="{")
        checker.call("POST", f"{path}/{verb}", 404, {"provider": "payindex", "merchant": "nobody"})
    checker.call("DELETE", path, 409, shop, query="?version=7")
    checker.call("DELETE", path, 422, shop, query="?versoin=7")
    checker.call("DELETE", path, 200, shop, query="?version=2")
    checker.call("DELETE", path, 404, shop)


def check_imports(checker):
    path = "/v1/merchant-imports"
    identifier = {"id": checker.call("POST", path, 201)["id"]}
    line = json.dumps({"provider": "payindex", "id": "imported"})
    checker.call("POST", path + "/{id}/lines", 200, identifier, body=line, kind="application/x-ndjson")
    checker.call("POST", path + "/{id}/lines", 200, identifier, body="{}", kind="application/x-ndjson")
    checker.call("POST", path + "/{id}/lines", 413, identifier, body=" " * 300_000, kind="application/x-ndjson")
    checker.call("POST", path + "/{id}/commit", 409, identifier)
    checker.call("DELETE", path + "/{id}", 200, identifier)
    checker.call("DELETE", path + "/{id}", 404, identifier)
    checker.call("POST", path + "/{id}/lines", 404, identifier, body=line, kind="application/x-ndjson")
    checker.call("POST", path + "/{id}/commit", 404, identifier)
    identifier = {"id": checker.call("POST", path, 201)["id"]}
    checker.call("POST", path + "/{id}/lines", 200, identifier, body=line, kind="application/x-ndjson")
    checker.call("POST", path + "/{id}/commit", 200, identifier)


def check_keys(checker):
    path = "/v1/providers/{provider}/keys"
    own, nobody = {"provider": "payindex"}, {"provider": "nowhere"}
    checker.call("PUT", path, 200, own, body={"keys": [{"id": "s", "secret": "x"}]})
    checker.call("GET", path, 200, own)
    for expected, body in ((400, "{"), (413, {"keys": ["x" * 300_000]}), (422, {"keys": [{"id": "t"}]})):
        checker.call("PUT", path, expected, own, body=body)
    checker.call("GET", path, 404, nobody)
    checker.call("PUT", path, 404, nobody, body={"keys": []})
    checker.call("GET", "/v1/keys", 200)
    checker.call("POST", "/v1/keys/rotate", 202)
    harness.wait_until(lambda: not checker.call("GET", "/v1/keys", 200)["rotating"], 20, "the rotation is over")


def check_methods(checker, paths):
    """What the document does not name is refused, with what the path does take."""
    for template, methods in paths.items():
        path = template.replace("{id}", "1").replace("{provider}", "payindex").replace("{merchant}", "m0")
        path = path.replace("{source}", "x").replace("{row}", "1")
        for method in {"get", "post", "put", "delete", "patch"} - set(methods):
            if path.endswith(("/probe", "/pause", "/resume")) and method in ("get", "put", "delete"):
                continue  # a merchant's id may end so
            checker.connection.request(method.upper(), path)
            answer = checker.connection.getresponse()
            answer.read()
            assert answer.status == 405, f"{method} {path}: {answer.status}"
            allowed = {name.strip().lower() for name in answer.headers["Allow"].split(",")}
            assert set(methods) <= allowed, f"{method} {path}: {allowed}"


def test(options, folder):
    document = Document()
    # Slow enough for every verb to find the notification between two attempts.
    merchant = harness.Merchant(lambda order, seen: (200, "fail"))
    # A probe stays under way while nobody takes its connection out of the backlog.
    silent = socket.create_server(("127.0.0.1", 0))
    urls = [merchant.url, f"http://127.0.0.1:{silent.getsockname()[1]}/notify"]
    platform = harness.Platform(os.path.join(folder, "platform.db"))
    extra = "drain_timeout: 100ms\n" + platform.configuration()
    daemon = harness.Daemon(options.ackd, folder, urls, delays="[20s, 20s, 20s]", extra=extra)
    try:
        daemon.start()
        checker = Checker(daemon, document)
        check_notifications(checker, check_ingest(checker, "m0"))
        check_jobs(checker)
        check_the_rest(checker)
        check_inbox(checker, platform)
        check_methods(checker, document.root["paths"])
        documented = {
            (method.upper(), path) for path, methods in document.root["paths"].items() for method in methods
        }
        assert checker.answered == documented, f"never asked: {documented - checker.answered}"
        print(f"{len(documented)} operations answered as documented")
        assert daemon.stop() == 0
    finally:
        daemon.end()
        merchant.close()
        silent.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
