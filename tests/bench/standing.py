"""Rows about a large outbox that has nothing to do, and about many lanes."""

import contextlib
import time

import harness
import parts
from drains import IN_FLIGHT
from frame import at_least, at_most, row

SCATTERED = 1_000  # lanes that the backlog is spread over
OWN = 10  # lanes without any
DELIVERY = {"lane_window": IN_FLIGHT, "host_ceiling": IN_FLIGHT}


def ready_seconds(daemon):
    begun = time.monotonic()
    daemon.start(300)
    return time.monotonic() - begun


def daemon_of(bench, sink):
    return parts.Ackd(bench, [sink.url()] * (SCATTERED + OWN), DELIVERY)


def drained(daemon, sink, rows):
    """Rates with the due rows in lanes of their own, and scattered over those of the backlog."""
    own = parts.drain(daemon, sink, rows, parts.template, "--lanes", OWN, "--first-lane", SCATTERED)
    scattered = parts.drain(daemon, sink, rows, parts.template, "--lanes", SCATTERED)
    return own, scattered


@row("backlog", "the drain with very many pending rows behind it, against itself without; memory and idle CPU with them",
     own_lanes_rate_to_none=at_least(0.90), scattered_rate_to_none=at_least(0.80), MiB_beyond_empty=at_most(16),
     idle_percent_of_a_core=at_most(0.2), limit_s=1_800)
def backlog(bench):
    rows = bench.size(50_000, 5_000)
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(bench.sink())
        large = stack.enter_context(daemon_of(bench, sink))
        large.fill(bench.backlog, parts.template(time.time() + parts.WEEK_S), "--lanes", SCATTERED)
        for _ in bench.rounds():
            own, scattered = drained(large, sink, rows)
            idle = idle_percent(large, bench.size(10, 2))
            with daemon_of(bench, sink) as small:
                own_alone, scattered_alone = drained(small, sink, rows)
                mib_alone = small.rss_kib() / 1024
            mib = large.rss_kib() / 1024
            yield {
                "own lanes rate to none": own.per_second / own_alone.per_second,
                "own lanes CPU to none": own.cpu_us / own_alone.cpu_us,
                "scattered rate to none": scattered.per_second / scattered_alone.per_second,
                "scattered CPU to none": scattered.cpu_us / scattered_alone.cpu_us,
                "MiB beyond empty": mib - mib_alone,
                "MiB": mib,
                "idle percent of a core": idle,
                "rows pending": bench.backlog,
            }


def idle_percent(daemon, seconds):
    cpu, until = daemon.cpu(), time.monotonic() + seconds
    harness.wait_until(lambda: time.monotonic() >= until, seconds + 5, "some time passes")
    return (daemon.cpu() - cpu) / seconds * 100


@row("restart", "starting with very many pending rows, against an empty start", quick=False, limit_s=1_800,
     seconds_beyond_empty=at_most(0.1), seconds_to_the_first_delivery=at_most(0.1), MiB_beyond_empty=at_most(16))
def restart(bench):
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(bench.sink())
        large = stack.enter_context(daemon_of(bench, sink))
        large.fill(bench.backlog, parts.template(time.time() + parts.WEEK_S), "--lanes", SCATTERED)
        for _ in bench.rounds():
            due = time.time() + 2
            large.fill(OWN, parts.template(due), "--lanes", OWN, "--first-lane", SCATTERED)
            large.kill()
            harness.wait_until(lambda: time.time() > due, 5, "rows are due")
            sink.heard()
            ready = ready_seconds(large)
            at_ready = time.time()
            harness.wait_until(lambda: large.stats()["counts"]["pending"] == bench.backlog, 60, "what is due is delivered")
            heard, mib = sink.heard(), large.rss_kib() / 1024
            with daemon_of(bench, sink) as empty:
                empty.stop()
                ready_empty, mib_empty = ready_seconds(empty), empty.rss_kib() / 1024
            yield {"seconds beyond empty": ready - ready_empty,
                   "seconds to the first delivery": heard["newest_us"] / 1e6 - at_ready,
                   "MiB beyond empty": mib - mib_empty, "seconds to ready": ready, "seconds to ready when empty": ready_empty,
                   "rows pending": bench.backlog}


@row("lanes", "memory of lanes with one pending row each", limit_s=900, bytes_a_lane=at_most(512))
def lanes(bench):
    count = bench.size(100_000, 20_000)
    for _ in range(bench.size(bench.round_count, 1)):
        with parts.Ackd(bench, ["http://127.0.0.1:9/"]) as daemon:
            due = time.time() + parts.WEEK_S
            said = {**parts.template(due, url="http://@a:9/notify"), "merchant": "m0"}
            # As many rows in one lane first: what a row takes, caches and arenas are not the lanes'.
            daemon.fill(count, {**said, "url": "http://127.0.0.1:9/notify"})
            before = daemon.rss_kib()
            daemon.fill(count, said, "--lanes", count)
            yield {"bytes a lane": (daemon.rss_kib() - before) * 1024 / count, "lanes": daemon.stats()["engine"]["lanes"],
                   "idle percent of a core": idle_percent(daemon, bench.size(10, 3))}
