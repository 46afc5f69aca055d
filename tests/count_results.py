"""Counts test cases in the JUnit files that ctest wrote, prints a line a suite, and closes with "N passed, N failed".

A CTest test is a suite of many cases. Its own summary says how many: doctest's "[doctest] test cases: ..." line, or a
line "N passed, N failed" with ", N skipped" behind it where something was. A suite without such a line is one case.
Where ctest and the summary disagree (a crash after the summary, a hang, a sanitizer's report), it counts as failed.
A line "skipped: why" in a suite's output gives the reason for what it skipped.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

DOCTEST = re.compile(r"^\[doctest\] test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed(?:\s*\|\s*(\d+) skipped)?", re.M)
OWN = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
REASON = re.compile(r"^skipped: (.+)$", re.M)


@dataclass
class Suite:
    name: str
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: list = field(default_factory=list)
    trouble: str = ""


def counted(suite, output):
    """Adds up every summary in the output; False if there is none."""
    found = False
    for match in DOCTEST.finditer(output):
        found = True
        suite.passed += int(match[2])
        suite.failed += int(match[3])
        suite.skipped += int(match[4] or 0)
    for match in OWN.finditer(output):
        found = True
        suite.passed += int(match[1])
        suite.failed += int(match[2])
        suite.skipped += int(match[3] or 0)
    return found


def suite_of(case):
    suite = Suite(case.get("name"), float(case.get("time") or 0))
    output = case.findtext("system-out") or ""
    suite.reasons = REASON.findall(output)
    status = case.get("status")
    skipped = case.find("skipped")
    if skipped is not None or status in ("notrun", "disabled"):
        message = (skipped.get("message") if skipped is not None else "") or status
        # Only what a suite asked for is a skip; a program that is missing is a failure.
        if message.startswith("SKIP_") or status == "disabled":
            suite.skipped = 1
            suite.reasons = suite.reasons or [message]
        else:
            suite.failed, suite.trouble = 1, message
        return suite
    has_summary = counted(suite, output)
    if status != "run":
        failure = case.find("failure")
        if suite.failed == 0:
            suite.failed = 1
            suite.trouble = (failure.get("message") if failure is not None else "") or "failed without a failed case"
    elif not has_summary:
        suite.passed = 1
    elif suite.passed + suite.failed + suite.skipped == 0:
        suite.failed, suite.trouble = 1, "no test case ran"
    return suite


def suites_of(path):
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        return [Suite(str(path), 0, failed=1, trouble=f"no results: {error}")]
    return [suite_of(case) for case in root.iter("testcase")]


def print_suite(suite, label):
    line = f"{label + suite.name:<32}{suite.passed:>6} passed{suite.failed:>6} failed"
    line += f"{suite.skipped:>6} skipped" if suite.skipped else ""
    print(f"{line}  {suite.seconds:8.1f} s" + (f"  {suite.trouble}" if suite.trouble else ""))


def main(paths):
    everything = []
    print()
    for path in paths:
        label = f"{Path(path).parent.name}/" if len(paths) > 1 else ""
        suites = suites_of(path)
        everything += suites
        for suite in sorted(suites, key=lambda each: each.name):
            print_suite(suite, label)
    passed = sum(suite.passed for suite in everything)
    failed = sum(suite.failed for suite in everything)
    skipped = sum(suite.skipped for suite in everything)
    print()
    if skipped:
        reasons = [f"{suite.name}: {'; '.join(suite.reasons) or 'no reason given'}" for suite in everything if suite.skipped]
        print(f"{skipped} skipped ({', '.join(reasons)})")
    if passed + failed == 0:
        print("tests/run: no test ran", file=sys.stderr)
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
