"""What counts as passed, failed and skipped, from results as ctest writes them."""
import contextlib
import io
import tempfile
from pathlib import Path

from count_results import main

DOCTEST = "[doctest] test cases: {} | {} passed | {} failed | {} skipped"
CRASH = '<failure message="SEGFAULT"/>'

# (what, attributes, elements and output, closing line, exit status)
CASES = [
    ("a doctest program counts its cases", "run", "", DOCTEST.format(7, 7, 0, 0), "7 passed, 0 failed", 0),
    ("failed cases are counted", "fail", '<failure message=""/>', DOCTEST.format(7, 5, 2, 0), "5 passed, 2 failed", 1),
    ("a crash without a summary is one failure", "fail", CRASH, "half a line", "0 passed, 1 failed", 1),
    ("a crash after a good summary is a failure too", "fail", CRASH, DOCTEST.format(7, 7, 0, 0), "7 passed, 1 failed", 1),
    ("a hang is a failure", "fail", '<failure message="Timeout"/>', "", "0 passed, 1 failed", 1),
    ("a program that was not built is a failure", "notrun", '<skipped message="Unable to find executable"/>', "",
     "0 passed, 1 failed", 1),
    ("a doctest program without cases is a failure", "run", "", DOCTEST.format(0, 0, 0, 0), "0 passed, 1 failed", 1),
    ("a program without a summary is one case", "run", "", "all is well", "1 passed, 0 failed", 0),
    ("a script's own closing line counts", "run", "", "12 passed, 0 failed, 3 skipped\nskipped: no disk",
     "12 passed, 0 failed", 0),
    ("only skips is not a success", "notrun", '<skipped message="SKIP_RETURN_CODE=77"/>', "skipped: no root",
     "0 passed, 0 failed", 1),
]


def counted(xml):
    with tempfile.TemporaryDirectory(prefix="ackd-count-") as folder:
        path = Path(folder) / "results.xml"
        if xml is not None:
            path.write_text(xml, encoding="utf-8")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            status = main([str(path)])
    return status, printed.getvalue().splitlines()


def case_xml(status, elements, output):
    return f'<testcase name="suite" time="1" status="{status}">{elements}<system-out>{output}</system-out></testcase>'


def troubles():
    for what, status, elements, output, closing, exit_status in CASES:
        got_status, lines = counted(f"<testsuite>{case_xml(status, elements, output)}</testsuite>")
        if lines[-1] != closing or got_status != exit_status:
            yield f"{what}: expected '{closing}' and {exit_status}, got '{lines[-1]}' and {got_status}"
    for what, xml in (("no file", None), ("half a file", "<testsuite><testcase"), ("no tests", "<testsuite/>")):
        status, lines = counted(xml)
        if status == 0 or not lines[-1].startswith("0 passed, "):
            yield f"{what} must not be a success: {lines}"
    status, lines = counted(f"<testsuite>{case_xml('run', '', '1 passed, 0 failed, 1 skipped')}</testsuite>")
    if "1 skipped" not in lines[-2] or "no reason given" not in lines[-2]:
        yield f"skips stand on the line before the last: {lines}"


if __name__ == "__main__":
    found = list(troubles())
    for trouble in found:
        print(trouble)
    total = len(CASES) + 4
    # Not in the form that is counted, because it would count what it prints about others.
    print(f"{total - len(found)} of {total} expectations held")
    raise SystemExit(1 if found else 0)
