"""The files that tidy looks at, read once, with a copy in which comments and literals are blank."""
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# Comments, string and character literals; raw strings first, because they may hold quotes.
# A quote behind a digit or letter separates digits (10'000) and opens nothing.
LITERAL = re.compile(
    r'R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Za-z_])\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL,
)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def blank(match):
    """The same number of lines and columns, so that positions in the code are positions in the file."""
    return re.sub(r"[^\n]", " ", match.group(0))


@dataclass(frozen=True)
class Include:
    line: int
    name: str
    is_ours: bool  # in quotes


class SourceFile:
    def __init__(self, root, path):
        self.path = path  # relative to the root, with slashes
        self.text = (root / path).read_text(encoding="utf-8", errors="replace")

    @property
    def top(self):
        return self.path.split("/")[0]

    @property
    def is_header(self):
        return self.path.endswith(".h")

    @cached_property
    def lines(self):
        return self.text.splitlines()

    @cached_property
    def code(self):
        return LITERAL.sub(blank, self.text)

    @cached_property
    def includes(self):
        found = []
        for match in INCLUDE.finditer(self.text):
            line = self.text.count("\n", 0, match.start(2)) + 1
            found.append(Include(line, match[2], match[1] == '"'))
        return found

    def line_of(self, position):
        return self.text.count("\n", 0, position) + 1


class SourceTree:
    """Everything under version control, or about to be: build trees and what .gitignore names are left out."""

    def __init__(self, root):
        self.root = Path(root)
        self.paths = sorted(self._listed())
        self.sources = [SourceFile(self.root, path) for path in self.paths if path.endswith((".cc", ".h"))]
        self.texts = [SourceFile(self.root, path) for path in self.paths if self._is_text(path)]

    def _listed(self):
        names = self._listed_by_git()
        if names is None:  # an exported tree, or a machine without git
            names = [str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()]
            names = [name for name in names if not name.startswith(("build/", ".git/"))]
        return [name for name in names if (self.root / name).is_file()]

    def _listed_by_git(self):
        if shutil.which("git") is None:
            return None
        command = ["git", "-C", str(self.root), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        return [name for name in result.stdout.split("\0") if name] if result.returncode == 0 else None

    def _is_text(self, path):
        return b"\0" not in (self.root / path).read_bytes()[:8192]
