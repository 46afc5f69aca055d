"""Rows about one merchant's trouble being nobody else's, and about requests that leave when they are due."""

import concurrent.futures
import contextlib
import time

import harness
import parts
from frame import at_least, at_most, row

LANES = 1_000
HEALTHY_RATE = 1_000  # where they are too many for one a second each


class Load:
    """So many merchants, the first of whom accept connections and never answer; the others get a row in their turn."""

    def __init__(self, bench, sink, dead, one_host=False, lanes=LANES, timeout=None):
        self.bench = bench
        self.sink = sink
        self.dead = dead
        self.alive = lanes - dead
        self.turns = 0
        place = (lambda lane: 0) if one_host else (lambda lane: lane)
        merchants = [{"url": sink.url(place(lane), "/silent" if lane < dead else "/notify"),
                      **({"options": {"total_timeout": timeout}} if timeout else {})} for lane in range(lanes)]
        self.daemon = parts.Ackd(bench, merchants)

    def begin(self, rows_a_dead_lane=0):
        self.daemon.__enter__()
        if rows_a_dead_lane:
            self.daemon.fill(rows_a_dead_lane * self.dead, parts.template(), "--lanes", self.dead)
        return self

    def healthy(self, seconds, rate=None, patience_s=120):
        """How late the healthy ones' requests came, p99 in milliseconds, and how many a second until the last had come.

        Each gets one a second; with a rate, so many of them get one a second, others in the next second and the next call.
        """
        rate = rate or self.alive
        lanes = min(rate * seconds, self.alive)
        first = self.dead + self.turns * lanes % (self.alive - lanes + 1)
        self.turns += 1
        before = self.delivered()
        self.sink.heard()
        begun = time.time()
        posts = self.daemon.post(parts.template(), "--rate", rate, "--connections", 16, "--seconds", seconds,
                                 "--lanes", lanes, "--first-lane", first)
        harness.wait_until(lambda: self.delivered() - before >= posts["admitted"], patience_s,
                           "the healthy ones' rows are delivered")
        heard = self.sink.heard()
        return heard["fresh"]["p99_us"] / 1000, posts["admitted"] / (heard["newest_us"] / 1e6 - begun)

    def delivered(self):
        return self.daemon.stats()["counts"]["delivered"]

    def restart(self):
        self.daemon.kill()
        self.daemon.start(300)

    def untried(self):
        return self.daemon.stats()["engine"]["untried_in_flight"]

    def end(self):
        self.daemon.__exit__(None, None, None)


def compared(troubled, alone):
    (troubled_p99, troubled_rate), (alone_p99, alone_rate) = troubled, alone
    return {"p99 lateness to alone": troubled_p99 / alone_p99, "throughput to alone": troubled_rate / alone_rate,
            "p99 ms": troubled_p99, "p99 ms alone": alone_p99}


def one_dead(bench, one_host):
    """The dead one's rows are posted once; both daemons live, and are measured in turn."""
    rows = bench.size(bench.backlog, 20_000)
    seconds = bench.size(10, 3)
    addresses = 1 if one_host else LANES
    with contextlib.ExitStack() as stack:
        loads = []
        for backlog in (rows, 0):
            sink = stack.enter_context(bench.sink("--addresses", addresses))
            load = Load(bench, sink, 1, one_host)
            stack.callback(load.end)
            loads.append(load.begin(backlog))
        for _ in bench.rounds():
            yield compared(*[load.healthy(seconds) for load in loads])


@row("blackhole", "999 healthy merchants at a row a second beside one that never answers and has very many due rows",
     p99_lateness_to_alone=at_most(2), throughput_to_alone=at_least(0.99))
def blackhole(bench):
    yield from one_dead(bench, False)


@row("samehost", "the same with all thousand merchants on one host",
     p99_lateness_to_alone=at_most(2), throughput_to_alone=at_least(0.99))
def samehost(bench):
    yield from one_dead(bench, True)


def side_by_side(loads, seconds, rate=None):
    """At the same time: 50 of 10,000 requests are the p99, and one stall of the disk that only one of them sees makes
    as many late."""
    with concurrent.futures.ThreadPoolExecutor(len(loads)) as threads:
        return list(threads.map(lambda load: load.healthy(seconds, rate), loads))


