"""The frame of all measurements: what a row is, how it is repeated, judged, printed and kept.

A row measures ackd and its reference side by side, once a round, and gives ratios. Only ratios mean anything on another
machine, and the median of the rounds stands for the row.
"""

import contextlib
import dataclasses
import json
import os
import platform
import signal
import statistics
import subprocess
import time

# Notifications a second that are posted even on a machine that others use; quiet, it is ten times as many.
SLOWEST_FILLING = 4_000

ROWS = {}  # name -> Row, in the order in which they are printed


@dataclasses.dataclass(frozen=True)
class Goal:
    bound: float
    at_least: bool

    def __str__(self):
        return f"{'>=' if self.at_least else '<='} {self.bound:g}"

    def met(self, value):
        return value >= self.bound if self.at_least else value <= self.bound


def at_least(bound):
    return Goal(bound, True)


def at_most(bound):
    return Goal(bound, False)


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    title: str
    goals: dict  # name of a figure -> Goal; other figures are printed beside
    measure: object  # a generator of one dictionary of figures a round
    quick: bool  # whether --quick measures it
    limit_s: int  # beside the time for filling a large outbox
    by_name: bool  # measured only when it is named


def row(name, title, quick=True, limit_s=600, by_name=False, **goals):
    """Makes a row of a generator function of a Bench; a figure's name has blanks where the goal's has underscores."""

    def register(measure):
        named = {figure.replace("_", " "): goal for figure, goal in goals.items()}
        ROWS[name] = Row(name, title, named, measure, quick, limit_s, by_name)
        return measure

    return register


class OverTime(Exception):
    pass


@contextlib.contextmanager
def within(seconds):
    """Raises OverTime inside the block when it takes longer."""

    def ring(*_):
        raise OverTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def cpu_model():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        return next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), platform.machine())


def machine(versions):
    """What the figures were measured on."""
    return {"cpu": cpu_model(), "cores": os.cpu_count(), "kernel": platform.release(),
            "load": round(os.getloadavg()[0], 1), "versions": versions}


def output_of(*command, seconds=300):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=seconds)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def gather(its_row, bench):
    """Measures a row: what is kept of it. A row that fails or takes too long says so in place of figures."""
    rounds, trouble, load = [], "", os.getloadavg()[0]
    begun = time.monotonic()
    limit_s = its_row.limit_s + round(bench.backlog / SLOWEST_FILLING)
    try:
        with within(limit_s):
            for figures in its_row.measure(bench):
                rounds.append(figures)
    except OverTime:
        trouble = f"ended after {limit_s} s"
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        trouble = str(error) or type(error).__name__
    names = rounds[0] if rounds else {}
    return {
        "title": its_row.title,
        "quick": bench.quick,
        "rounds": len(rounds),
        "seconds": round(time.monotonic() - begun),
        "load": round(load, 1),
        **({"trouble": trouble} if trouble else {}),
        "figures": {name: figure_of([each[name] for each in rounds], its_row.goals.get(name)) for name in names},
    }


def figure_of(values, goal):
    kept = {"median": significant(statistics.median(values)), "least": significant(min(values)),
            "most": significant(max(values))}
    if goal is not None:
        kept.update(goal=str(goal), met=goal.met(kept["median"]))
    return kept


def significant(value):
    """Three digits; more would only be noise."""
    return float(f"{value:.3g}") if value < 1000 else round(value)


def show_machine(about):
    print(f"{about['cpu']}, {about['cores']} cores, Linux {about['kernel']}, load {about['load']}")
    print(", ".join(f"{name} {version}" for name, version in about["versions"].items()))
    print(f"{'row and figure':46} {'median':>9} {'least':>9} {'most':>9}  {'goal':9} {'':6} {'committed':>9}", flush=True)


def show(name, result, committed):
    """One row of the table, with the committed medians beside."""
    print(f"{name}: {result['title']} [{result['rounds']} rounds, {result['seconds']} s, load {result['load']}]")
    if "trouble" in result:
        print(f"  NOT COMPLETE: {result['trouble']}")
    before = committed.get(name, {}).get("figures", {})
    for figure, kept in result["figures"].items():
        verdict = {True: "met", False: "MISSED"}.get(kept.get("met"), "")
        beside = before.get(figure, {}).get("median")
        print(f"  {figure:44} {kept['median']:9,} {kept['least']:9,} {kept['most']:9,}  {kept.get('goal', ''):9} "
              f"{verdict:6} {'' if beside is None else f'{beside:,}':>9}", flush=True)


def read_figures(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)["rows"]
    except FileNotFoundError:
        return {}


def write_figures(path, about, rows):
    """Rows of an earlier run that this one did not measure stay as they are."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"machine": about, "rows": rows}, file, indent=1, ensure_ascii=False)
        file.write("\n")
