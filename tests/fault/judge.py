"""The judge: joins what was offered, what arrived at merchants and what is on record, and names every crime.

A pure function over three books, each of which somebody else has kept; no promise of the daemon is believed.

    lost          accepted, and not on record (P1)
    altered       another content on record, on the wire, or at another attempt (P1, P4)
    doubled       one key made two notifications, or a merchant saw more than the attempts on record explain (P2, P4)
    confused      a key was accepted again with another content (P2)
    unknown       on record or on the wire, and never offered
    unfinished    neither delivered, exhausted nor cancelled at the end (P3)
    unfounded     delivered without an acknowledgement (P3)
    cut_short     exhausted before its schedule had ended (P3)
    invented      an attempt on record that no merchant saw
    after_end     sent again after an acknowledgement that was on record (P4)
    early         sent before the delay after the failed attempt had passed (P5)
    disobeyed     an operator was told that it is done, and it was not; or it was done, and nobody had asked
    miscounted    counters, rows and metrics disagree (P23)
"""

import collections
import dataclasses
import functools
import itertools

import books

EARLY_MAX_S = 0.001  # times are whole milliseconds
CLOCK_READ_ANEW_S = 0.001  # and so is the clock that a start reads anew
EXPLANATIONS_MAX = 1_000  # an order that many crashes have hit has more of them than anybody needs
STATES = ("pending", "held", "delivered", "exhausted", "cancelled")
ENDED = ("delivered", "exhausted", "cancelled")
ACCEPTING = (200, 201)
PUT_OFF = (429, 503)

# What no power cut excuses. The others are explained by one: what had left before its attempt was on record is sent again,
# as the in-flight file is never synchronised, and what was never acknowledged may be gone.
UNFORGETTABLE = ("lost", "altered", "confused", "unfinished", "unfounded", "invented", "cut_short", "miscounted")

Crime = collections.namedtuple("Crime", "name order text")


@dataclasses.dataclass
class Terms:
    """What the judge has to know of the run: the schedule's delays in seconds, and what the test itself has done."""

    delays: list
    crashes: int = None  # how often the daemon was ended; None when the test does not know
    may_be_held: bool = False
    forgetful: bool = False  # the disk has lost what was not synchronised


@dataclasses.dataclass
class Offer:
    content: str
    accepted: bool = False
    created: int = 0  # how often it was told that this call made it
    ids: set = dataclasses.field(default_factory=set)


@dataclasses.dataclass
class Change:
    """What an operator asked for, and was told."""

    verb: str
    asked_at: float
    told_at: float = float("inf")
    status: int = 0  # 0 while nobody knows
    result: str = None
    replay_id: str = None

    def was(self, *verbs):
        return self.verb in verbs and self.status == 200

    def may_have_been(self, *verbs):
        return self.verb in verbs and self.status in (0, 200)


@dataclasses.dataclass
class Arrival:
    at: float
    content: str
    bytes: str
    answered_at: float = None  # just before the answer was written
    status: int = 0  # 0 for no answer
    acknowledges: bool = False


@dataclasses.dataclass
class Verdict:
    crimes: list
    figures: dict

    def check(self):
        """Raises when there is a crime."""
        shown = "\n".join(f"{crime.name}: {crime.order}: {crime.text}" for crime in self.crimes[:10])
        assert not self.crimes, f"{len(self.crimes)} crimes\n{shown}"
        return self

    def names(self):
        return {crime.name for crime in self.crimes}

    def __str__(self):
        f = self.figures
        return (f"{f['accepted']} accepted, {f['delivered']} delivered, {f['exhausted']} exhausted, 0 lost; "
                f"{f['arrived']} arrived; {f['possibly_sent']} possibly sent, {f['second_acknowledgements']} sent again "
                f"after an acknowledgement, each explained by one; {f['unanswered']} on record whose post was never "
                f"answered; soonest {f['soonest_ms']:+.1f} ms after its time")


