#!/usr/bin/env python3
"""Everybody is gone at once: sending is suspended, nothing is exhausted, and it comes back by itself."""

import http.server
import os
import subprocess
import threading

import harness

HOSTS = 12


class Shops:
    """Merchants on addresses of their own, 127.0.0.11 on, that can vanish: then their ports refuse."""

    def __init__(self, count):
        self.lock = threading.Lock()
        self.orders = {}  # order -> how often it was acknowledged
        self.most_at_once = 0
        self.at_once = 0
        self.addresses = [f"127.0.0.{11 + i}" for i in range(count)]
        self.ports = [None] * count
        self.servers = [None] * count
        for shop in range(count):
            self.open(shop)

    def url(self, shop):
        return f"http://{self.addresses[shop]}:{self.ports[shop]}/notify"

    def open(self, shop):
        shops = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"  # a connection of its own for every request, so that closing is enough

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                order = harness.urllib.parse.parse_qs(body.decode())["orderid"][0]
                with shops.lock:
                    shops.orders[order] = shops.orders.get(order, 0) + 1
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"OK")

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 1024

        self.servers[shop] = Server((self.addresses[shop], self.ports[shop] or 0), Handler)
        self.ports[shop] = self.servers[shop].server_address[1]
        threading.Thread(target=self.servers[shop].serve_forever, daemon=True).start()

    def close(self, shop):
        server, self.servers[shop] = self.servers[shop], None
        server.shutdown()
        server.server_close()

    def vanish(self, shops):
        for shop in shops:
            self.close(shop)

    def end(self):
        self.vanish([shop for shop, server in enumerate(self.servers) if server is not None])


class World:
    def __init__(self, options, folder, shops, delivery=""):
        self.options = options
        self.shops = Shops(shops)
        self.daemon = harness.Daemon(
            options.ackd, folder, [self.shops.url(shop) for shop in range(shops)], "[100ms, 100ms, 100ms]", delivery)
        path = os.path.join(folder, "config.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert "log: {level: warning}" in text
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("log: {level: warning}", "log: {level: info}"))
        self.daemon.start()
        self.client = harness.Client(self.daemon.socket)
        self.accepted = {}

    def end(self):
        self.daemon.end()
        self.shops.end()

    def send(self, shops, prefix):
        items = [harness.notification(f"{prefix}-{shop}", f"m{shop}") for shop in shops]
        status, answer = self.client.call("POST", "/v1/notifications", items)
        assert status == 200, answer
        made = {}
        for item, result in zip(items, answer["results"]):
            assert result["status"] == 201, result
            made[item["fields"]["orderid"]] = result["id"]
        self.accepted.update(made)
        return made

    def stats(self):
        return self.client.call("GET", "/v1/stats")[1]

    def engine(self):
        return self.stats()["engine"]

    def attempts(self):
        """On record, once what ended before has been committed."""
        harness.wait_until(lambda: self.engine()["unsettled"] == 0, 20, "every outcome is committed")
        return self.stats()["attempts"]

    def states(self, made):
        return [record["state"] for record in harness.records(self.client, made.values())]

    def wait_for(self, state, made, seconds=60):
        harness.wait_until(lambda: set(self.states(made)) == {state}, seconds, f"{len(made)} are {state}")

    def metric(self, name):
        connection = harness.UnixConnection(self.daemon.socket)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        connection.close()
        return float(next(line.split()[1] for line in lines if line.startswith(name + " ")))

    def log_lines(self, event):
        with open(self.daemon.log, encoding="utf-8") as log:
            return [line for line in log if f" {event} " in line]

    def ackctl(self, *arguments):
        return subprocess.run([self.options.ackctl, *arguments, "--socket", self.daemon.socket],
                              capture_output=True, text=True, timeout=60, check=True).stdout


