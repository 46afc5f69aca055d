"""Which lines and branches of lib/ the tests have reached: coverage.py BUILD PROFILES

BUILD is the build folder of the coverage preset, PROFILES the folder where its programs have left what they counted. A
line for each folder of lib/, then the files below the goals with the lines that nothing reached.
"""
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

LINES_GOAL = 90.0
BRANCHES_GOAL = 80.0


@dataclass
class Reach:
    """How much there is, how much of it was reached, and the ranges of lines that were not."""

    lines: int = 0
    lines_reached: int = 0
    branches: int = 0
    branches_reached: int = 0
    missed: list = field(default_factory=list)

    def add(self, other):
        self.lines += other.lines
        self.lines_reached += other.lines_reached
        self.branches += other.branches
        self.branches_reached += other.branches_reached

    def lines_percent(self):
        return 100.0 * self.lines_reached / self.lines if self.lines else 100.0

    def branches_percent(self):
        return 100.0 * self.branches_reached / self.branches if self.branches else 100.0

    def falls_short(self):
        return self.lines_percent() < LINES_GOAL or self.branches_percent() < BRANCHES_GOAL


def missed_ranges(segments):
    """The ranges of lines that were counted zero times; a segment counts from its own start to that of the next."""
    ranges = []
    for (line, _, count, has_count, *_), (end, end_column, *_) in zip(segments, segments[1:]):
        if not has_count or count:
            continue
        last = end - 1 if end_column == 1 and end > line else end
        if ranges and line <= ranges[-1][1] + 1:
            ranges[-1][1] = max(ranges[-1][1], last)
        else:
            ranges.append([line, last])
    return ranges


def reach_of(file):
    summary = file["summary"]
    return Reach(summary["lines"]["count"], summary["lines"]["covered"], summary["branches"]["count"],
                 summary["branches"]["covered"], missed_ranges(file["segments"]))


def exported(build, profiles):
    """What llvm-cov has to say about every program of the build; the library is linked into each of them."""
    merged = profiles / "merged.profdata"
    counted = sorted(str(path) for path in profiles.glob("*.profraw"))
    subprocess.run(["llvm-profdata", "merge", "-sparse", "-o", merged, *counted], check=True)
    programs = [path for pattern in ("tests/ackd_test_*", "tests/*/ackd_*", "daemon/*/ack*") for path in build.glob(pattern)
                if path.is_file() and path.stat().st_mode & 0o100]
    objects = [argument for program in programs[1:] for argument in ("-object", program)]
    answer = subprocess.run(["llvm-cov", "export", "-instr-profile", merged, programs[0], *objects], check=True,
                            stdout=subprocess.PIPE)
    return json.loads(answer.stdout)["data"][0]["files"]


def shown(name, reach):
    return (f"{name:<44}{reach.lines_reached:>7}/{reach.lines:<7}{reach.lines_percent():>6.1f} %"
            f"{reach.branches_reached:>8}/{reach.branches:<7}{reach.branches_percent():>6.1f} %")


def spans(ranges):
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def main(build, profiles):
    root = Path(__file__).resolve().parent.parent / "lib"
    files = {}
    for file in exported(Path(build), Path(profiles)):
        path = (Path(build) / file["filename"]).resolve()  # a compiler cache makes it relative
        if path.is_relative_to(root):
            files[path.relative_to(root)] = reach_of(file)
    folders, whole = {}, Reach()
    for path, reach in files.items():
        folders.setdefault(path.parts[0], Reach()).add(reach)
        whole.add(reach)
    print(f"\n{'':<44}{'lines':>12}{'':>12}{'branches':>14}")
    for name, reach in sorted(folders.items()):
        print(shown(f"lib/{name}", reach))
    print("\nBelow the goals, with the lines that nothing reached:")
    for path, reach in sorted(files.items(), key=lambda each: each[1].lines_percent()):
        if reach.falls_short():
            print(shown(f"lib/{path}", reach), f" {spans(reach.missed)}")
    print(f"\n{shown('lib', whole)}   goals {LINES_GOAL:.0f} % of lines, {BRANCHES_GOAL:.0f} % of branches")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
