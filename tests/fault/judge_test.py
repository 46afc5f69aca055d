#!/usr/bin/env python3
"""The judge itself: honest books pass, and each kind of crime is seen and named."""

import copy
import os
import tempfile
import unittest

import books
import judge

DELAYS = [0.05, 0.1]


def content(number):
    return books.content_of({"orderid": f"order-{number}", "amount": "1.00"})


class Story:
    """Three orders: one acknowledged at once, one after a failure, one that was in flight when the daemon was killed."""

    def __init__(self):
        self.ledger, self.log, self.records = [], [], []
        self.calls = 0
        self.requests = 0
        for number, answers in enumerate([["ok"], [500, "ok"], ["killed", "ok"]], 1):
            self.offer(number, 201)
            self.deliver(number, answers)
        self.stats = {}
        self.metrics = {}
        self.count()

    def offer(self, number, status, kind="first", made=None, identifier=None):
        self.calls += 1
        self.ledger.append({"event": "intent", "call": self.calls, "kind": kind, "order": f"order-{number}", "key": None,
                            "content": made or content(number)})
        if status:
            self.ledger.append({"event": "reply", "call": self.calls, "status": status, "id": identifier or str(number)})

    def arrive(self, number, at, status, acknowledges, **other):
        self.requests += 1
        request = f"0-{self.requests}"
        self.log.append({"event": "arrived", "request": request, "at": at, "order": f"order-{number}",
                         "content": content(number), "bytes": f"bytes {number}", **other})
        self.log.append({"event": "answered", "request": request, "at": at + 0.001, "status": status,
                         "acknowledges": acknowledges})

    def change(self, number, verb, at, status=200, result="applied", replay_id=None):
        self.calls += 1
        self.ledger.append({"event": "asked", "call": self.calls, "verb": verb, "order": f"order-{number}", "at": at})
        if status:
            self.ledger.append({"event": "told", "call": self.calls, "at": at + 0.002, "status": status,
                                "result": result if status == 200 else None, "replay_id": replay_id})

    def deliver(self, number, answers):
        at = 100.0 * number
        attempts = []
        for answer in answers:
            self.arrive(number, at, 500 if answer == 500 else 200, answer != 500)
            outcome = {"ok": "acknowledged", 500: "rejected", "killed": "possibly_sent"}[answer]
            status = {"ok": 200, 500: 500, "killed": 0}[answer]
            attempts.append({"number": len(attempts) + 1, "outcome": outcome, "status": status, "sends": 1,
                             "started_at": f"{len(attempts)}"})
            at += 0.052
        self.records.append({"id": str(number), "subject": f"order-{number}", "state": "delivered",
                             "attempts": len(attempts), "attempt_list": attempts,
                             "fields": {"orderid": f"order-{number}", "amount": "1.00"}})

    def count(self):
        attempts = [attempt for record in self.records for attempt in record["attempt_list"]]
        counts = {state: sum(record["state"] == state for record in self.records) for state in judge.STATES}
        possibly = sum(attempt["outcome"] == "possibly_sent" for attempt in attempts)
        resent = sum(attempt["sends"] - 1 for attempt in attempts)
        self.stats = {"counts": counts, "admitted": len(self.records), "attempts": len(attempts),
                      "possibly_sent": possibly, "silent_resends": resent}
        self.metrics = {f'ackd_notifications{{state="{state}"}}': count for state, count in counts.items()}
        self.metrics |= {"ackd_notifications_admitted_total": len(self.records), "ackd_attempts_total": len(attempts),
                         "ackd_attempts_possibly_sent_total": possibly, "ackd_silent_resends_total": resent}

    def verdict(self, **terms):
        return judge.judge(self.ledger, self.log, self.records, self.stats, self.metrics, judge.Terms(DELAYS, **terms))

    def arrival(self, number, which=0):
        return [entry for entry in self.log if entry["event"] == "arrived" and entry["order"] == f"order-{number}"][which]

    def answer(self, number, which=0):
        request = self.arrival(number, which)["request"]
        return next(entry for entry in self.log if entry["event"] == "answered" and entry["request"] == request)

    def attempts(self, number):
        return self.records[number - 1]["attempt_list"]


