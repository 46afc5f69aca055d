"""The oracle: a process of its own that owns the truth about a run, and the handle by which a test commands it.

It writes down what it is about to offer before each call of ingest and what was answered after it, and hosts the merchants,
which log each request before they answer. Its books are synchronised, in a folder of its own; a test that cuts the power
of the daemon's disk puts that folder elsewhere. At the end, with all faults off, the judge joins the books with the record.

    with oracle.Oracle(folder) as truth:
        url = truth.merchant("thirds", seed)
        truth.post(daemon.socket, seed=seed)       goes on by itself while the test does its harm
        print(truth.verdict(daemon))               raises AssertionError when there is a crime

Commands are lines of JSON on its standard input, each answered by one on its standard output.
"""

import http.client
import itertools
import json
import os
import random
import subprocess
import sys
import threading

import books
import harness
import judge
import merchants

AGAIN_SHARE = 0.1  # of what was answered is offered again
OTHER_SHARE = 0.05  # of what was accepted is offered with another content under the same key


class Offers:
    """What is offered, by whom and how often: shared by the threads that post."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.calls = itertools.count(1)
        self.accepted = set()
        self.refused = 0

    def next_orders(self, count):
        with self.lock:
            return [f"order-{next(self.numbers)}" for _ in range(count)]

    def offer(self, client, items, kind="first"):
        """One call of ingest, in the ledger before and after; the items that were not decided."""
        entries = [{"event": "intent", "call": next(self.calls), "kind": kind, "order": item["fields"]["orderid"],
                    "key": item.get("key"), "content": books.content_of(item["fields"])} for item in items]
        self.ledger.write(*entries)
        status, answer = client.call("POST", "/v1/notifications", items[0] if len(items) == 1 else items)
        results = answer.get("results") if len(items) > 1 else [{**answer, "status": status}]
        results = results or [{"status": status}] * len(items)
        self.ledger.write(*({"event": "reply", "call": entry["call"], "status": result["status"], "id": result.get("id")}
                            for entry, result in zip(entries, results)))
        return self.take(items, results)

    def take(self, items, results):
        undecided = []
        with self.lock:
            for item, result in zip(items, results):
                if result["status"] in judge.ACCEPTING:
                    self.accepted.add(item["fields"]["orderid"])
                elif result["status"] not in (409, 422):
                    self.refused += 1
                    undecided.append(item)
        return undecided


def item_of(order, merchants_count):
    number = int(order.rsplit("-", 1)[1])
    item = harness.notification(order, f"m{number % merchants_count}")
    item["fields"]["amount"] = f"{number % 1000}.{number % 100:02}"
    return {**item, "key": f"key of {order}"} if number % 2 else item


class Poster(threading.Thread):
    """Posts until `count` were offered or it is told to finish; what is not answered is posted again."""

    def __init__(self, offers, socket, seed, merchants_count, pause, count):
        super().__init__(daemon=True)
        self.offers = offers
        self.client = harness.Client(socket)
        self.random = random.Random(seed)
        self.merchants_count = merchants_count
        self.pause = pause
        self.left = count
        self.finishing = threading.Event()

    def run(self):
        while self.left > 0 and not self.finishing.is_set():
            size = min(self.random.choice([1, 1, 1, 5, 40]), self.left)
            self.left -= size
            items = [item_of(order, self.merchants_count) for order in self.offers.next_orders(size)]
            self.until_decided(items)
            self.afterwards(items[0])
            self.finishing.wait(self.pause)

    def until_decided(self, items, kind="first"):
        while items:
            try:
                items = self.offers.offer(self.client, items, kind)
                pause = 0.05  # it is there, and puts off what is left
            except (OSError, http.client.HTTPException, ValueError):
                pause = 0.02  # it is down; the same again, idempotency makes it one
            if items:
                threading.Event().wait(pause)

    def afterwards(self, item):
        dice = self.random.random()
        if dice < AGAIN_SHARE:
            self.until_decided([item], "again")
        elif dice < AGAIN_SHARE + OTHER_SHARE:
            self.until_decided([{**item, "fields": {**item["fields"], "amount": "0.01"}}], "other")


class Commands:
    """What the process can be told; each method is a command, its parameters are the command's."""

    def __init__(self, folder):
        self.ledger = books.Book(os.path.join(folder, "ledger"))
        self.log = books.Book(os.path.join(folder, "merchants"))
        self.offers = Offers(self.ledger)
        self.merchants = []
        self.posters = []

    def merchant(self, policy, seed):
        self.merchants.append(merchants.LoggingMerchant(self.log, len(self.merchants), policy, seed))
        return {"url": self.merchants[-1].url}

    def post(self, socket, seed, threads, merchants_count, pause, count):
        for number in range(threads):
            share = count // threads if count else sys.maxsize
            self.posters.append(Poster(self.offers, socket, f"{seed} {number}", merchants_count, pause, share))
            self.posters[-1].start()
        return {}

    def figures(self):
        return {"accepted": len(self.offers.accepted), "refused": self.offers.refused,
                "arrived": sum(each.arrived for each in self.merchants),
                "posting": sum(each.is_alive() for each in self.posters)}

    def finish(self):
        """Nothing new is offered; `figures` says when all that was offered is decided."""
        for poster in self.posters:
            poster.finishing.set()
        return {}

    def release(self):
        for merchant in self.merchants:
            merchant.released.set()
        return {}

    def half_told(self):
        return {"count": sum(merchant.half_told for merchant in self.merchants)}


