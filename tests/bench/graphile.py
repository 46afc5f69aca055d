"""A row about a peer: the drain by graphile-worker, on PostgreSQL as it comes, with the same bytes to the same merchant.

It installs its own parts with npm, into the folder of the build, and is measured only when it is named.
"""

import contextlib
import hashlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

import drains
import frame
import harness
import parts
from frame import at_least, row

HERE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "graphile")
PROCESSES = 2  # of node, which share what is in flight
NEEDED = {"node": "nodejs", "npm": "npm", "initdb": "postgresql", "postgres": "postgresql", "psql": "postgresql-client"}


def programs():
    """Where what it needs is; Debian keeps PostgreSQL's apart from the others."""
    folders = [os.environ["PATH"], *sorted(
        (f"/usr/lib/postgresql/{version}/bin" for version in listed("/usr/lib/postgresql")), reverse=True)]
    found = {name: shutil.which(name, path=":".join(folders)) for name in NEEDED}
    missing = [f"{name} (of Debian's {NEEDED[name]})" for name, path in found.items() if path is None]
    assert not missing, "needs " + ", ".join(missing)
    return found


def listed(folder):
    return os.listdir(folder) if os.path.isdir(folder) else []


def installed(bench, npm):
    """The folder with drain.mjs and what it imports."""
    folder = os.path.join(bench.build, "tests", "bench", "graphile")
    os.makedirs(folder, exist_ok=True)
    stamp = os.path.join(folder, "installed.json")
    wanted = read(os.path.join(HERE, "package-lock.json"))
    for name in os.listdir(HERE):
        shutil.copy(os.path.join(HERE, name), folder)
    if not os.path.exists(stamp) or read(stamp) != wanted:
        frame.output_of(npm, "ci", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts")
        shutil.copy(os.path.join(HERE, "package-lock.json"), stamp)
    return folder


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Postgres:
    """PostgreSQL with its own defaults, on a unix socket in a folder that goes with it."""

    def __init__(self, found):
        self.found = found
        # It refuses to run as root.
        is_root = os.getuid() == 0
        account = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.getuid())
        self.user = account.pw_name
        self.as_user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if is_root else {}
        self.place = tempfile.TemporaryDirectory(prefix="ackd-bench-")
        self.folder = self.place.name
        self.url = f"postgres://{self.user}@/postgres?host={urllib.parse.quote(self.folder, safe='')}"

    def __enter__(self):
        shutil.chown(self.folder, self.user)
        data = os.path.join(self.folder, "data")
        subprocess.run([self.found["initdb"], "-D", data, "-A", "trust", "-E", "UTF8", "--no-locale", "-U", self.user],
                       cwd=self.folder, stdout=subprocess.DEVNULL, check=True, **self.as_user)
        self.process = subprocess.Popen(
            [self.found["postgres"], "-D", data, "-k", self.folder, "-h", ""], cwd=self.folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.as_user)
        harness.wait_until(self.answers, 60, "PostgreSQL answers")
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        self.place.cleanup()

    def answers(self):
        done = subprocess.run([self.found["psql"], "-qAtc", "SELECT 1", self.url], capture_output=True, check=False)
        return done.returncode == 0

    def ask(self, sql):
        return frame.output_of(self.found["psql"], "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql, self.url).strip()

    def fill(self, rows, fields):
        """So many jobs with these fields, in which @n is the job's number."""
        text = json.dumps(fields).replace("'", "''")
        self.ask("SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(SELECT ROW('notify', replace("
                 f"'{text}', '@n', n::text)::json, NULL, NULL, NULL, NULL, NULL, NULL)::graphile_worker.job_spec "
                 f"FROM generate_series(1, {rows}) n))")
        self.ask("VACUUM ANALYZE")
        self.ask("CHECKPOINT")

    def has_jobs(self):
        return self.ask("SELECT 1 FROM graphile_worker._private_jobs LIMIT 1") != ""


class Workers:
    """Processes of drain.mjs."""

    def __init__(self, found, folder, postgres, url, key_file):
        command = [found["node"], os.path.join(folder, "drain.mjs"), postgres.url, url, key_file]
        share = [str(drains.IN_FLIGHT // PROCESSES)]
        self.processes = [subprocess.Popen(command + share, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                          for _ in range(PROCESSES)]

    def first_job_s(self):
        said = [process.stdout.readline() for process in self.processes]
        assert all(said), "drain.mjs ended before its first job; see above"
        return min(int(each) / 1000 for each in said)

    def end(self):
        for process in self.processes:
            process.stdin.close()
        for process in self.processes:
            process.wait()
            process.stdout.close()


def answered(sink, rows):
    """The first request, once so many are acknowledged."""
    heard = [sink.heard()]

    def all_came():
        heard.append(sink.heard())
        return sum(each["answered"] for each in heard) >= rows

    harness.wait_until(all_came, 600, "every job was acknowledged")
    return next(each["first"] for each in heard if each["first"])


def body_of(request, key):
    """The form of a request in hexadecimal, of which the signature is right."""
    body = bytes.fromhex(request).split(b"\r\n\r\n", 1)[1].decode()
    fields = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
    signed = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "sign")
    assert fields["sign"] == hashlib.md5(f"{signed}&key={key}".encode()).hexdigest().upper(), body
    return body


def by_graphile(bench, found, sink, rows, key_file):
    """A second, and the first request."""
    folder = installed(bench, found["npm"])
    with Postgres(found) as postgres, contextlib.ExitStack() as stack:
        cli = os.path.join(folder, "node_modules", "graphile-worker", "dist", "cli.js")
        frame.output_of(found["node"], cli, "--schema-only", "--connection", postgres.url)
        postgres.fill(rows, parts.template(time.time())["fields"])
        workers = Workers(found, folder, postgres, sink.url(), key_file)
        stack.callback(workers.end)
        begun = workers.first_job_s()
        first = answered(sink, rows)
        harness.wait_until(lambda: not postgres.has_jobs(), 60, "every job is recorded")
        return rows / (time.time() - begun), first


@row("graphile", "the drain, against graphile-worker 0.17 on PostgreSQL with the same notifications", by_name=True,
     limit_s=1_800, rate_to_graphile=at_least(3))
def graphile(bench):
    found = programs()
    rows = bench.size(200_000, 20_000)
    for _ in bench.rounds():
        with bench.sink() as sink, parts.Ackd(bench, **drains.one_host(sink)) as daemon:
            key_file = os.path.join(daemon.folder, "m.key")
            key = read(key_file).strip()
            drained = parts.drain(daemon, sink, rows, parts.template, "--lanes", drains.LANES)
            ours = body_of(drained.heard["first"], key)
            rate, first = by_graphile(bench, found, sink, rows, key_file)
            theirs = body_of(first, key)
            assert abs(len(ours) - len(theirs)) < 20, (ours, theirs)
            yield {"rate to graphile": drained.per_second / rate, "deliveries a second": drained.per_second,
                   "graphile's a second": rate}