class JudgeTest(unittest.TestCase):
    def expect(self, story, *names, count=True, **terms):
        if count:
            story.count()
        verdict = story.verdict(**terms)
        self.assertEqual(verdict.names(), set(names), verdict.crimes)
        if names:
            self.assertRaises(AssertionError, verdict.check)

    def test_honest_books_pass(self):
        story = Story()
        self.expect(story, crashes=1)
        figures = story.verdict().figures
        self.assertEqual((figures["accepted"], figures["delivered"], figures["arrived"]), (3, 3, 5))
        self.assertEqual((figures["possibly_sent"], figures["second_acknowledgements"]), (1, 1))
        self.assertEqual(figures["most_at_once"], 1)
        self.assertAlmostEqual(figures["soonest_ms"], 1.0, places=3)

    def test_what_may_happen_is_no_crime(self):
        story = Story()
        story.offer(1, 200, "again")
        story.offer(1, 409, "other", made="another")
        story.offer(2, None, "again")
        story.offer(2, 503, "again")
        story.offer(9, None)  # never answered, and not on record
        del story.log[-4:-2]  # killed before the request had left
        self.expect(story)

    def test_lost(self):
        story = Story()
        del story.records[0]
        story.log = [entry for entry in story.log if entry["request"] != "0-1"]
        self.expect(story, "lost")
        story = Story()
        story.ledger.append({"event": "committed", "order": "order-7", "content": content(7)})
        self.expect(story, "lost")

    def test_doubled_on_record(self):
        story = Story()
        story.records.append({**copy.deepcopy(story.records[0]), "id": "4"})
        self.expect(story, "doubled")

    def test_doubled_by_its_key(self):
        story = Story()
        story.offer(1, 200, "again", identifier="4")
        self.expect(story, "doubled", "lost")
        story = Story()
        story.offer(1, 201, "again")
        self.expect(story, "doubled")

    def test_doubled_at_the_merchant(self):
        story = Story()
        story.answer(2)["acknowledges"] = False
        story.arrive(2, 200.01, 500, False)
        self.expect(story, "doubled")

    def test_doubled_by_more_than_the_crashes(self):
        self.expect(Story(), "doubled", crashes=0)

    def test_a_silent_resend_needs_a_broken_connection(self):
        story = Story()
        story.attempts(1)[0]["sends"] = 2
        story.arrive(1, 99.0, 0, False)
        self.expect(story)
        story.answer(1, 1)["status"] = 500
        self.expect(story, "doubled")

    def test_confused(self):
        story = Story()
        story.offer(1, 200, "other", made="another")
        self.expect(story, "confused")
        story = Story()
        story.offer(1, 422, "again")
        self.expect(story, "confused")

    def test_unknown(self):
        story = Story()
        story.ledger = [entry for entry in story.ledger if entry["call"] != 2]
        self.expect(story, "unknown")

    def test_altered(self):
        story = Story()
        story.records[1]["fields"]["amount"] = "2.00"
        self.expect(story, "altered")
        story = Story()
        story.arrival(2, 1)["content"] = content(1)
        self.expect(story, "altered")
        story = Story()
        story.arrival(2, 1)["bytes"] = "others"
        self.expect(story, "altered")

    def test_unfinished(self):
        story = Story()
        story.attempts(2).pop()
        story.log = story.log[:4] + story.log[6:]
        for state, terms, names in (("pending", {}, ["unfinished"]), ("held", {}, ["unfinished"]),
                                    ("held", {"may_be_held": True}, [])):
            story.records[1].update(state=state, attempts=1)
            self.expect(story, *names, **terms)

    def test_delivered_without_acknowledgement(self):
        story = Story()
        story.answer(1)["acknowledges"] = False
        self.expect(story, "unfounded")
        story = Story()
        story.attempts(1)[0]["outcome"] = "rejected"
        story.answer(1)["acknowledges"] = False
        self.expect(story, "unfounded")

    def test_exhausted_too_soon(self):
        story = Story()
        story.attempts(2).pop()
        story.log = story.log[:4] + story.log[6:]
        story.records[1].update(state="exhausted", attempts=1)
        self.expect(story, "cut_short")
        story.change(2, "retry", 200.01)
        self.expect(story)

    def test_invented(self):
        story = Story()
        del story.log[2:4]
        self.expect(story, "invented")

    def test_sent_after_its_acknowledgement(self):
        story = Story()
        story.arrive(1, 101.0, 200, True)
        self.expect(story, "after_end")
        story = Story()
        story.attempts(1).append({**story.attempts(1)[0], "number": 2})
        story.records[0]["attempts"] = 2
        story.arrive(1, 101.0, 200, True)
        self.expect(story, "after_end")

    def test_early(self):
        story = Story()
        for late_s, names in ((0.0505, []), (0.0495, ["early"]), (0.0005, ["early"])):
            story.arrival(2, 1)["at"] = 200.0 + late_s
            self.expect(story, *names)
        story.change(2, "release", 200.0, 409)
        self.expect(story, "early")
        story.change(2, "retry", 200.0)
        self.expect(story)

    def test_what_a_killed_daemon_sent_may_be_read_late(self):
        story = Story()
        story.answer(3, 1)["acknowledges"] = False  # so the first is the one on record, and this the one before it
        self.expect(story, crashes=1)
        story.arrive(3, 300.2, 200, False)
        self.expect(story, "after_end", crashes=1)
        story = Story()
        story.answer(2)["acknowledges"] = True
        self.expect(story, "after_end")

    def test_many_crashes_do_not_make_it_slow(self):
        story = Story()
        killed = story.attempts(3)[0]
        for number in range(40):
            story.arrive(3, 301.0 + number, 200, True)
            story.attempts(3).insert(0, copy.deepcopy(killed))
        for number, attempt in enumerate(story.attempts(3), 1):
            attempt["number"] = number
        story.records[2]["attempts"] = 42
        self.expect(story)
        story.arrive(3, 400.0, 200, True)
        self.expect(story, "after_end")

    def test_how_many_a_merchant_has_at_once(self):
        story = Story()
        story.arrive(1, 100.0005, 200, True)
        story.arrive(1, 100.001, 200, True)
        story.log.append({**story.arrival(1), "request": "1-1"})
        self.assertEqual(story.verdict().figures["most_at_once"], 2)

    def test_a_crash_does_not_hasten_what_follows(self):
        story = Story()
        story.attempts(2).insert(1, {**story.attempts(3)[0], "number": 2})
        story.attempts(2)[2]["number"] = 3
        story.records[1]["attempts"] = 3
        self.expect(story)
        story.arrival(2, 1)["at"] = 200.02
        self.expect(story, "early")

    def cancelled(self):
        """The second order's second attempt was not made, because it was cancelled."""
        story = Story()
        story.attempts(2).pop()
        story.log = story.log[:4] + story.log[6:]
        story.records[1].update(state="cancelled", attempts=1)
        return story

    def test_cancelled_as_somebody_asked(self):
        story = self.cancelled()
        self.expect(story, "disobeyed")
        story.change(2, "cancel", 200.01)
        story.change(2, "cancel", 200.01, 409)
        self.expect(story)
        story.change(2, "cancel", 200.011)
        self.expect(story)
        story.change(2, "cancel", 200.02)
        self.expect(story, "disobeyed")
        story = Story()
        story.change(2, "cancel", 200.01, result="intent")  # its acknowledgement was faster
        self.expect(story)
        story.change(2, "cancel", 200.01)
        self.expect(story, "disobeyed")

    def test_sent_in_spite_of_a_hold(self):
        story = Story()
        story.change(2, "hold", 200.01)
        self.expect(story, "disobeyed")
        story.change(2, "release", 200.02)
        self.expect(story)
        story.ledger[-2]["at"] = 300.0
        self.expect(story, "disobeyed")

    def test_copies_are_made_as_told(self):
        story = Story()
        story.change(1, "resend", 150.0, replay_id="4")
        self.expect(story, "disobeyed")
        story.arrive(1, 150.01, 200, True)
        copied = copy.deepcopy(story.records[0])
        story.records.append({**copied, "id": "4", "replay_of": "1"})
        self.expect(story)
        story.records.append({**copied, "id": "5", "replay_of": "1"})
        story.arrive(1, 150.01, 200, True)
        self.expect(story, "disobeyed")
        story.change(1, "resend", 150.0, status=0)
        self.expect(story)
        story.arrive(1, 150.01, 200, True)
        self.expect(story, "after_end")

    def test_miscounted(self):
        for break_it in (
                lambda story: story.stats["counts"].update(delivered=2),
                lambda story: story.stats.update(admitted=4),
                lambda story: story.stats.update(possibly_sent=0),
                lambda story: story.metrics.update(ackd_attempts_total=4),
                lambda story: story.metrics.update(ackd_silent_resends_total=1),
                lambda story: story.records[0].update(attempts=2),
                lambda story: story.attempts(2)[1].update(number=3)):
            story = Story()
            break_it(story)
            self.expect(story, "miscounted", count=False)


class BookTest(unittest.TestCase):
    def test_a_line_that_was_cut_short_is_no_entry(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "book")
            book = books.Book(path)
            book.write({"number": 1, "at": 1.5}, {"number": 2})
            book.close()
            with open(path, "a", encoding="utf-8") as file:
                file.write('{"number": 3')
            self.assertEqual([entry["number"] for entry in books.read(path)], [1, 2])
            self.assertEqual(books.read(path)[0]["at"], 1.5)


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    raise SystemExit(bool(failed))
