#!/usr/bin/env python3
"""Answers that no honest server gives, sent to the real daemon: each has its outcome and end, in bounded time and memory;
its connection is used again only when its framing was sound; nothing of it harms whoever reads about it; and honest
merchants are served meanwhile. Prints a table with a line for each case.

The limits on time, memory and stalls are for a busy machine and sanitizers; the measured figures are in the table.
"""

import calendar
import http.client
import os
import subprocess
import threading
import time

import harness
from hostile_answer_cases import CASES, WORDS
from hostile_receiver import HONEST, Receivers, says

MEBIBYTE_KIB = 1024
# Of a case whose answer hangs; the others have the profile's.
SLOW_TIMEOUT_MS = 1_500
SECONDS_MAX = 8
STALL_MS_MAX = 1_000
# Freed memory that a sanitizer keeps back counts as used.
SANITIZED_KIB_MAX = 64 * MEBIBYTE_KIB
PLAIN_KIB_MAX = 4 * MEBIBYTE_KIB
ENVIRONMENT = {"ASAN_OPTIONS": "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}

PROFILE = """provider: {provider}
title: A test
type: event
subject: [order]
request:
  method: POST
  encoding: raw
  content_type: text/plain
  body: {{required: true, example: x}}
  source: {{inferred: a test}}
fields:
  - {{name: order, sent: false, required: true, example: "1"}}
signature:
  header: X-Signature
  algorithm: hmac_sha256
  form: hex_lower
  canonical: {{text: "{{body}}"}}
  source: {{inferred: a test}}
acknowledgement: {{{rule}, source: {{inferred: a test}}}}
schedule: {{delays: [20s], retry_after: honour, retry_after_max: 60s, source: {{inferred: a test}}}}
"""
PROVIDERS = {"shop": "match: exact, text: OK", "ping": "match: status_only"}


class Heartbeat(threading.Thread):
    """Asks for the daemon's health without pause and knows the longest wait since it was last asked about it."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path = path
        self.stopping = threading.Event()
        self.longest_ms = 0.0

    def run(self):
        client = harness.Client(self.path)
        while not self.stopping.wait(0.003):
            started = time.monotonic()
            try:
                client.call("GET", "/healthz")
            except (OSError, http.client.HTTPException):
                continue
            self.longest_ms = max(self.longest_ms, (time.monotonic() - started) * 1000)

    def take_longest_ms(self):
        longest, self.longest_ms = self.longest_ms, 0.0
        return longest


class Honest(threading.Thread):
    """Notifies an honest merchant all the while."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.client = harness.Client(daemon.socket)
        self.stopping = threading.Event()
        self.identifiers = []
        self.failure = None

    def run(self):
        try:
            while not self.stopping.wait(0.05):
                self.identifiers.append(post(self.client, "shop", "honest", f"h{len(self.identifiers)}"))
        except Exception as trouble:  # shown by the test, which would otherwise miss nothing but notifications
            self.failure = trouble


class Memory:
    """The highest resident memory since the last look, above what was there then."""

    def __init__(self, process):
        self.process = process
        self.before = 0

    def start(self):
        with open(f"/proc/{self.process.pid}/clear_refs", "w", encoding="ascii") as peak:
            peak.write("5")
        self.before = self.read("VmRSS")

    def grown_kib(self):
        return self.read("VmHWM") - self.before

    def read(self, name):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(next(line for line in status if line.startswith(name)).split()[1])


def post(client, provider, merchant, order, body=0):
    document = {"provider": provider, "merchant": merchant, "fields": {"order": order}, "body": "x" * (body or 8)}
    if provider == "payindex":
        document = harness.notification(order, merchant)
    status, answer = client.call("POST", "/v1/notifications", document)
    assert status == 201, f"{merchant}: {status} {answer}"
    return answer["id"]


def attempted(client, identifier):
    status, record = client.call("GET", f"/v1/notifications/{identifier}")
    assert status == 200, record
    return record if record["attempt_list"] else None


def unix_ms(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1000 + int(text[20:23])


def is_harmless(text):
    """One line of what a terminal shows as it stands; ackctl's own line ends apart."""
    hidden = set(range(0x20)) | set(range(0x7F, 0xA0)) | {0xAD, 0x61C, 0xFEFF} | set(range(0x200B, 0x2010))
    hidden |= set(range(0x2028, 0x202F)) | set(range(0x2060, 0x2070)) | set(range(0xFFF0, 0xFFFC))
    return not any(ord(c) in hidden for c in text)


def is_sanitized(binary):
    with open(binary, "rb") as program:
        return b"__asan_init" in program.read()


class Trial:
    """The daemon, its receivers and those who watch it."""

    def __init__(self, options, folder):
        self.options = options
        tricks = {case.name: (case.trick, case.early) for case in CASES}
        self.receivers = Receivers(tricks | {"honest": (says(HONEST), False)})
        self.daemon = harness.Process(options.ackd, folder)
        self.write_profiles(folder)
        self.daemon.configure(self.merchants(folder))
        self.log_attempts(folder)
        self.daemon.start(environment=ENVIRONMENT)
        self.client = harness.Client(self.daemon.socket)
        self.memory = Memory(self.daemon.process)
        self.heartbeat = Heartbeat(self.daemon.socket)
        self.honest = Honest(self.daemon)
        self.failures = []
        self.wordy = []  # the notifications whose answers were made to harm their readers
        self.kib_max = SANITIZED_KIB_MAX if is_sanitized(options.ackd) else PLAIN_KIB_MAX

    @staticmethod
    def write_profiles(folder):
        for provider, rule in PROVIDERS.items():
            with open(f"{folder}/schedules/{provider}.yaml", "w", encoding="utf-8") as profile:
                profile.write(PROFILE.format(provider=provider, rule=rule))

    # At the level that has a line, with its reason, for each attempt.
    @staticmethod
    def log_attempts(folder):
        path = os.path.join(folder, "config.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert "log: {level: warning}" in text
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("log: {level: warning}", "log: {level: info}"))

    def merchants(self, folder):
        with open(os.open(f"{folder}/m.key", os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as key:
            key.write("0123456789abcdef\n")
        lines = [self.merchant("shop", "honest", "honest", "{}")]
        for index, case in enumerate(CASES):
            slow = case.end == "timeout" or "nothing" in case.name
            choices = ["charset: gbk"] if case.provider == "payindex" else []
            choices += [f"total_timeout: {SLOW_TIMEOUT_MS}ms"] if slow else []
            lines.append(self.merchant(case.provider, f"m{index}", case.name, f"{{{', '.join(choices)}}}"))
        return "merchants:\n" + "".join(lines)

    def merchant(self, provider, identifier, receiver, options):
        return (f'  - {{provider: {provider}, id: {identifier}, url: "{self.receivers.url(receiver)}", '
                f"key_file: m.key, options: {options}}}\n")

    def run(self):
        self.warm_up()
        self.heartbeat.start()
        self.honest.start()
        print(f"{'case':32} {'outcome':12} {'end':10} {'kept':4} {'KiB':>6} {'ms':>5} {'stall ms':>8}")
        for index, case in enumerate(CASES):
            self.try_case(index, case)
        self.honest.stopping.set()
        self.heartbeat.stopping.set()
        assert not self.failures, "\n".join(self.failures)
        self.check_honest()
        self.check_words()

    # What is allocated once, for the first notifications of a process, is not a case's.
    def warm_up(self):
        for number in range(50):
            identifier = post(self.client, "shop", "honest", f"warm-{number}", body=200_000 if number < 5 else 0)
            harness.wait_until(lambda each=identifier: attempted(self.client, each), 20, "the first ones are sent")

    def try_case(self, index, case):
        self.heartbeat.take_longest_ms()
        self.memory.start()
        identifier = post(self.client, case.provider, f"m{index}", "first", case.body)
        record = harness.wait_until(lambda: attempted(self.client, identifier), 30, f"{case.name}: an attempt")
        grown, stall = self.memory.grown_kib(), self.heartbeat.take_longest_ms()
        threading.Event().wait(case.pause)
        second = post(self.client, case.provider, f"m{index}", "second")
        after = harness.wait_until(lambda: attempted(self.client, second), 30, f"{case.name}: a second attempt")
        seen = self.receivers.seen(case.name)
        self.wordy += [identifier] if case in WORDS else []
        attempt = record["attempt_list"][0]
        kept = seen["reused"] > 0
        print(f"{case.name:32.32} {attempt['outcome']:12} {attempt['end']:10} {'yes' if kept else 'no':4} {grown:6} "
              f"{attempt['took_ms']:5} {stall:8.1f}", flush=True)
        self.check(case, f"outcome {attempt['outcome']}: {attempt['reason']}", attempt["outcome"] == case.outcome)
        self.check(case, f"end {attempt['end']}: {attempt['reason']}", attempt["end"] == case.end)
        self.check(case, f"the connection was {'kept' if kept else 'closed'}", kept == case.reused)
        self.check(case, f"{seen['requests']} requests", seen["requests"] == 2)
        self.check(case, f"{grown} KiB more", grown <= self.kib_max)
        self.check(case, f"took {attempt['took_ms']} ms", attempt["took_ms"] < SECONDS_MAX * 1000)
        self.check(case, f"the loop stood still for {stall:.0f} ms", stall < STALL_MS_MAX)
        self.check(case, "an honest answer afterwards", after["attempt_list"][0]["outcome"] == "acknowledged")
        self.check(case, f"is {record['state']}",
                   record["state"] == ("delivered" if case.outcome == "acknowledged" else "pending"))
        self.check(case, "a cookie came back", not any("cookie" in head.lower() for head in seen["heads"]))
        self.check(case, "the redirect was followed", not any("/again" in head for head in seen["heads"]))
        self.check_shown(case, record, attempt)

    def check(self, case, what, right):
        if not right:
            self.failures.append(f"{case.name}: {what}")

    def check_shown(self, case, record, attempt):
        self.check(case, f"a reason that can harm: {attempt['reason']!r}", is_harmless(attempt["reason"]))
        if case.excerpt is not None:
            self.check(case, f"the body is shown as {attempt['excerpt']!r}", attempt["excerpt"] == case.excerpt)
        if case.delay is not None:
            delay = (unix_ms(record["next"]["at"]) - unix_ms(attempt["ended_at"])) / 1000
            self.check(case, f"the next attempt is {delay} s later", abs(delay - case.delay) < 1)

    def check_honest(self):
        if self.honest.failure is not None:
            raise self.honest.failure
        took, late = [], []
        for identifier in self.honest.identifiers:
            record = harness.wait_until(lambda each=identifier: attempted(self.client, each), 30, "an honest attempt")
            assert record["state"] == "delivered", record
            attempt = record["attempt_list"][0]
            took.append(attempt["took_ms"])
            # The commit before it is the disk's, which others may keep busy.
            late.append(unix_ms(attempt["ended_at"]) - unix_ms(record["admitted_at"]))
        took.sort()
        print(f"{len(took)} honest ones beside them delivered, their attempts within {took[len(took) // 2]} ms (median) "
              f"and {took[-1]} ms (longest); from admission on, commit included, {max(late)} ms (longest)")
        assert took[-1] < SECONDS_MAX * 1000, "an honest merchant had to wait"

    # What a person reads about all of this, wherever: the API with curl, the log, ackctl.
    def check_words(self):
        for identifier in self.wordy:
            connection = harness.UnixConnection(self.daemon.socket)
            connection.request("GET", f"/v1/notifications/{identifier}")
            texts = [connection.getresponse().read().decode()]
            for verb in ("show", "why") if self.options.ackctl else ():
                told = subprocess.run([self.options.ackctl, "--socket", self.daemon.socket, verb, identifier],
                                      capture_output=True, check=True)
                texts.append(told.stdout.decode())
            for text in texts:
                assert all(is_harmless(line) for line in text.split("\n")), f"this would reach a terminal: {text!r}"
        with open(self.daemon.log, encoding="utf-8") as log:
            lines = log.read().split("\n")
        assert all(is_harmless(line) for line in lines), "the log would reach a terminal"
        assert len(lines) > len(CASES), "the log says nothing of the attempts"


def test(options, folder):
    trial = Trial(options, folder)
    try:
        trial.run()
        assert trial.daemon.stop() == 0, trial.daemon.tail()
    finally:
        trial.daemon.end()
        trial.receivers.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
