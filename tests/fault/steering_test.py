#!/usr/bin/env python3
"""Operators against what is in flight: cancel, retry, hold, release and resend, often two of the same at once.

Merchants answer slowly, so that most of it meets a request on its way. There is one winner for each change, everything
that was told is true, nothing is sent in spite of it, and the counters are right at the end.
"""

import os

import findings
import harness
import oracle


def steer(options, folder, count, kills=0):
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        merchants = [truth.merchant(policy, options.seed) for policy in ("slow_thirds", "slow", "slow_refusing")]
        daemon = harness.Daemon(options.ackd, folder, merchants)
        try:
            daemon.start()
            truth.post(daemon.socket, options.seed, threads=2, merchants_count=3, pause=0.2)
            truth.steer(daemon.socket, options.seed, count=count)
            for _ in range(kills):
                arrived = truth.figures()["arrived"]
                harness.wait_until(lambda: truth.figures()["arrived"] > arrived + 50, 60, "requests are in flight")
                daemon.kill()
                daemon.start()
            truth.finish(300)
            held = truth.end_holds(daemon, "release")
            verdict = truth.verdict(daemon, crashes=kills)
            assert daemon.stop() == 0, daemon.tail()
            return verdict, held, told(truth.ledger())
        finally:
            daemon.end()


def told(ledger):
    """{answer: how often}"""
    answers = {}
    for entry in ledger:
        if entry["event"] == "told":
            answer = entry["result"] or entry["status"]
            answers[answer] = answers.get(answer, 0) + 1
    return answers


def test(options, folder):
    found = findings.Findings()
    count = 5_000 if os.environ.get("ACKD_LONG") else 200
    for name, kills in (("S1 two operators at once, over and over", 0), ("S1 and the daemon is killed meanwhile", 3)):
        own = os.path.join(folder, str(kills))
        os.mkdir(own)
        with found.case(name) as show:
            verdict, held, answers = steer(options, own, count, kills)
            show("", "", f": {answers}")
            print(f"{held} held at the end; {verdict.figures['cancelled']} cancelled; {verdict}", flush=True)
            # With too few of any of them the case would mean nothing.
            assert answers.get("applied", 0) > count / 20 and answers.get("intent") and answers.get(409), answers
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
