"""Merchants of the oracle: what each answers depends on nothing but its policy, its seed, the order and how often it came.

Every request is in the log before it is answered, and what was answered after it.
"""

import collections
import random
import threading
import time

import books
import harness

Answer = collections.namedtuple("Answer", "status text after_s", defaults=(0.0,))
OK = Answer(200, "OK")
FAIL = Answer(200, "fail")
ERROR = Answer(500, "")
BREAK = Answer(0, "")  # closes the connection without an answer
NEVER = Answer(0, "", float("inf"))  # says nothing until the other side leaves


def thirds(seen, dice):
    """A third of the time no acknowledgement, sometimes no answer at all; the third time it always acknowledges."""
    if seen >= 3 or dice.random() >= 0.34:
        return OK
    return dice.choices([FAIL, ERROR, BREAK], [20, 10, 4])[0]


POLICIES = {
    "prompt": lambda seen, dice: OK,
    "thirds": thirds,
    "once_failing": lambda seen, dice: OK if seen > 1 else ERROR,
    "refusing": lambda seen, dice: FAIL,
    "slow": lambda seen, dice: OK._replace(after_s=dice.uniform(0.02, 0.4)),
    "slow_thirds": lambda seen, dice: thirds(seen, dice)._replace(after_s=dice.uniform(0.02, 0.4)),
    "slow_refusing": lambda seen, dice: FAIL._replace(after_s=dice.uniform(0.02, 0.1)),
    "silent": lambda seen, dice: NEVER,
    "waiting": lambda seen, dice: OK._replace(after_s=float("inf")),  # acknowledges once it is released
}


class LoggingMerchant(harness.Merchant):
    def __init__(self, log, number, policy, seed):
        self.log = log
        self.number = number
        self.answers = POLICIES[policy]
        self.seed = seed
        self.times = collections.Counter()  # by order
        self.arrived = 0
        self.half_told = 0  # answered, and not in the log yet
        self.released = threading.Event()
        super().__init__(None)

    def serve(self, reader, writer):
        try:
            while (body := self.read_body(reader)) is not None:
                if not self.answer(body, reader, writer):
                    return
        except (OSError, ValueError):
            return

    def is_introduction(self, answer):
        """A merchant that has not answered yet is sent one request at a time: the first is answered at once where the others
        wait until they are released."""
        return answer.after_s == float("inf") and self.arrived == 1

    def answer(self, body, reader, writer):
        """Whether the connection stays open."""
        fields = books.fields_of(body)
        order = fields["orderid"]
        with self.lock:
            self.times[order] += 1
            seen = self.times[order]
            self.arrived += 1
            request = f"{self.number}-{self.arrived}"
        self.log.write({"event": "arrived", "request": request, "order": order, "content": books.content_of(fields),
                        "bytes": books.digest(body)})
        answer = self.answers(seen, random.Random(f"{self.seed} {order} {seen}"))
        if answer == NEVER:
            reader.read()
        elif answer.after_s and not self.is_introduction(answer):
            self.released.wait(min(answer.after_s, threading.TIMEOUT_MAX))
        with self.lock:
            self.half_told += 1
        before = time.monotonic()
        try:
            if answer.status:
                self.reply(writer, answer.status, answer.text)
            return bool(answer.status)
        finally:
            self.log.write({"event": "answered", "request": request, "at": before, "status": answer.status,
                            "acknowledges": (answer.status, answer.text) == (200, "OK")})
            with self.lock:
                self.half_told -= 1
