"""Calls and words that may not stand in the code, and what may stand at the top of the tree."""
import re
from dataclasses import dataclass

from source_tree import SourceTree

OURS = ("lib/", "daemon/")
EVERYWHERE = ("lib/", "daemon/", "tests/")


@dataclass(frozen=True)
class Forbidden:
    what: str
    pattern: str
    under: tuple
    why: str
    allowed: tuple = ()  # paths, by their beginning


FORBIDDEN = [
    Forbidden("a clock", r"\bclock_gettime\b|\bgettimeofday\b|_clock::now\b|\buv_(?:now|hrtime)\b|(?<![\w.>:])(?:std::|::)?time\s*\((?:nullptr|NULL|0|&)",
              OURS, "time comes from base/clock.h, or the simulator does not rule it", ("lib/loop/uv_",)),
    Forbidden("randomness", r"\brandom_device\b|\bmt19937(?:_64)?\b|(?<![\w.>:])(?:std::|::)?(?:s?rand|s?random)\s*\(",
              OURS, "randomness comes from base/rng.h, or a seed does not reproduce", ("lib/loop/system_rng.cc",)),
    Forbidden("randomness", r"\brandom_device\b|(?<![\w.>:])(?:std::|::)?s?rand\s*\(",
              ("tests/",), "a test that cannot be repeated; use an engine with a fixed seed"),
    Forbidden("the environment", r"\b(?:secure_)?getenv\b", OURS, "settings come from the configuration file",
              ("lib/loop/", "daemon/ackctl/terminal.cc")),
    Forbidden("sleeping", r"\b(?:u|nano)?sleep\s*\(|\bsleep_for\b|\bsleep_until\b|\bclock_nanosleep\b",
              EVERYWHERE, "wait for the thing itself: poll a condition with a deadline, or use virtual time"),
    Forbidden("shared ownership", r"\bshared_ptr\b|\bmake_shared\b", EVERYWHERE, "one owner, who outlives the borrowers",
              ("lib/events/spdlog_",)),  # spdlog's own interface takes its sinks so
    Forbidden("exceptions", r"\bthrow\b|\btry\b\s*\{|\bcatch\s*\(", ("lib/",),
              "nothing in lib/ throws; a library's exceptions stop in its adapter",
              ("lib/profile/yaml_document.cc",)),
    Forbidden("printing", r"\bstd::(?:cout|cerr|clog)\b|\bf?printf\s*\(|\bfmt::print\b", ("lib/",),
              "lib/ speaks through results and events", ("lib/base/check.cc",)),
    Forbidden("code that is switched off", r"^\s*#\s*if\s+0\b", EVERYWHERE, "history is in git"),
]


def check_calls(tree: SourceTree):
    for rule in FORBIDDEN:
        pattern = re.compile(rule.pattern, re.M)
        for source in tree.sources:
            if not source.path.startswith(rule.under) or (rule.allowed and source.path.startswith(rule.allowed)):
                continue
            for match in pattern.finditer(source.code):
                yield source.path, source.line_of(match.start()), f"{rule.what}: {match[0].strip()}; {rule.why}"


def check_providers(tree: SourceTree):
    """A provider is data: no C++ knows one by name."""
    names = [path[len("schedules/"):-len(".yaml")] for path in tree.paths
             if path.startswith("schedules/") and path.endswith(".yaml")]
    if not names:
        return
    pattern = re.compile("|".join(map(re.escape, names)), re.I)
    for source in tree.sources:
        if not source.path.startswith(OURS):
            continue
        for match in pattern.finditer(source.text):
            yield source.path, source.line_of(match.start()), f"{match[0]} is a provider: it belongs into schedules/ only"


# Put together here so that this file does not find itself.
UNFINISHED = re.compile(r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
# A home, or a folder that exists on one machine only.
WORKPLACE = re.compile(r"(?<![\w./}$-])/(?:" + "|".join(["wo" + "rk", "fa" + "rm", "ro" + "ot", "ho" + "me", "Us" + "ers"]) + r")/\w")


def check_unfinished(tree: SourceTree):
    for text in tree.texts:
        if text.path.startswith("LICENSE"):
            continue
        for match in UNFINISHED.finditer(text.text):
            yield text.path, text.line_of(match.start()), f"{match[0]}: do it, or open an issue"


def check_workplace(tree: SourceTree):
    for text in tree.texts:
        for match in WORKPLACE.finditer(text.text):
            yield text.path, text.line_of(match.start()), f"a path of one machine: {match[0]}..."


TOP = {"CMakeLists.txt", "CMakePresets.json", "daemon", "lib", "schedules", "config.yaml.example", "tests", "packaging",
       "README.md", "LICENSE", "CHANGELOG.md"}


def check_top(tree: SourceTree):
    for name in sorted({path.split("/")[0] for path in tree.paths}):
        if name not in TOP and not name.startswith("."):
            yield name, 1, "the top level holds only what tests/tidy/words.py lists"
