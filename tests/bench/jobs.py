"""A row about steering many notifications: lists, and jobs over all of them with durable posts beside."""

import os
import subprocess
import time

import harness
import parts
from frame import row

MERCHANTS = 1_000
NOT_DUE_S = parts.WEEK_S


def timed(call):
    begun = time.monotonic()
    return call(), time.monotonic() - begun


def walk(client, query):
    """The whole list, page by page: rows, and the longest call in seconds."""
    rows, longest, cursor = 0, 0.0, ""
    while cursor is not None:
        (status, page), took = timed(lambda: client.call("GET", f"/v1/notifications?limit=1000{query}{cursor}"))
        assert status == 200, page
        rows += len(page["notifications"])
        longest = max(longest, took)
        cursor = None if page["next_cursor"] is None else "&cursor=" + page["next_cursor"]
    return rows, longest


def list_figures(client):
    """First page and whole list for filters that match all, some, few and none."""
    filters = {
        "no filter": "",
        "a merchant": "&provider=payindex&merchant=m1",
        "an order": "&subject=none",
        "a state": "&state=held",
        "a tag": "&tag=rare=yes",
    }
    figures = {}
    for name, query in filters.items():
        (status, answer), first = timed(lambda q=query: client.call("GET", f"/v1/notifications?limit=50{q}"))
        assert status == 200, answer
        (rows, longest), took = timed(lambda q=query: walk(client, q))
        figures.update({f"{name}: first page ms": first * 1000, f"{name}: all, rows a second": max(rows, 1) / took,
                        f"{name}: longest call ms": longest * 1000})
    return figures


def run_job(client, wanted):
    """A job to its end, with a durable post at a time beside it: the job, seconds, and the posts' seconds."""
    posts, number = [], time.time_ns()
    begun = time.monotonic()
    status, job = client.call("POST", "/v1/jobs", wanted)
    assert status == 201, job
    while job["state"] == "running":
        number += 1
        item = {**harness.notification(f"beside-{number}", "m0"), "not_before": parts.rfc3339(time.time() + NOT_DUE_S)}
        (status, answer), took = timed(lambda said=item: client.call("POST", "/v1/notifications", said))
        assert status == 201, answer
        posts.append(took)
        status, job = client.call("GET", f"/v1/jobs/{job['id']}")
    return job, time.monotonic() - begun, sorted(posts)


def job_figures(client, rows):
    figures = {}
    mine = {"until": parts.rfc3339(time.time())}
    for verb in ("hold", "release", "cancel"):
        job, seconds, posts = run_job(client, {"verb": verb, "filter": mine})
        assert job["matched"] == job["applied"] == rows, job
        figures.update({f"{verb}: rows a second": rows / seconds,
                        f"{verb}: a post's p99 ms": posts[len(posts) * 99 // 100] * 1000})
    return figures


def ackctl_mib(bench, daemon):
    with open(os.devnull, "w", encoding="ascii") as nowhere:
        process = subprocess.Popen([bench.program("ackctl"), "ls", "--all", "--json", "--socket", daemon.socket], stdout=nowhere)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024


@row("steer", "lists and jobs over very many pending notifications", quick=False, limit_s=1_800)
def steer(bench):
    rows = min(bench.backlog, 200_000)
    for _ in bench.rounds():
        with parts.Ackd(bench, ["http://127.0.0.1:9/notify"] * MERCHANTS) as daemon:
            client = daemon.client
            said = parts.template(time.time() + NOT_DUE_S)
            daemon.fill(rows - rows // 1_000, said, "--lanes", MERCHANTS)
            daemon.fill(rows // 1_000, {**said, "tags": {"rare": "yes"}}, "--lanes", MERCHANTS)
            beyond = parts.rfc3339(time.time() + 1)
            harness.wait_until(lambda: parts.rfc3339(time.time()) > beyond, 5, "what comes later is told apart")
            yield {**list_figures(client), "ackctl ls --all MiB": ackctl_mib(bench, daemon), **job_figures(client, rows),
                   "MiB": daemon.rss_kib() / 1024, "rows": rows}
