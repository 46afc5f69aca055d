#!/usr/bin/env python3
"""The system's clock is stepped under load, and set back over a restart: nothing early, no storm, nothing exhausted.

The daemon is one of the tests' own, whose wall clock is wrong by what the test says while it runs; the monotonic clocks
stay true, as they do on a real machine. The oracle, whose clock nobody touches, measures the spacing.
"""

import contextlib
import datetime
import mmap
import os
import random
import struct
import subprocess
import threading

import findings
import harness
import oracle

YEARS_10 = 10 * 365 * 86_400
# Steps from the true time in seconds, and times of their own; always seen from a clock that is off by the one before.
STEPS = [3600, 0, -3600, YEARS_10, "1970-01-02 00:00:00", "2038-01-19 03:14:00", "2038-01-20 00:00:00", 0]
STEP_MIN_S = 60
WINDOW = 16


class Clock:
    """The wall clock of the daemon, which has this file mapped: how far it is off."""

    def __init__(self, folder):
        path = os.path.join(folder, "clock")
        with open(path, "w+b") as file:
            file.truncate(mmap.PAGESIZE)
            self.words = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.environment = {"ACKD_TEST_CLOCK": path}

    def set(self, step):
        struct.pack_into("q", self.words, 0, int(off_by(step) * 1e9))


def off_by(step):
    if isinstance(step, str):
        meant = datetime.datetime.fromisoformat(step).replace(tzinfo=datetime.timezone.utc)
        return (meant - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    return step


class Scene:
    def __init__(self, options, folder, truth):
        self.options = options
        self.truth = truth
        self.clock = Clock(folder)
        self.daemon = harness.Daemon(options.ackd, folder, [truth.merchant("thirds", options.seed)] * 3,
                                     extra=f"delivery: {{lane_window: {WINDOW // 3}}}\n")
        self.steps = 0
        self.start()

    def start(self, expected="/readyz"):
        self.daemon.start(environment=self.clock.environment, expected=expected)
        self.client = harness.Client(self.daemon.socket)

    def engine(self):
        return self.client.call("GET", "/v1/stats")[1]["engine"]

    def step(self, step):
        """Work goes on over it, and it is told: as a figure for as long as it is there, and in the log once."""
        self.clock.set(step)
        told = abs(off_by(step)) > STEP_MIN_S
        self.steps += told
        harness.wait_until(lambda: abs(self.engine()["clock_offset_ms"] / 1000 - off_by(step)) < STEP_MIN_S, 20,
                           f"a step to {step} is seen")
        for _ in range(2):  # what was under way, and then what came after it
            arrived = self.truth.figures()["arrived"]
            harness.wait_until(lambda before=arrived: self.truth.figures()["arrived"] > before + 20, 30,
                               f"sending goes on after a step to {step}")
        assert abs(oracle.metrics(self.daemon)["ackd_clock_offset_seconds"]) > STEP_MIN_S or not told
        assert not self.engine()["clock_held"], "a step must not stop sending"
        assert self.log_lines("clock_stepped") == self.steps, self.daemon.tail()

    def log_lines(self, event):
        with open(self.daemon.log, encoding="utf-8") as log:
            return sum(f" {event} " in line for line in log)

    def confirm(self):
        subprocess.run([self.options.ackctl, "clock", "confirm", "--socket", self.daemon.socket], check=True, timeout=60,
                       stdout=subprocess.DEVNULL)

    def verdict(self):
        verdict = self.truth.verdict(self.daemon, crashes=0)
        assert verdict.figures["delivered"] == verdict.figures["accepted"], verdict
        assert verdict.figures["most_at_once"] <= WINDOW, f"a storm: {verdict.figures}"
        assert verdict.figures["second_acknowledgements"] == 0, verdict
        return verdict


@contextlib.contextmanager
def scene(options, folder):
    with oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        there = Scene(options, folder, truth)
        try:
            yield there
        finally:
            there.daemon.end()


def try_steps(options, folder, found):
    with found.case("F1 stepped under load") as show, scene(options, folder) as there:
        there.truth.post(there.daemon.socket, options.seed, merchants_count=3)
        steps = list(STEPS)
        if os.environ.get("ACKD_LONG"):
            chooser = random.Random(options.seed)
            steps += [chooser.randint(-YEARS_10, YEARS_10) for _ in range(200)] + [0]
        for step in steps:
            there.step(step)
        verdict = there.verdict()
        assert there.daemon.stop() == 0, there.daemon.tail()
        show("", "", f", {len(steps)} times: {verdict.figures['arrived']} sends")
        print(verdict, flush=True)


def try_confirmed(options, folder, found):
    """A step that is right, and a start with a clock that is behind the record."""
    with scene(options, folder) as there:
        with found.case("F1 a step is confirmed") as show:
            there.truth.post(there.daemon.socket, options.seed, merchants_count=3)
            there.step(3600)
            there.verdict()  # nothing is under way that the confirmation could hasten
            there.confirm()
            assert abs(there.engine()["clock_offset_ms"]) < 2_000, there.engine()
            there.truth.post(there.daemon.socket, options.seed + 1, merchants_count=3, count=50)
            verdict = there.verdict()
            assert there.daemon.stop() == 0, there.daemon.tail()
            show("", "", f": {verdict.figures['arrived']} sends")
        with found.case("F2 started behind the newest record") as show:
            there.clock.set(0)
            there.start("/healthz")
            arrived = check_held(there, options)
            there.confirm()
            assert not there.engine()["clock_held"]
            verdict = there.verdict()
            assert there.daemon.stop() == 0, there.daemon.tail()
            show("", "", f": {verdict.figures['arrived'] - arrived} sends after the confirmation")


def check_held(there, options):
    """Accepts and sends nothing, and says why; how much had arrived before."""
    figures = there.truth.figures()
    assert not there.daemon.is_ready(), "ready, and it would send nothing"
    assert there.engine()["clock_held"] and oracle.metrics(there.daemon)["ackd_clock_held"] == 1
    assert there.log_lines("clock_behind_record") == 1, there.daemon.tail()
    there.truth.post(there.daemon.socket, options.seed + 2, merchants_count=3, count=200)
    harness.wait_until(lambda: there.truth.figures()["accepted"] == figures["accepted"] + 200, 30, "it accepts")
    threading.Event().wait(0.5)  # in which nothing may happen
    assert there.truth.figures()["arrived"] == figures["arrived"], "it was sent under a clock that nobody confirmed"
    stats = subprocess.run([there.options.ackctl, "stats", "--socket", there.daemon.socket], check=True, timeout=60,
                           capture_output=True, text=True).stdout
    assert "clock" in stats, stats
    return figures["arrived"]


def test(options, folder):
    found = findings.Findings()
    for part, own in findings.each_in_its_folder((try_steps, try_confirmed), folder):
        part(options, own, found)
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