def judge(ledger, log, records, stats, metrics, terms):
    crimes = []
    offers = offers_of(ledger, crimes)
    arrivals = arrivals_of(log)
    changes = changes_of(ledger)
    by_order = collections.defaultdict(list)
    for record in records:
        by_order[record["subject"]].append(record)
    margins = []
    for order in sorted({*offers, *arrivals, *by_order}):
        case = Case(order, offers.get(order), arrivals.get(order, []), by_order[order], changes.get(order, []), terms)
        crimes += case.crimes()
        margins += case.margins
    crimes += miscounted(records, stats, metrics)
    if terms.forgetful:
        crimes = [crime for crime in crimes if crime.name in UNFORGETTABLE]
    return Verdict(crimes, figures_of(offers, arrivals, log, records, margins))


def offers_of(ledger, crimes):
    """{order: Offer} of what was to be accepted; refusals that were not due are crimes of their own."""
    offers = {}
    calls = {}
    for entry in ledger:
        if entry["event"] == "intent":
            calls[entry["call"]] = entry
            if entry["kind"] != "other":
                offers.setdefault(entry["order"], Offer(entry["content"]))
        elif entry["event"] == "committed":  # by the platform itself: ackd has to come and take it
            offers[entry["order"]] = Offer(entry["content"], accepted=True)
        elif entry["event"] == "reply":
            crimes += take_reply(offers[calls[entry["call"]]["order"]], calls[entry["call"]], entry)
    return offers


def take_reply(offer, intent, reply):
    order, status = intent["order"], reply["status"]
    if status in PUT_OFF:
        return
    if intent["kind"] == "other":
        if status != 409:
            yield Crime("confused", order, f"its key was offered with another content: {status}, not 409")
        return
    if status not in ACCEPTING:
        yield Crime("confused", order, f"refused with {status}")
        return
    offer.accepted = True
    offer.created += status == 201
    offer.ids.add(reply["id"])


def changes_of(ledger):
    """{order: [Change]}"""
    changes = collections.defaultdict(list)
    calls = {}
    for entry in ledger:
        if entry["event"] == "asked":
            calls[entry["call"]] = Change(entry["verb"], entry["at"])
            changes[entry["order"]].append(calls[entry["call"]])
        elif entry["event"] == "told":
            change = calls[entry["call"]]
            change.told_at, change.status, change.result = entry["at"], entry["status"], entry["result"]
            change.replay_id = entry["replay_id"]
    return changes


def arrivals_of(log):
    """{order: [Arrival]}, as they came."""
    arrivals = collections.defaultdict(list)
    by_request = {}
    for entry in log:
        if entry["event"] == "arrived":
            arrival = by_request[entry["request"]] = Arrival(entry["at"], entry["content"], entry["bytes"])
            arrivals[entry["order"]].append(arrival)
        else:
            arrival = by_request[entry["request"]]
            arrival.answered_at, arrival.status = entry["at"], entry["status"]
            arrival.acknowledges = entry["acknowledges"]
    for each in arrivals.values():
        each.sort(key=lambda arrival: arrival.at)
    return arrivals


