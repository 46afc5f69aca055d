#!/usr/bin/env python3
"""kill -9 of the real daemon at random moments under load: nothing accepted is lost, second sends are explained.

Ingest and delivery run at once; the merchant fails a third of the time, sometimes without an answer. After the last
kill everything must end, and three books are compared: what was accepted, what arrived, what is on record.
"""

import os
import random
import threading

import harness


def policy_of(seed):
    chooser = random.Random(seed)

    def policy(order, times_seen):
        if times_seen >= 3:
            return (200, "OK")  # so that nothing is exhausted by bad luck alone
        dice = chooser.random()
        if dice < 0.2:
            return (200, "fail")
        if dice < 0.3:
            return (500, "")
        if dice < 0.34:
            return None
        return (200, "OK")

    return policy


def compare(ledger, merchant, client):
    delivered = exhausted = possibly_sent = second_sends = second_acks = 0
    for record in harness.records(client, list(ledger.accepted.values())):
        order = record["subject"]
        arrived = len(merchant.requests.get(order, []))
        attempts = record["attempt_list"]
        assert record["state"] in ("delivered", "exhausted"), f"{order} is {record['state']}: {record.get('reason')}"
        delivered += record["state"] == "delivered"
        exhausted += record["state"] == "exhausted"
        possibly = sum(attempt["outcome"] == "possibly_sent" for attempt in attempts)
        possibly_sent += possibly
        resent = sum(attempt["sends"] - 1 for attempt in attempts)
        # libcurl repeats a request by itself when a reused connection broke without an answer; killed meanwhile, ackd
        # knows of the attempt, not of the repeat.
        unseen = merchant.broken.get(order, 0) if possibly else 0
        assert arrived <= len(attempts) + resent + unseen, f"{order}: {arrived} requests arrived: {attempts}"
        assert arrived >= len(attempts) - possibly, f"{order}: an attempt on record never arrived"
        bodies = {body for _, body in merchant.requests.get(order, [])}
        assert len(bodies) <= 1, f"{order}: other bytes at another attempt"
        acknowledgements = merchant.acknowledged.get(order, 0)
        if record["state"] == "delivered":
            assert acknowledgements >= 1, f"{order}: delivered without an acknowledgement"
        if acknowledgements > 1:
            second_acks += 1
            assert acknowledgements - 1 <= possibly + resent, f"{order}: sent again after its acknowledgement, unexplained"
        second_sends += possibly
    unknown = set(merchant.requests) - set(ledger.accepted)
    return delivered, exhausted, possibly_sent, second_acks, len(unknown)


def test(options, folder):
    rounds = options.rounds or (200 if os.environ.get("ACKD_LONG") else 12)
    chooser = random.Random(options.seed)
    merchant = harness.Merchant(policy_of(options.seed))
    daemon = harness.Daemon(options.ackd, folder, [merchant.url] * 3)
    ledger = harness.Ledger()
    daemon.start()
    ingests = [harness.Ingest(daemon, ledger, 3, options.seed + i, pause=0.01) for i in range(2)]
    for ingest in ingests:
        ingest.start()
    try:
        for _ in range(rounds):
            threading.Event().wait(chooser.uniform(0.005, 0.5))
            daemon.kill()
            daemon.start()
        for ingest in ingests:
            ingest.finish()
        client = harness.Client(daemon.socket)
        harness.wait_until_ended(client, 300)
        delivered, exhausted, possibly_sent, second_acks, unanswered = compare(ledger, merchant, client)
        assert delivered + exhausted == len(ledger.accepted)
        assert len(ledger.accepted) > rounds, "too little load to mean anything"
        assert daemon.stop() == 0, "the drain did not end well:\n" + daemon.tail()
        print(
            f"{rounds} kills, {len(ledger.accepted)} accepted: {delivered} delivered, {exhausted} exhausted, 0 lost; "
            f"{possibly_sent} possibly sent, {second_acks} sent again after an acknowledgement, each explained by one; "
            f"{unanswered} arrived whose post was never answered"
        )
    finally:
        daemon.end()
        merchant.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
