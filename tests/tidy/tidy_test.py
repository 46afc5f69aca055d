"""Plants a breach of every rule in a small clean tree: each must be found, by its rule alone, where it stands.

A check that cannot fail is worth nothing. What looks like a breach and is none stands in the clean tree.
"""
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tidy import RULES, breaches

CLEAN = {
    "CMakeLists.txt": "project(ackd)\n",
    "schedules/examplepay.yaml": "provider: examplepay\n",
    "tests/run": "#!/usr/bin/env bash\n",
    "lib/base/result.h": "// What may fail.\n#pragma once\n",
    "lib/base/look_alikes.cc": """\
#include "base/result.h"

#include <string>

namespace ackd {
namespace {

// A comment may say: throw, try { }, std::shared_ptr, getenv, sleep_for, time(nullptr).
constexpr const char* kText = "std::shared_ptr and throw and rand() in a literal";
constexpr const char* kRaw = R"(getenv(" // clock_gettime)";
constexpr int kLarge = 10'000'000;

struct Row {
  long time(int column) const { return column; }
};

long first(const Row& row) {
  return row.time(0);
}

}  // namespace
}  // namespace ackd
""",
    "lib/model/ids.h": '// Names of things.\n#pragma once\n\n#include "base/result.h"\n',
    "lib/profile/profile.h": '// A protocol.\n#pragma once\n\n#include "model/ids.h"\n',
    "lib/outbox/outbox.h": '// A contract.\n#pragma once\n\n#include "model/ids.h"\n',
    "lib/outbox/queries.h": '// A contract.\n#pragma once\n\n#include "outbox/outbox.h"\n',
    "lib/outbox/sqlite_outbox.cc": '#include <sqlite3.h>\n\n#include "outbox/outbox.h"\n',
    "lib/engine/engine.cc": '#include "outbox/outbox.h"\n#include "profile/profile.h"\n',
    "lib/transport/curl_transport.cc": '#include <curl/curl.h>\n\n#include "loop/uv_loop.h"\n',
    "lib/loop/uv_loop.h": "// The loop.\n#pragma once\n",
    "lib/loop/uv_clock.cc": "#include <time.h>\n\nint read(timespec* at) {\n  return clock_gettime(0, at);\n}\n",
    "daemon/ackd.cc": '#include "engine/engine.h"\n\nint main() {\n  return 0;\n}\n',
}


def lines(count, line="int f();\n"):
    return line * count


def function(count):
    return "int f(int x) {\n" + lines(count - 2, "  ++x;\n") + "}\n"