class Case:
    """One order: its offer, its arrivals and its records, of which all but the first are an operator's resends."""

    def __init__(self, order, offer, arrivals, records, changes, terms):
        self.order = order
        self.offer = offer
        self.arrivals = arrivals
        self.records = records
        self.changes = changes
        self.terms = terms
        self.hastened = any(change.may_have_been("retry") for change in changes)
        self.margins = []  # seconds between the earliest moment that was allowed and the arrival

    def crime(self, name, text):
        return Crime(name, self.order, text)

    def crimes(self):
        if self.offer is None:
            yield self.crime("unknown", f"{len(self.records)} on record, {len(self.arrivals)} arrived, and never offered")
            return
        originals = [record for record in self.records if "replay_of" not in record]
        if len(self.offer.ids) > 1 or self.offer.created > 1:
            yield self.crime("doubled", f"accepted {self.offer.created} times, as {self.offer.ids}")
        if len(originals) > 1:
            yield self.crime("doubled", f"{len(originals)} notifications: {[record['id'] for record in originals]}")
        missing = self.offer.ids - {record["id"] for record in originals}
        if missing or (self.offer.accepted and not originals):
            yield self.crime("lost", f"accepted as {missing or 'committed'}, and not on record")
        yield from self.altered()
        for record in self.records:
            yield from self.states(record)
        if len(originals) == 1:
            yield from self.sends()
            yield from self.obedience(originals[0])
        elif self.arrivals and not originals:
            yield self.crime("unknown", f"{len(self.arrivals)} arrived, and it is not on record")

    def altered(self):
        for record in self.records:
            if books.content_of(record["fields"]) != self.offer.content:
                yield self.crime("altered", f"{record['id']} has another content on record")
        if any(arrival.content != self.offer.content for arrival in self.arrivals):
            yield self.crime("altered", "another content arrived")
        elif len({arrival.bytes for arrival in self.arrivals}) > 1:
            yield self.crime("altered", "other bytes at another attempt")

    def states(self, record):
        state, attempts = record["state"], record["attempt_list"]
        outcomes = [attempt["outcome"] for attempt in attempts]
        if [attempt["number"] for attempt in attempts] != list(range(1, len(attempts) + 1)):
            yield self.crime("miscounted", f"attempts {[attempt['number'] for attempt in attempts]}")
        if state not in ENDED and not (state == "held" and self.terms.may_be_held):
            yield self.crime("unfinished", f"{state}: {record.get('reason')}")
        if state == "delivered" and outcomes[-1:] != ["acknowledged"]:
            yield self.crime("unfounded", f"delivered after {outcomes}")
        if "acknowledged" in outcomes[:-1] or (state != "delivered" and "acknowledged" in outcomes):
            yield self.crime("after_end", f"{state} after {outcomes}")
        counted = len(outcomes) - outcomes.count("possibly_sent")
        if state == "exhausted" and not self.hastened and counted != len(self.terms.delays) + 1:
            yield self.crime("cut_short", f"exhausted after {outcomes}")
        if self.terms.crashes is not None and outcomes.count("possibly_sent") > self.terms.crashes:
            yield self.crime("doubled", f"more possibly sent than crashes: {outcomes}")

    def sends(self):
        """Every arrival belongs to an attempt, and came when its time had come."""
        attempts = [attempt for record in self.records for attempt in record["attempt_list"]]
        if len(self.records) > 1:
            if not explain_together(attempts, self.arrivals):
                yield self.unexplained(attempts)
            return
        innocent = guilty = None
        for groups in itertools.islice(groupings(attempts, self.arrivals), EXPLANATIONS_MAX):
            margins = self.margins_of(attempts, groups)
            if min(margins, default=0) >= -self.early_max_s():
                innocent = margins
                break
            guilty = max(guilty or margins, margins, key=min)
        self.margins = innocent or []
        if innocent is None and guilty is None:
            yield self.unexplained(attempts)
        elif innocent is None:
            yield self.crime("early", f"sent {-min(guilty) * 1000:.1f} ms before its time")

    def early_max_s(self):
        return EARLY_MAX_S + (CLOCK_READ_ANEW_S if self.terms.crashes else 0)

    def margins_of(self, attempts, groups):
        """How long after the earliest moment that its schedule allows each group came."""
        margins, due, steps = [], None, 0
        if self.hastened:
            return margins
        for attempt, group in zip(attempts, groups):
            if group and due is not None:
                margins.append(group[0].at - due)
            if attempt["outcome"] == "possibly_sent":
                continue  # takes no step of the schedule: what was due is still due
            due = None
            if group and steps < len(self.terms.delays):
                ended = group[-1].answered_at if attempt["status"] else group[-1].at
                due = ended + self.terms.delays[steps]
            steps += 1
        return margins

    def obedience(self, original):
        """What operators were told has happened, once for each that was told so, and nothing of it by itself."""
        cancels = [change for change in self.changes if change.may_have_been("cancel")]
        done = [change for change in cancels if change.result == "applied"]
        # Several who ask while it is in flight are obeyed together.
        if any(one.asked_at > other.told_at for one in done for other in done):
            yield self.crime("disobeyed", "somebody was told that he cancelled it when it was cancelled already")
        if done and original["state"] != "cancelled" or original["state"] == "cancelled" and not cancels:
            yield self.crime("disobeyed", f"{original['state']}, and {len(done)} were told that they cancelled it")
        told = [change.replay_id for change in self.changes if change.replay_id]
        made = [record["id"] for record in self.records if record is not original]
        unknown = sum(change.status == 0 for change in self.changes if change.verb in ("retry", "resend"))
        if len(set(told)) < len(told) or set(told) - set(made) or len(made) > len(told) + unknown:
            yield self.crime("disobeyed", f"the copies {made} were made, and {told} were told of")
        if not made:
            yield from self.sent_in_spite()

    def sent_in_spite(self):
        """Sent after it was told to be cancelled or held, and before anybody may have let it go on."""
        for change in self.changes:
            stops = change.result == "applied" and change.was("cancel", "hold")
            goes_on = [other.asked_at for other in self.changes
                       if other.may_have_been("release", "retry") and other.told_at > change.asked_at]
            until = min(goes_on, default=float("inf"))
            if stops and any(change.told_at < arrival.at < until for arrival in self.arrivals):
                yield self.crime("disobeyed", f"sent after somebody was told of its {change.verb}")

    def unexplained(self, attempts):
        outcomes = [(attempt["outcome"], attempt["sends"]) for attempt in attempts]
        answers = [arrival.status if not arrival.acknowledges else "acknowledged" for arrival in self.arrivals]
        seen = f"arrived and answered {answers}, on record {outcomes}"
        if outcomes and outcomes[-1][0] == "acknowledged" and "acknowledged" not in answers:
            return self.crime("unfounded", seen)
        if len(answers) < sum(attempt["status"] > 0 for attempt in attempts):
            return self.crime("invented", seen)
        if "acknowledged" in answers[:-1]:
            return self.crime("after_end", seen)
        return self.crime("doubled", seen)


