"""Keeps the rules of the code that a compiler does not: layers, owners of libraries, lengths, forbidden calls and words.

    python3 tests/tidy/tidy.py [ROOT]      every breach as file:line, then "N passed, N failed", a case a rule
"""
import sys
from pathlib import Path

import layers
import shape
import words
from source_tree import SourceTree

RULES = {
    "a folder includes only rows above its own": layers.check_layers,
    "a library's headers stay in the folder that owns it": layers.check_libraries,
    "no file includes itself": layers.check_cycles,
    "files and lines stay short": shape.check_lengths,
    "functions stay short": shape.check_functions,
    "headers begin with their contract": shape.check_headers,
    "clang-format has nothing to change": shape.check_format,
    "calls stay in their adapter": words.check_calls,
    "no C++ knows a provider": words.check_providers,
    "nothing is left unfinished": words.check_unfinished,
    "no path of one machine": words.check_workplace,
    "the top level holds what it should": words.check_top,
}


def breaches(root):
    """{rule: [(path, line, sentence)]}, with every rule named."""
    tree = SourceTree(root)
    return {name: list(check(tree)) for name, check in RULES.items()}


def main(arguments):
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[2]
    found = breaches(root)
    for name, rows in found.items():
        for path, line, sentence in rows:
            print(f"{path}:{line}: {sentence}  [{name}]")
    failed = sum(1 for rows in found.values() if rows)
    print(f"{len(found) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