# (the rule's name begins with, path, text): the text replaces the file or makes it.
PLANTED = [
    ("a folder includes", "lib/base/low.cc", '#include "model/ids.h"\n'),
    ("a folder includes", "lib/policy/side.cc", '#include "crypto/digest.h"\n'),
    ("a folder includes", "lib/engine/adapter.cc", '#include "outbox/sqlite_outbox.h"\n'),
    ("a folder includes", "lib/outbox/outbox.h", '// A contract.\n#pragma once\n\n#include "outbox/sqlite_schema.h"\n'),
    ("a folder includes", "lib/profile/contract.cc", '#include "engine/engine.h"\n'),
    ("a folder includes", "lib/http/server.cc", '#include "outbox/sqlite_outbox.h"\n'),
    ("a folder includes", "lib/engine/top.cc", '#include "ackctl/verb.h"\n'),
    ("a folder includes", "lib/stray/thing.cc", "int f();\n"),
    ("a library's headers", "lib/engine/store.cc", "#include <sqlite3.h>\n"),
    ("a library's headers", "lib/outbox/owner_lock.cc", "#include <sqlite3.h>\n"),
    ("a library's headers", "lib/policy/digest.cc", "#include <openssl/evp.h>\n"),
    ("a library's headers", "lib/profile/json.cc", "#include <nlohmann/json.hpp>\n"),
    ("a library's headers", "daemon/ackd.cc", "#include <yaml-cpp/yaml.h>\n"),
    ("no file includes itself", "lib/base/result.h", '// May fail.\n#pragma once\n\n#include "base/result.h"\n'),
    ("files and lines", "lib/base/long.cc", lines(401)),
    ("files and lines", "lib/base/long.h", "// Long.\n#pragma once\n" + lines(199)),
    ("files and lines", "tests/base/long_test.cc", lines(601)),
    ("files and lines", "lib/base/wide.cc", "// " + "x" * 118 + "\n"),
    ("functions stay short", "lib/base/function.cc", "namespace ackd {\n\n" + function(71) + "\n}  // namespace ackd\n"),
    ("functions stay short", "lib/base/generic.cc", "template <class T>\n" + function(70)),
    ("functions stay short", "lib/base/member.cc", "struct S {\n  int f(int x) const {\n" + lines(69, "    ++x;\n") + "  }\n};\n"),
    ("functions stay short", "tests/base/case_test.cc", 'TEST_CASE("long") {\n' + lines(99, "  ++x;\n") + "}\n"),
    ("headers begin", "lib/base/bare.h", "#pragma once\n"),
    ("headers begin", "lib/base/twice.h", "// No guard.\n"),
    ("clang-format", "lib/base/crooked.cc", "int  f( );\n"),
    ("calls stay", "lib/engine/clock.cc", "long f() {\n  return std::chrono::steady_clock::now();\n}\n"),
    ("calls stay", "lib/engine/clock.cc", "long f() {\n  return time(nullptr);\n}\n"),
    ("calls stay", "lib/engine/clock.cc", "int f(timespec* at) {\n  return clock_gettime(0, at);\n}\n"),
    ("calls stay", "daemon/clock.cc", "int f(timeval* at) {\n  return gettimeofday(at, nullptr);\n}\n"),
    ("calls stay", "lib/engine/chance.cc", "int f() {\n  return rand();\n}\n"),
    ("calls stay", "lib/engine/chance.cc", "std::mt19937_64 generator(7);\n"),
    ("calls stay", "tests/engine/chance_test.cc", "std::random_device device;\n"),
    ("calls stay", "lib/config/home.cc", 'const char* f() {\n  return getenv("HOME");\n}\n'),
    ("calls stay", "tests/engine/wait_test.cc", "void f() {\n  std::this_thread::sleep_for(kSecond);\n}\n"),
    ("calls stay", "lib/engine/clock.cc", "long f() {\n  return uv_hrtime();\n}\n"),
    ("calls stay", "lib/loop/wait.cc", "void f() {\n  usleep(1'000);\n}\n"),
    ("calls stay", "lib/engine/shared.cc", "std::shared_ptr<int> f();\n"),
    ("calls stay", "lib/engine/loud.cc", "void f() {\n  throw 1;\n}\n"),
    ("calls stay", "lib/engine/deaf.cc", "void f() {\n  try {\n    g();\n  } catch (...) {\n  }\n}\n"),
    ("calls stay", "lib/engine/chatty.cc", "void f() {\n  std::cout << 1;\n}\n"),
    ("calls stay", "lib/engine/off.cc", "#if 0\nint f();\n#endif\n"),
    ("no C++ knows", "lib/engine/special.cc", 'constexpr const char* kSpecial = "examplepay";\n'),
    ("no C++ knows", "daemon/special.cc", "// As ExamplePay wants it.\nint f();\n"),
    ("nothing is left", "lib/base/later.cc", "// TO" + "DO: later.\nint f();\n"),
    ("nothing is left", "packaging/script", "# FIX" + "ME\n"),
    ("no path", "packaging/script", "cd /wo" + "rk/main\n"),
    ("no path", "lib/base/home.cc", 'constexpr const char* kHome = "/ho' + 'me/me/ackd";\n'),
    ("the top level", "notes.txt", "Notes.\n"),
    ("the top level", "src/main.cc", "int f();\n"),
]


def write(root, files):
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


@contextlib.contextmanager
def tree(planted=None):
    with tempfile.TemporaryDirectory(prefix="ackd-tidy-") as folder:
        root = Path(folder)
        shutil.copy(Path(__file__).resolve().parents[2] / ".clang-format", root / ".clang-format")
        write(root, {**CLEAN, **(planted or {})})
        yield root


def complaints(root):
    return {name: rows for name, rows in breaches(root).items() if rows}


def clean_tree_is_clean():
    with tree() as root:
        found = complaints(root)
    return f"the clean tree has breaches: {found}" if found else ""


def planted_is_found(rule, path, text):
    with tree({path: text}) as root:
        found = complaints(root)
    names = list(found)
    if len(names) != 1 or not names[0].startswith(rule):
        return f"{rule}: planted in {path}, found by {names or 'nothing'}: {found}"
    # The top level is named by its first folder, a cycle by its first file.
    places = {row[0] for row in found[names[0]]}
    return "" if any(path == place or path.startswith(place + "/") for place in places) else f"{rule}: found at {places}"


def every_rule_is_planted():
    missing = [name for name in RULES if not any(name.startswith(rule) for rule, _, _ in PLANTED)]
    return f"no planted breach of: {missing}" if missing else ""


def ignored_files_are_left_out():
    with tree({".gitignore": "/build/\n", "build/x.cc": "int  f( );\n"}) as root:
        subprocess.run(["git", "-C", str(root), "init", "-q"], check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull})
        found = complaints(root)
    return f"an ignored file was looked at: {found}" if found else ""


def main():
    cases = [clean_tree_is_clean, every_rule_is_planted]
    if shutil.which("git"):
        cases.append(ignored_files_are_left_out)
    cases += [lambda planted=planted: planted_is_found(*planted) for planted in PLANTED]
    troubles = [trouble for trouble in (case() for case in cases) if trouble]
    for trouble in troubles:
        print(trouble)
    print(f"{len(cases) - len(troubles)} passed, {len(troubles)} failed")
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
