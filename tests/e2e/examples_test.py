#!/usr/bin/env python3
"""packaging/examples against a real ackd: platforms hand over, merchants receive; what cannot run here says why."""

import hashlib
import http.server
import json
import os
import socket
import socketserver
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402

import example_programs  # noqa: E402

KEY = "0123456789abcdef"  # what harness.Daemon gives every merchant
INBOX_TABLES = """
CREATE TABLE ackd_inbox(id INTEGER PRIMARY KEY AUTOINCREMENT, notification TEXT NOT NULL,
                        created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')));
CREATE TABLE ackd_inbox_source(one INTEGER PRIMARY KEY CHECK(one = 1), identity TEXT NOT NULL);
INSERT INTO ackd_inbox_source VALUES(1, 'this-inbox');
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Troubled:
    """An ackd that first has no room, then breaks the connection, and then records; on a socket and on TCP."""

    def __init__(self, path):
        self.bodies = []
        troubled = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def address_string(self):
                return "a client"

            def do_POST(self):
                troubled.bodies.append((time.monotonic(), self.rfile.read(int(self.headers["Content-Length"]))))
                if len(troubled.bodies) == 2:
                    self.close_connection = True
                    return
                busy = len(troubled.bodies) == 1
                answer = b'{"title":"unavailable"}' if busy else b'{"id":"31","state":"pending"}'
                self.send_response(503 if busy else 201)
                if busy:
                    self.send_header("Retry-After", "2")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.servers = [socketserver.ThreadingUnixStreamServer(path, Handler),
                        http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)]
        self.path, self.tcp = path, f"http://127.0.0.1:{self.servers[1].server_address[1]}"
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()


def check_patience(program, address, troubled, file):
    """503 with Retry-After, then no answer at all: the same is posted until it is recorded."""
    troubled.bodies.clear()
    code, out, err = program.run(troubled.path if address.startswith("/") else troubled.tcp, file)
    assert code == 0 and "31" in out, f"{program.name}: {code} {out} {err}"
    times, bodies = zip(*troubled.bodies)
    assert len(bodies) == 3 and len(set(bodies)) == 1 and b"-paid" in bodies[0], f"{program.name}: {bodies}"
    assert times[1] - times[0] >= 1.9, f"{program.name} came again after {times[1] - times[0]} s, not after Retry-After"


def write_notification(folder, name, order, merchant="m0"):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({**harness.notification(order, merchant), "key": f"order-{order}-paid"}, file, indent=2)
    return path


def check_http(program, address, number, daemon, merchant, folder):
    order = f"http-{number}"
    file = write_notification(folder, f"{order}.json", order)
    daemon.kill()
    waiting = program.start(address, file)
    harness.wait_until(lambda: waiting.poll() is None, 5, f"{program.name} waits for ackd")
    daemon.start()
    code, out, err = example_programs.finish(waiting)
    assert code == 0, f"{program.name} did not survive a restart of ackd: {out} {err}"
    found = f"/v1/notifications?key=order-{order}-paid&provider=payindex&merchant=m0"
    identifier = harness.Client(daemon.socket).call("GET", found)[1]["notifications"][0]["id"]
    assert identifier in out, f"{program.name}: {out} does not name {identifier}"
    code, out, err = program.run(address, file)
    assert code == 0 and identifier in out, f"{program.name}, once more: {code} {out} {err}"
    harness.wait_until(lambda: merchant.acknowledged.get(order), 30, f"{program.name}: {order} is delivered")
    refused = write_notification(folder, f"{order}-refused.json", order, "nobody")
    code, out, err = program.run(address, refused)
    assert code == 1 and not out and "422" in err, f"{program.name} took a refusal for a record: {code} {out} {err}"
    assert len(merchant.requests[order]) == 1


def check_sample(daemon):
    """The notification that the examples' folder brings is one that ackd would take."""
    with open(os.path.join(example_programs.PLATFORM, "notification.json"), encoding="utf-8") as file:
        sample = {**json.load(file), "merchant": "m0"}
    status, answer = harness.Client(daemon.socket).call("POST", "/v1/notifications", sample)
    assert status == 201, answer