def everybody_vanishes(options, folder):
    world = World(options, folder, HOSTS)
    try:
        world.wait_for("delivered", world.send(range(HOSTS), "before"))
        assert world.engine()["sending"] == "on"
        world.shops.vanish(range(HOSTS))
        # Three repeats a tenth of a second apart: without a suspension they were exhausted within a second.
        made = [world.send(range(HOSTS), f"during-{burst}") for burst in range(10)]
        harness.wait_until(lambda: world.engine()["sending"] == "suspended", 30, "sending is suspended")
        attempts = world.attempts()
        not_sent = world.engine()["not_sent"]
        assert world.metric("ackd_sending_suspended") == 1
        assert world.metric("ackd_hosts_failing") >= 5
        assert world.daemon.is_ready(), "accepting must go on"
        harness.wait_until(lambda: world.engine()["not_sent"] > not_sent, 60, "hosts are tried meanwhile")
        late = world.send(range(HOSTS), "late")
        harness.wait_until(lambda: world.engine()["not_sent"] > not_sent + 3, 90, "they are tried again and again")
        stats = world.stats()
        assert stats["counts"]["exhausted"] == 0, stats
        assert stats["attempts"] == attempts, "an attempt was used up while sending was suspended"
        assert stats["counts"]["pending"] == 11 * HOSTS, stats

        suspended = world.log_lines("sending_suspended")
        assert len(suspended) == 1 and " error " in suspended[0] and "Check this machine's network" in suspended[0]
        assert len(world.log_lines("not_sent")) <= 30, "the log is flooded"
        why = [world.ackctl("why", identifier) for identifier in late.values()]
        assert any("sending to http://127.0.0." in text and "is suspended" in text for text in why), why
        assert all("suspended" in text for text in why), why
        assert "SENDING IS SUSPENDED" in world.ackctl("stats")
        hosts = world.client.call("GET", "/v1/hosts")[1]["hosts"]
        assert any(host["held_back"] for host in hosts), hosts

        for shop in range(HOSTS):
            world.shops.open(shop)
        for group in [late, *made]:
            world.wait_for("delivered", group, 120)
        resumed = world.log_lines("sending_resumed")
        assert len(resumed) == 1, resumed
        assert "as many hosts answer again" in resumed[0], resumed
        harness.wait_until(lambda: world.engine()["sending"] == "on", 30, "the ramp ends")
        assert len(world.log_lines("sending_suspended")) == 1
        assert all(times == 1 for times in world.shops.orders.values()), "an acknowledged one was sent again"
        assert "SENDING IS SUSPENDED" not in world.ackctl("stats")
        print(f"suspended after {attempts - HOSTS} attempts, {world.engine()['not_sent']} were not sent, "
              f"{11 * HOSTS} delivered afterwards: {resumed[0].split('sending_resumed ')[1].split(' message')[0]}")
        assert world.daemon.stop() == 0
    finally:
        world.end()


def without_suspension(options, folder):
    """The negative control: what the suspension prevents."""
    world = World(options, folder, HOSTS, "delivery: {suspend_hosts_min: 0}\n")
    try:
        world.shops.vanish(range(HOSTS))
        made = world.send(range(HOSTS), "lost")
        world.wait_for("exhausted", made)
        assert world.engine()["sending"] == "on" and not world.log_lines("sending_suspended")
        print(f"with suspend_hosts_min: 0 the same outage exhausts all {HOSTS}")
    finally:
        world.end()


def most_are_dead(options, folder):
    """Two of fourteen live: they are delivered to as ever while the others are held back."""
    world = World(options, folder, HOSTS + 2)
    living = range(HOSTS, HOSTS + 2)
    try:
        world.shops.vanish(range(HOSTS))
        world.wait_for("delivered", world.send(living, "first"))
        dead = world.send(range(HOSTS), "dead")
        harness.wait_until(lambda: world.engine()["sending"] == "suspended", 30, "sending is suspended")
        attempts = world.attempts()
        for burst in range(20):
            world.wait_for("delivered", world.send(living, f"living-{burst}"), 20)
        stats = world.stats()
        assert stats["engine"]["sending"] == "suspended", stats
        assert stats["attempts"] == attempts + 40, "a dead host used up an attempt while sending was suspended"
        assert set(world.states(dead)) == {"pending"}
        assert stats["engine"]["hosts_reached"] == 2, stats
        print("40 delivered to the two that live while twelve dead hosts were held back")
    finally:
        world.end()


def test(options, folder):
    for part in (everybody_vanishes, without_suspension, most_are_dead):
        place = os.path.join(folder, part.__name__)
        os.mkdir(place)
        part(options, place)


if __name__ == "__main__":
    harness.run(test, __doc__)