def end_with(failure):
    """A thread that posts no more must not pass for one that is through."""
    threading.__excepthook__(failure)
    os._exit(1)


def obey(folder):
    threading.excepthook = end_with
    commands = Commands(folder)
    for line in sys.stdin:
        command = json.loads(line)
        print(json.dumps(getattr(commands, command.pop("do"))(**command)), flush=True)


class Oracle:
    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.lock = threading.Lock()
        self.process = subprocess.Popen([sys.executable, "-B", __file__, folder], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def tell(self, do, **command):
        with self.lock:
            self.process.stdin.write(json.dumps({"do": do, **command}) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        assert answer, f"the oracle died of {do}"
        return json.loads(answer)

    def merchant(self, policy, seed=0):
        """Hosts one more merchant; its URL. The policies are those of merchants.py."""
        return self.tell("merchant", policy=policy, seed=seed)["url"]

    def post(self, socket, seed, threads=2, merchants_count=1, pause=0.01, count=0):
        """Begins to offer orders to the merchants m0, m1 ...: `count` of them, or without end."""
        self.tell("post", socket=socket, seed=seed, threads=threads, merchants_count=merchants_count, pause=pause,
                  count=count)

    def figures(self):
        return self.tell("figures")

    def release(self):
        """The merchants that wait acknowledge everything from now on."""
        self.tell("release")

    def finish(self, seconds=60):
        """Offers nothing new, and waits until everything that was offered is decided. The daemon has to be there."""
        self.tell("finish")
        harness.wait_until(lambda: self.figures()["posting"] == 0, seconds, "everything that was offered is decided")

    def ledger(self):
        return books.read(os.path.join(self.folder, "ledger"))

    def log(self):
        """What arrived. Nothing is under way any more."""
        harness.wait_until(lambda: self.tell("half_told")["count"] == 0, 20, "every answer is in the log")
        return books.read(os.path.join(self.folder, "merchants"))

    def verdict(self, daemon, seconds=300, ledger=None, **terms):
        """With all faults off: waits until all work has ended, and judges. `ledger` is another than the oracle's own."""
        self.finish()
        client = harness.Client(daemon.socket)
        harness.wait_until_ended(client, seconds)
        return judge.judge(self.ledger() if ledger is None else ledger, self.log(), list(records(client)),
                           client.call("GET", "/v1/stats")[1], metrics(daemon), judge.Terms(daemon.delays_s, **terms)).check()


def records(client):
    """Everything on record, each with its attempts."""
    cursor = ""
    while cursor is not None:
        status, page = client.call("GET", f"/v1/notifications?limit=500{cursor and '&cursor=' + cursor}")
        assert status == 200, page
        yield from harness.records(client, [row["id"] for row in page["notifications"]])
        cursor = page["next_cursor"]


def metrics(daemon):
    connection = harness.UnixConnection(daemon.socket)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[:1] not in ("#", ""))}


if __name__ == "__main__":
    obey(sys.argv[1])