def signed(fields, key=KEY):
    """The form that ackd sends, made by another reading of the protocol."""
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "attach" and fields[name] != "")
    sign = hashlib.md5(f"{text}&key={key}".encode()).hexdigest().upper()
    return urllib.parse.urlencode({**fields, "sign": sign}).encode()


def check_merchant_by_hand(merchant):
    fields = {**harness.PAYINDEX_FIELDS, "orderid": "by-hand", "attach": "附加 a&b=c", "amount": "0"}
    form = signed(fields)
    assert [merchant.post(form) for _ in range(2)] == [(200, b"OK")] * 2, f"{merchant.name}: a repeat is no success"
    wrong = {"another key": signed(fields, "wrong"), "a changed amount": form.replace(b"amount=0&", b"amount=1&"),
             "an empty signature": form.split(b"&sign=")[0] + b"&sign=", "no signature": form.split(b"&sign=")[0],
             "a list": form.replace(b"&sign=", b"&sign[]="), "lower case": form[:-32] + form[-32:].lower(),
             "nothing": b""}
    for what, body in wrong.items():
        status, answer = merchant.post(body)
        assert body != form and status >= 400 and answer != b"OK", f"{merchant.name}, {what}: {status} {answer}"


def check_merchants(daemon, right, wrong, first):
    """A real delivery to each: `first` is the number of the first one's merchant, and right and wrong take turns."""
    client = harness.Client(daemon.socket)
    for number, merchant in enumerate([merchant for pair in zip(right, wrong) for merchant in pair]):
        body = {**harness.notification(f"shop-{number}", f"m{first + number}")}
        body["fields"]["attach"] = "附加 a&b=c"
        status, answer = client.call("POST", "/v1/notifications", body)
        assert status == 201, answer
        expected = "delivered" if merchant in right else "exhausted"

        def record():
            return client.call("GET", "/v1/notifications/" + answer["id"])[1]

        try:
            harness.wait_until(lambda: record()["state"] != "pending", 60, f"{merchant.name}: the notification ended")
        except AssertionError as trouble:
            raise AssertionError(f"{trouble}: {record()}\n{daemon.tail()}") from trouble
        assert record()["state"] == expected, f"{merchant.name}: {record()}"
        assert record()["attempts"] == (1 if merchant in right else 4), record()


def check_inbox(program, folder, number):
    """Without ackd: both rows or none, and only what stands below the mark of this inbox is deleted."""
    path = os.path.join(folder, f"shop-{number}.db")
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript(INBOX_TABLES)

    def counts():
        tables = ("orders", "ackd_inbox")
        return tuple(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)

    for order in ("P-1", "P'2\"; DROP TABLE orders;--", "P-3", "P-4"):
        code, out, err = program.run("pay", path, "10086", order, "12.30", "T-" + order)
        assert code == 0, f"{program.name}: {out} {err}"
    assert counts() == (4, 4)
    row = json.loads(database.execute("SELECT notification FROM ackd_inbox WHERE id = 2").fetchone()[0])
    assert row["fields"]["orderid"] == "P'2\"; DROP TABLE orders;--" and row["fields"]["amount"] == "12.30", row
    assert program.run("pay", path, "10086", "P-1", "12.30", "T-9")[0] != 0, f"{program.name}: an order was paid twice"
    assert counts() == (4, 4), f"{program.name} wrote one row without the other"
    database.execute("ALTER TABLE ackd_inbox RENAME TO away")
    assert program.run("pay", path, "10086", "P-5", "12.30", "T-5")[0] != 0
    database.execute("ALTER TABLE away RENAME TO ackd_inbox")
    assert counts() == (4, 4), f"{program.name} paid an order without its notification"
    mark = os.path.join(folder, f"mark-{number}")
    assert program.run("prune", path, mark)[0] != 0, f"{program.name}: a mark that is not there is trouble"
    for identity, left in (("another-inbox", 4), ("this-inbox", 2)):
        with open(mark, "w", encoding="utf-8") as file:
            json.dump({"identity": identity, "mark": 3}, file)
        program.run("prune", path, mark)
        assert counts() == (4, left), f"{program.name} and a mark of {identity}: {counts()}"
    assert [key for key, in database.execute("SELECT id FROM ackd_inbox ORDER BY id")] == [3, 4]
    database.close()


