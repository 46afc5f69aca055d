"""How long things are, how headers begin, and whether clang-format would change anything."""
import re
import shutil
import subprocess

from source_tree import SourceTree, blank

# Tests tell one story after another: their files and cases may be longer than the code that they guard.
SOURCE_LINES_MAX = 400
HEADER_LINES_MAX = 200
TEST_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
TEST_FUNCTION_LINES_MAX = 100
COLUMNS_MAX = 120

PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$", re.M)
BRACE = re.compile(r"[{};]")
TYPE_OR_SCOPE = re.compile(
    r"(?:(?:public|private|protected)\s*:\s*)*(?:template\s*<.*>\s*)?(?:inline\s+)?"
    r"(?:namespace|class|struct|union|enum|extern)\b[^(]*$",
    re.DOTALL,
)


def opens_function(head):
    """Whether the text before a brace is a function's head: it has parameters, and is no type, scope or list of values."""
    head = head.strip()
    return "(" in head and not head.endswith(("=", "(", ",", "[")) and not TYPE_OR_SCOPE.match(head.split("(")[0])


def functions(source):
    """(first line, last line) of every outermost body with parameters; a lambda belongs to the function around it."""
    code = PREPROCESSOR.sub(blank, source.code)
    stack, head_start = [], 0
    for match in BRACE.finditer(code):
        if match[0] == "{":
            head = code[head_start:match.start()]
            inside = any(is_function for is_function, _ in stack)
            is_function = not inside and opens_function(head)
            stack.append((is_function, head_start + len(head) - len(head.lstrip())))
        elif match[0] == "}" and stack:
            is_function, start = stack.pop()
            if is_function:
                yield source.line_of(start), source.line_of(match.start())
        head_start = match.end()


def check_lengths(tree: SourceTree):
    for source in tree.sources:
        limit = HEADER_LINES_MAX if source.is_header else SOURCE_LINES_MAX
        limit = TEST_LINES_MAX if source.top == "tests" else limit
        if len(source.lines) > limit:
            yield source.path, limit, f"{len(source.lines)} lines, over {limit}: is there a second thing inside?"
        for number, line in enumerate(source.lines, 1):
            if len(line) > COLUMNS_MAX:
                yield source.path, number, f"{len(line)} columns, over {COLUMNS_MAX}"


def check_functions(tree: SourceTree):
    for source in tree.sources:
        limit = TEST_FUNCTION_LINES_MAX if source.top == "tests" else FUNCTION_LINES_MAX
        for first, last in functions(source):
            if last - first + 1 > limit:
                yield source.path, first, f"a function of {last - first + 1} lines, over {limit}"


def check_headers(tree: SourceTree):
    for source in tree.sources:
        if not source.is_header:
            continue
        if not source.text.startswith("//"):
            yield source.path, 1, "a header begins with a comment that says what it is for"
        if "#pragma once" not in source.lines:
            yield source.path, 1, "a header needs #pragma once"


def check_format(tree: SourceTree):
    paths = [source.path for source in tree.sources]
    if not paths or shutil.which("clang-format") is None:
        return
    command = ["clang-format", "--dry-run", "--fcolor-diagnostics=0", *paths]
    result = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)
    seen = set()
    for match in re.finditer(r"^(\S+?):(\d+):\d+: (?:warning|error): ", result.stderr, re.M):
        if match[1] not in seen:
            seen.add(match[1])
            yield match[1], int(match[2]), "clang-format would change this; run clang-format -i"
    if result.returncode != 0 and not seen:
        yield paths[0], 1, "clang-format failed: " + result.stderr.strip()[:200]
