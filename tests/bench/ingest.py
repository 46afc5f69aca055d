"""Rows about taking notifications durably, beside SQLite alone with the same rows and the batch sizes reached."""

import contextlib
import sqlite3
import time

import parts
from frame import at_least, at_most, row

LANES = 10
ITEMS = 1000
POSTS_PER_SECOND = 1000


def daemon_of(bench, url="http://127.0.0.1:9/", **more):
    return parts.Ackd(bench, [url] * LANES, **more)


def not_due():
    """Short, and nothing is sent meanwhile."""
    said = parts.template(time.time() + parts.WEEK_S)
    said["fields"]["transaction_id"] = "T@n"
    return said


def beside_bare(bench, daemon, *arguments, **more):
    """One load: what of it, and what of SQLite alone with as many such rows in each commit."""
    batches, cpu = daemon.stats()["engine"]["batches"], daemon.cpu()
    load = daemon.post(not_due(), "--seconds", bench.size(4, 1), *arguments, **more)
    load["cpu_us"] = (daemon.cpu() - cpu) / load["admitted"] * 1e6
    batch = max(1, round(load["admitted"] / (daemon.stats()["engine"]["batches"] - batches)))
    bare = bench.bare_sqlite(min(200_000, max(2_000, batch * 400)), batch, content_bytes(daemon))
    return {"to bare": load["notifications_per_second"] / bare["rows_per_second"],
            "CPU to bare": load["cpu_us"] / bare["cpu_us"],
            "a second": load["notifications_per_second"], "us of CPU": load["cpu_us"],
            "bare rows a second": bare["rows_per_second"], "bare us of CPU": bare["cpu_us"], "rows a commit": batch}


def content_bytes(daemon):
    with contextlib.closing(sqlite3.connect(f"file:{daemon.folder}/data/outbox.db?mode=ro", uri=True)) as outbox:
        return outbox.execute("SELECT length(content) FROM notification LIMIT 1").fetchone()[0]


def named(name, figures):
    return {f"{name} {figure}": value for figure, value in figures.items()}


@row("ingest", "arrays and NDJSON of 1,000 over the unix socket, against bare SQLite",
     arrays_to_bare=at_least(0.75), NDJSON_to_bare=at_least(0.75))
def ingest(bench):
    shape = ("--connections", 4, "--items", ITEMS)
    for _ in bench.rounds():
        with daemon_of(bench) as daemon:
            yield {**named("arrays", beside_bare(bench, daemon, *shape)),
                   **named("NDJSON", beside_bare(bench, daemon, *shape, "--lines"))}


@row("single", "single durable posts over 64 connections, against bare SQLite at the batch sizes reached",
     posts_to_bare=at_least(0.55))
def single(bench):
    for _ in bench.rounds():
        port = parts.harness.free_port()
        with daemon_of(bench, tcp_port=port) as daemon:
            over_tcp = beside_bare(bench, daemon, "--connections", 64, address=f"127.0.0.1:{port}")
            one = beside_bare(bench, daemon, "--connections", 1)
            yield {**named("posts", beside_bare(bench, daemon, "--connections", 64)),
                   "posts over TCP to bare": over_tcp["to bare"], "posts over one connection to bare": one["to bare"]}


@row("wire", f"from a post to its request at the merchant, {POSTS_PER_SECOND:,} a second, against one FULL commit alone",
     p50_ms_beyond_a_commit=at_most(0.5), p99_ms_beyond_5_commits=at_most(2))
def wire(bench):
    for _ in bench.rounds():
        with bench.sink() as sink, daemon_of(bench, sink.url()) as daemon:
            load = ("--rate", POSTS_PER_SECOND, "--connections", 64, "--seconds")
            daemon.post(parts.template(), *load, 1)  # connections are made, windows have grown
            sink.heard()
            posts = daemon.post(parts.template(), *load, bench.size(5, 3))
            parts.harness.wait_until(lambda: daemon.stats()["counts"]["pending"] == 0, 60, "all is delivered")
            late = sink.heard()["fresh"]
            assert late["count"] == posts["admitted"], (late, posts)
            commit = bench.bare_sqlite(2_000, 1, 450)
            yield {"p50 ms beyond a commit": (late["p50_us"] - commit["p50_us"]) / 1000,
                   "p99 ms beyond 5 commits": (late["p99_us"] - 5 * commit["p99_us"]) / 1000,
                   "p50 ms": late["p50_us"] / 1000, "p99 ms": late["p99_us"] / 1000,
                   "a commit's p50 ms": commit["p50_us"] / 1000, "a commit's p99 ms": commit["p99_us"] / 1000,
                   "a post's p50 ms": posts["p50_us"] / 1000, "a post's p99 ms": posts["p99_us"] / 1000}