def groupings(attempts, arrivals):
    """Every way in which the attempts on record, in their order, explain all arrivals: a group of them for each attempt.

    What a daemon sent before it was killed is read by a busy merchant when it comes to it, perhaps after what the next
    daemon sent: each attempt that is possibly sent and has no arrival yet is `owed` one.
    """

    def choices(attempt, begin, owed):
        """(where its group begins and ends, how many are owed afterwards); late ones lie before the group."""
        for first in range(begin, min(begin + owed, len(arrivals)) + 1):
            for end in range(first, len(arrivals) + 1):
                if may_have_caused(attempts[attempt], arrivals[first:end]):
                    owes = first == end and attempts[attempt]["outcome"] == "possibly_sent"
                    yield first, end, owed - (first - begin) + owes

    @functools.cache
    def explained(attempt, begin, owed):
        if attempt == len(attempts):
            return len(arrivals) - begin <= owed
        return any(explained(attempt + 1, end, owes) for _, end, owes in choices(attempt, begin, owed))

    def ways(attempt, begin, owed):
        if attempt == len(attempts):
            yield []
            return
        for first, end, owes in choices(attempt, begin, owed):
            if explained(attempt + 1, end, owes):
                for rest in ways(attempt + 1, end, owes):
                    yield [arrivals[first:end], *rest]

    return ways(0, 0, 0) if explained(0, 0, 0) else iter(())