@row("halfdead", "500 healthy merchants beside 500 that never answer, from the moment that these begin",
     p99_lateness_to_alone=at_most(1.5))
def halfdead(bench):
    seconds = bench.size(20, 3)
    for _ in bench.rounds():
        with contextlib.ExitStack() as stack:
            loads = []
            for rows in (0, 100):
                load = Load(bench, stack.enter_context(bench.sink("--addresses", LANES)), LANES // 2)
                stack.callback(load.end)
                loads.append(load.begin(rows))
            alone, troubled = side_by_side(loads, seconds)
        yield compared(troubled, alone)


@row("manydead", "80,000 healthy merchants, some a second, beside 20,000 that never answer: at first, once all are tried, "
     "and after a restart",
     limit_s=1_800, first_p99_lateness_to_alone=at_most(2), p99_lateness_to_alone=at_most(2),
     throughput_to_alone=at_least(0.99), restarted_p99_lateness_to_alone=at_most(2))
def manydead(bench):
    lanes, seconds, timeout = bench.size(100_000, 5_000), bench.size(20, 4), bench.size("10s", "2s")
    with contextlib.ExitStack() as stack:
        loads = []
        for rows in (1, 0):
            load = Load(bench, stack.enter_context(bench.sink("--everywhere")), lanes // 5, lanes=lanes, timeout=timeout)
            stack.callback(load.end)
            loads.append(load.begin(rows))
        # Of a merchant that has not answered yet nothing is known: 20,000 dead ones take 10 s each, in half of the
        # transfers, which is six minutes.
        first_p99_ms, _ = loads[0].healthy(seconds, HEALTHY_RATE, 900)
        harness.wait_until(lambda: loads[0].untried() == 0, 900, "every dead one has been tried")
        for _ in bench.rounds():
            troubled, alone = side_by_side(loads, seconds, HEALTHY_RATE)
            for load in loads:
                load.restart()
            restarted, restarted_alone = side_by_side(loads, seconds, HEALTHY_RATE)
            yield {"first p99 lateness to alone": first_p99_ms / alone[0], **compared(troubled, alone),
                   "restarted p99 lateness to alone": restarted[0] / restarted_alone[0], "first p99 ms": first_p99_ms,
                   "restarted p99 ms": restarted[0]}


# Of ten lanes, with the notification's number of attempts.
REFUSALS = [1, 2, 3] + [0] * 7
DELAYS_S = [1, 2, 3]


@row("lateness", "retries beside fresh notifications at half the drain's rate: after the refusal and the delay",
     p99_ms_of_retries=at_most(12))
def lateness(bench):
    delays = ", ".join(f"{delay}s" for delay in DELAYS_S)
    attempts = 1 + sum(REFUSALS) / len(REFUSALS)
    for _ in bench.rounds():
        with bench.sink("--delays-ms", ",".join(str(delay * 1000) for delay in DELAYS_S)) as sink:
            urls = [sink.url(path=f"/fail{times}" if times else "/notify") for times in REFUSALS]
            delivery = {"lane_window": 64, "host_ceiling": 64}
            with parts.Ackd(bench, urls, delivery, delays=f"[{delays}]") as daemon:
                healthy = ("--lanes", 7, "--first-lane", 3)
                drained = parts.drain(daemon, sink, bench.size(50_000, 10_000), parts.template, *healthy)
                rate = drained.per_second / 2 / attempts
                before = daemon.ended()
                posts = daemon.post(parts.template(), "--rate", rate, "--connections", 64, "--seconds", bench.size(10, 4))
                harness.wait_until(lambda: daemon.ended() - before >= posts["admitted"], 60, "all is delivered")
                heard = sink.heard()
                retries, fresh = heard["retries"], heard["fresh"]
                yield {"p99 ms of retries": retries["p99_us"] / 1000, "p50 ms of retries": retries["p50_us"] / 1000,
                       "p99 ms of fresh": fresh["p99_us"] / 1000, "attempts a second": rate * attempts}
