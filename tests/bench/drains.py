"""How fast a durable backlog goes out, beside a loop of libcurl alone that sends as many bytes to the same receivers."""

import time

import frame
import harness

IN_FLIGHT = 64
# One merchant may have as many requests in flight as the bare loop.
LIMITS = f"delivery: {{lane_window: {IN_FLIGHT}, host_ceiling: {IN_FLIGHT}, transfers_max: 1024}}\n"
BARE_HEADER_BYTES = 125  # of a request of the bare loop, about
HANDED_OVER_PER_SECOND = 10_000  # at least


def drained(tools, sink, rows, merchants):
    """(seconds, CPU seconds) from the moment at which all rows are due until each is settled."""
    with tools.daemon([sink.url(number) for number in range(merchants)], extra=LIMITS) as daemon:
        client = harness.Client(daemon.socket)
        due = time.time() + 3 + rows / HANDED_OVER_PER_SECOND
        frame.enqueue(client, (frame.item(f"o{i}", i % merchants, frame.at(due)) for i in range(rows)))
        assert time.time() < due, "the backlog was not complete when it became due"
        time.sleep(max(0.0, due - time.time()))
        cpu, started = frame.cpu_seconds(daemon.process.pid), time.monotonic()
        harness.wait_until(lambda: harness.counts(client)["pending"] == 0, 600, "the backlog is drained")
        took = time.monotonic() - started
        assert harness.counts(client)["delivered"] == rows, harness.counts(client)
        return took, frame.cpu_seconds(daemon.process.pid) - cpu


def beside_bare_loop(tools, name, hosts):
    rows = 20_000 if tools.quick else 200_000
    merchants = max(hosts, 1)
    rates, costs, ours, theirs, lengths = [], [], [], [], []
    for _ in range(tools.rounds):
        with tools.sink(hosts=hosts) as ours_sink:
            took, cpu = drained(tools, ours_sink, rows, merchants)
        length = ours_sink.told["bytes"] // ours_sink.told["answered"]
        with tools.sink(hosts=hosts) as theirs_sink:
            bare = tools.bare_loop(theirs_sink, rows, IN_FLIGHT, length - BARE_HEADER_BYTES)
        lengths.append((length, theirs_sink.told["bytes"] // theirs_sink.told["answered"]))
        rates.append(bare["seconds"] / took)
        costs.append(cpu / bare["cpu_seconds"])
        ours.append((rows / took, cpu / rows))
        theirs.append((rows / bare["seconds"], bare["cpu_seconds"] / rows))
    said = "; ".join(f"{who} {sorted(each)[len(each) // 2][0]:,.0f}/s, {sorted(each)[len(each) // 2][1] * 1e6:.0f} us of CPU each"
                     for who, each in (("ackd", ours), ("bare", theirs)))
    return [frame.Figure(f"{name}: rate", rates, 0.70, detail=f"{rows:,} rows; {said}; {lengths[0][0]} and {lengths[0][1]} bytes"),
            frame.Figure(f"{name}: CPU", costs, 2.5, at_most=True)]


def drain(tools):
    return beside_bare_loop(tools, "drain to one host / bare libcurl loop", 0)


def drain_hosts(tools):
    return beside_bare_loop(tools, "drain to 1,000 hosts / bare libcurl loop", 1000)
