"""Operators who change what is under way: verbs at random orders, often two of the same at the same moment.

What was asked is in the ledger before the call, and what was told after it, each with its time, so that the judge knows
which order of events it may assume and which it may not.
"""

import http.client
import random
import threading
import time

import harness

VERBS = ["cancel", "hold", "release", "retry", "resend"]


class Desk:
    """Where operators ask; `offers` knows what there is."""

    def __init__(self, ledger, offers):
        self.ledger = ledger
        self.offers = offers

    def ask(self, client, verb, order, identifier):
        """The answer's status; 0 when there was none."""
        call = next(self.offers.calls)
        self.ledger.write({"event": "asked", "call": call, "verb": verb, "order": order, "id": identifier})
        try:
            status, answer = client.call("POST", f"/v1/notifications/{identifier}/{verb}")
        except (OSError, http.client.HTTPException, ValueError):
            return 0
        told = {name: answer.get(name) for name in ("result", "state", "replay_id")}
        self.ledger.write({"event": "told", "call": call, "at": time.monotonic(), "status": status, **told})
        return status


class Operators(threading.Thread):
    """Two of them with one mind: they take the same order, and often do the same, at the same time."""

    def __init__(self, desk, socket, seed, count):
        super().__init__(daemon=True)
        self.desk = desk
        self.clients = [harness.Client(socket), harness.Client(socket)]
        self.random = random.Random(seed)
        self.left = count

    def run(self):
        while self.left > 0:
            chosen = self.desk.offers.any_accepted(self.random)
            if chosen is None:
                threading.Event().wait(0.01)
                continue
            self.left -= 1
            verb = self.random.choice(VERBS)
            other = verb if self.random.random() < 0.7 else self.random.choice(VERBS)
            second = threading.Thread(target=self.desk.ask, args=(self.clients[1], other, *chosen))
            second.start()
            status = self.desk.ask(self.clients[0], verb, *chosen)
            second.join()
            if not status:
                self.left += 1
                threading.Event().wait(0.05)  # the daemon is down