def has_inbox(options):
    """Of an unknown verb ackctl shows its own help, which is no failure."""
    asked = subprocess.run([options.ackctl, "inbox", "--help"], capture_output=True, text=True, check=False)
    return asked.returncode == 0 and "ackctl inbox" in asked.stdout


def check_real_inbox(program, options, folder, number, merchant):
    """ackctl makes the tables, the example pays, ackd delivers and publishes its mark, the example prunes."""
    home = os.path.join(folder, f"inbox-{number}")
    os.makedirs(home)
    shop = os.path.join(home, "shop.db")
    subprocess.run([options.ackctl, "inbox", "init", shop], check=True, capture_output=True)
    daemon = harness.Daemon(options.ackd, home, [merchant.url], extra=f"inbox: {{sqlite: {shop}}}\n")
    mark = os.path.join(home, "data", "inbox.mark")

    def published():
        try:
            with open(mark, encoding="utf-8") as file:
                return json.load(file)["mark"]
        except OSError:
            return 0

    try:
        daemon.start()
        for order in (1, 2):
            name = f"inbox-{number}-{order}"
            code, out, err = program.run("pay", shop, "m0", name, "12.30", "T-" + name)
            assert code == 0, f"{program.name}: {out} {err}"
            harness.wait_until(lambda: merchant.acknowledged.get(name), 30, f"{program.name}: {name} is delivered")
        harness.wait_until(lambda: published() == 2, 30, "the mark is published")
        code, out, err = program.run("prune", shop, mark)
        assert code == 0 and out.endswith("1 rows deleted"), f"{program.name}: {out} {err}"
        assert daemon.stop() == 0, daemon.tail()
    finally:
        daemon.end()


def check_inboxes(options, folder, classes, merchant):
    programs = example_programs.inbox_programs(classes)
    real = has_inbox(options)
    if not real:
        example_programs.skipped("delivery from the inbox", "this ackctl has no `inbox`")
    for number, program in enumerate(programs):
        check_inbox(program, folder, number)
        if real:
            check_real_inbox(program, options, folder, number, merchant)
    return [program.name for program in programs]


def check_platforms(options, folder, classes, daemon, port, merchant):
    programs = example_programs.http_programs(classes, daemon.socket, f"http://127.0.0.1:{port}")
    troubled = Troubled(os.path.join(folder, "troubled.sock"))
    try:
        for program, address in programs:
            check_patience(program, address, troubled, write_notification(folder, "troubled.json", "troubled"))
    finally:
        troubled.close()
    for number, (program, address) in enumerate(programs):
        check_http(program, address, number, daemon, merchant, folder)
    return [program.name for program, _ in programs]


def test(options, folder):
    classes = example_programs.compile_java(folder)
    names = example_programs.merchant_programs()
    merchant = harness.Merchant(lambda order, seen: (200, "OK"))
    started = []
    daemon = None
    try:
        for name in names:
            for key in (KEY, "not-" + KEY):
                started.append(example_programs.MerchantProgram(name, folder, free_port(), key))
        port = free_port()
        daemon = harness.Daemon(options.ackd, folder, [merchant.url] + [each.url for each in started])
        config = os.path.join(folder, "config.yaml")
        with open(config, encoding="utf-8") as file:
            text = file.read()
        with open(config, "w", encoding="utf-8") as file:
            file.write(text.replace(f"listen: {daemon.socket}", f'listen: [{daemon.socket}, "127.0.0.1:{port}"]'))
        daemon.start()
        check_sample(daemon)
        check_merchants(daemon, started[::2], started[1::2], 1)
        for each in started[::2]:
            check_merchant_by_hand(each)
        ran = names + check_platforms(options, folder, classes, daemon, port, merchant)
        assert daemon.stop() == 0, daemon.tail()
        ran += check_inboxes(options, folder, classes, merchant)
        print("ran: " + ", ".join(ran))
    finally:
        for each in started:
            each.end()
        if daemon is not None:
            daemon.end()
        merchant.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
