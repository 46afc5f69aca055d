"""Rows about sending what is due: how much of the machine's own speed is left with everything recorded durably."""

import re
import tempfile

import frame
import harness
import parts
from frame import at_least, at_most, row

IN_FLIGHT = 64  # to one host
IN_FLIGHT_MANY = 256  # to all of a thousand
RECEIVERS = 1_000
LANES = 10


def beside_bare(bench, daemon, sink, rows, in_flight, addresses, lanes):
    """One round: a drain, and the bare loop with the same bytes."""
    drained = parts.drain(daemon, sink, rows, parts.template, "--lanes", lanes)
    request = bytes.fromhex(drained.heard["first"])
    assert drained.heard["answered"] == rows, drained.heard
    bare = bench.bare_loop(sink, request, rows, in_flight, addresses)
    return {
        "rate to bare": drained.per_second / bare["per_second"],
        "CPU to bare": drained.cpu_us / bare["cpu_us"],
        "deliveries a second": drained.per_second,
        "bare requests a second": bare["per_second"],
        "us of CPU a delivery": drained.cpu_us,
        "us of CPU a bare request": bare["cpu_us"],
        "bytes a request": drained.heard["bytes"] / rows,
    }


def one_host(sink):
    delivery = {"lane_window": IN_FLIGHT, "host_ceiling": IN_FLIGHT}
    return {"merchants": [sink.url()] * LANES, "delivery": delivery}


def many_hosts(sink):
    return {"merchants": [sink.url(i) for i in range(RECEIVERS)], "delivery": {"transfers_max": IN_FLIGHT_MANY}}


@row("drain", "durable pending rows to one healthy host, MD5, against a bare libcurl loop",
     rate_to_bare=at_least(0.70), CPU_to_bare=at_most(2.5))
def drain(bench):
    rows = bench.size(200_000, 20_000)
    for _ in bench.rounds():
        with bench.sink() as sink, parts.Ackd(bench, **one_host(sink)) as daemon:
            yield beside_bare(bench, daemon, sink, rows, IN_FLIGHT, 1, LANES)


@row("receivers", f"the same over {RECEIVERS:,} receivers, a merchant each",
     rate_to_bare=at_least(0.70), CPU_to_bare=at_most(2.5))
def receivers(bench):
    rows = bench.size(200_000, 20_000)
    for _ in bench.rounds():
        with bench.sink("--addresses", RECEIVERS) as sink, parts.Ackd(bench, **many_hosts(sink)) as daemon:
            yield beside_bare(bench, daemon, sink, rows, IN_FLIGHT_MANY, RECEIVERS, RECEIVERS)


def signatures_per_second():
    said = frame.output_of("openssl", "speed", "-multi", "2", "-seconds", "2", "rsa2048")
    return float(re.search(r"^rsa 2048 bits\s+\S+\s+\S+\s+(\S+)", said, re.M)[1])


def rsa_template(due):
    return {
        "provider": "alipay", "merchant": "m@m", "not_before": parts.rfc3339(due),
        "fields": {"app_id": "2014072300007148", "trade_no": "2025010121001004680200000001", "total_amount": "0.01",
                   "trade_status": "TRADE_SUCCESS", "out_trade_no": "T@n"},
    }


@row("rsa", "RSA-2048 signed drain, against the signatures of openssl speed -multi 2",
     rate_to_openssl=at_least(0.80))
def rsa(bench):
    rows = bench.size(20_000, 5_000)
    for _ in bench.rounds():
        with bench.sink("--answer", "success") as sink, tempfile.TemporaryDirectory(prefix="ackd-bench-") as folder:
            key = f"{folder}/rsa.pem"
            frame.output_of("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
            merchant = {"provider": "alipay", "url": sink.url(), "key_file": None, "private_key_file": key}
            merchant = {name: value for name, value in merchant.items() if value is not None}
            settings = {**one_host(sink), "merchants": [merchant] * LANES}
            with parts.Ackd(bench, **settings) as daemon:
                drained = parts.drain(daemon, sink, rows, rsa_template, "--lanes", LANES)
                bare = signatures_per_second()
                yield {"rate to openssl": drained.per_second / bare, "deliveries a second": drained.per_second,
                       "openssl signatures a second": bare, "us of CPU a delivery": drained.cpu_us}