def explain_together(attempts, arrivals):
    """The same of several notifications of one order, whose attempts may have been under way at the same time."""
    unexplained = collections.Counter((arrival.status, arrival.acknowledges) for arrival in arrivals)
    answered = [attempt for attempt in attempts if attempt["status"]]
    unexplained.subtract((attempt["status"], attempt["outcome"] == "acknowledged") for attempt in answered)
    may_have_arrived = sum(attempt["sends"] for attempt in attempts) - len(answered)
    return min(unexplained.values(), default=0) >= 0 and sum(unexplained.values()) <= may_have_arrived


def may_have_caused(attempt, group):
    # libcurl repeats a request by itself when a reused connection broke without an answer; killed meanwhile, ackd knows
    # of the attempt and not of the repeat.
    if any(arrival.status for arrival in group[:-1]):
        return False
    if attempt["outcome"] == "possibly_sent":
        return True
    if len(group) > attempt["sends"]:
        return False
    if attempt["status"] == 0:
        return True  # not connected, or given up while the merchant was at it
    if not group or group[-1].status != attempt["status"]:
        return False
    return group[-1].acknowledges == (attempt["outcome"] == "acknowledged")


def miscounted(records, stats, metrics):
    """Conservation: the counters that are kept, the rows that are there, and what /metrics says, are one."""
    rows = collections.Counter(record["state"] for record in records)
    attempts = [attempt for record in records for attempt in record["attempt_list"]]
    counted = {state: (rows[state], stats["counts"][state], metrics[f'ackd_notifications{{state="{state}"}}'])
               for state in STATES}
    counted["admitted"] = (len(records), stats["admitted"], metrics["ackd_notifications_admitted_total"])
    counted["attempts"] = (len(attempts), stats["attempts"], metrics["ackd_attempts_total"])
    counted["possibly_sent"] = (sum(attempt["outcome"] == "possibly_sent" for attempt in attempts),
                                stats["possibly_sent"], metrics["ackd_attempts_possibly_sent_total"])
    counted["silent_resends"] = (sum(attempt["sends"] - 1 for attempt in attempts), stats["silent_resends"],
                                 metrics["ackd_silent_resends_total"])
    for name, (by_rows, by_stats, by_metrics) in counted.items():
        if not by_rows == by_stats == by_metrics:
            yield Crime("miscounted", name, f"{by_rows} rows, {by_stats} in /v1/stats, {by_metrics} in /metrics")
    for record in records:
        if record["attempts"] != len(record["attempt_list"]):
            yield Crime("miscounted", record["subject"],
                        f"{record['attempts']} attempts, of which {len(record['attempt_list'])} are on record")


def figures_of(offers, arrivals, log, records, margins):
    states = collections.Counter(record["state"] for record in records)
    acknowledged = [sum(arrival.acknowledges for arrival in each) for each in arrivals.values()]
    return {
        "accepted": sum(offer.accepted for offer in offers.values()),
        **{state: states[state] for state in STATES},
        "arrived": sum(map(len, arrivals.values())),
        "possibly_sent": sum(attempt["outcome"] == "possibly_sent"
                             for record in records for attempt in record["attempt_list"]),
        "most_at_once": max(map(most_at_once, by_merchant(log).values()), default=0),
        "second_acknowledgements": sum(count > 1 for count in acknowledged),
        "unanswered": sum(not offers[record["subject"]].accepted for record in records if record["subject"] in offers),
        "soonest_ms": min(margins, default=0) * 1000,
    }


def by_merchant(log):
    """{merchant: its entries}; a request's name begins with its merchant's number."""
    merchants = collections.defaultdict(list)
    for entry in log:
        merchants[entry["request"].split("-")[0]].append(entry)
    return merchants


def most_at_once(log):
    """The most requests that a merchant had, and had not answered, at the same time."""
    open_now = most = 0
    for entry in sorted(log, key=lambda entry: (entry["at"], entry["event"] == "arrived")):
        open_now += 1 if entry["event"] == "arrived" else -1
        most = max(most, open_now)
    return most
