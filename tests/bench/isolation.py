"""Whether the healthy notice the dead: their lateness beside what it is when everybody is healthy.

Each healthy merchant has one notification a second, due at a time of its own, so that whatever is late was held up.
"""

import os
import tempfile
import time

import frame
import harness

MERCHANTS = 1000
SECONDS = 12
SETTLING = 2  # seconds that are not judged: connections are made, windows learned


def lateness_ms(arrivals, due):
    """Of each healthy notification that was due after the beginning, sorted."""
    late = []
    with open(arrivals, encoding="ascii") as file:
        for line in file:
            order, microseconds = line.split()
            if order in due:
                late.append(int(microseconds) / 1000 - due[order] * 1000)
    return sorted(late)


def healthy_lateness(tools, dead, dead_rows, one_host=False):
    """(p50, p99 in milliseconds, share of the healthy that had arrived in time to be judged)."""
    with tempfile.TemporaryDirectory(prefix="ackd-bench-") as folder:
        arrivals = os.path.join(folder, "arrivals")
        silent = 0 if one_host else dead
        with tools.sink(hosts=MERCHANTS, silent=silent, arrivals=arrivals) as sink:
            urls = [sink.url(number) for number in range(MERCHANTS)]
            with tools.daemon(urls, extra="delivery: {transfers_max: 1024}\n") as daemon:
                client = harness.Client(daemon.socket)
                healthy = MERCHANTS - dead
                rows = healthy * SECONDS
                start = time.time() + 2 + (rows + dead * dead_rows) / 8_000
                due = {f"h{n}.{second}": start + second + n / healthy for second in range(SECONDS) for n in range(healthy)}
                frame.enqueue(client, (frame.item(f"d{n}.{i}", n, frame.at(start)) for n in range(dead) for i in range(dead_rows)))
                frame.enqueue(client, (frame.item(order, dead + int(order[1:].split(".")[0]), frame.at(moment))
                                       for order, moment in due.items()))
                assert time.time() < start, "not all was handed over when it became due"
                harness.wait_until(lambda: harness.counts(client)["delivered"] >= rows or time.time() > start + SECONDS + 20,
                                   600, "all healthy ones are delivered")
        judged = {order: moment for order, moment in due.items() if moment >= start + SETTLING}
        late = lateness_ms(arrivals, judged)
        return late[len(late) // 2], late[len(late) * 99 // 100], len(late) / len(judged)


def beside_healthy(tools, name, dead, dead_rows):
    ratios, shares, said = [], [], []
    for _ in range(min(tools.rounds, 3)):
        alone = healthy_lateness(tools, 0, 0)
        beside = healthy_lateness(tools, dead, dead_rows)
        ratios.append(beside[1] / alone[1])
        shares.append(beside[2] / alone[2])
        said.append(f"p99 {alone[1]:.1f} ms alone, {beside[1]:.1f} ms beside")
    return [frame.Figure(f"{name}: p99 lateness of the healthy", ratios, 2.0, at_most=True, detail="; ".join(said)),
            frame.Figure(f"{name}: their throughput", shares, 0.95)]


def one_dead(tools):
    rows = 20_000 if tools.quick else 200_000
    return beside_healthy(tools, f"1 of {MERCHANTS} silent with {rows:,} due rows / all healthy", 1, rows)


def half_dead(tools):
    return beside_healthy(tools, f"half of {MERCHANTS} silent / all healthy", MERCHANTS // 2, 20)
