"""Who may include what: the layers of lib/, and which folder owns which library."""
from source_tree import SourceTree

# A folder includes itself and the rows above its own.
ROWS = {
    "base": 0,
    "model": 1,
    "policy": 2, "crypto": 2, "text": 2,
    "profile": 3,
    "engine": 4,
    "config": 5, "api": 5,
    "outbox": 6, "transport": 6, "signer": 6, "events": 6, "loop": 6, "http": 6, "inbox": 6,
    "daemon": 7,
}

# The contracts of the engine live beside their adapters but stand in row 3: the engine and its fakes include them,
# and they know nothing of SQLite, curl or libuv.
CONTRACTS = {
    "outbox/outbox.h", "outbox/operations.h", "outbox/slices.h", "outbox/reads.h", "outbox/in_flight.h",
    "outbox/queries.h", "outbox/list_filter.h", "outbox/job.h", "outbox/merchant_record.h",
    "transport/transport.h", "signer/signer.h", "events/events.h",
}
CONTRACT_ROW = 3

# Inside a row: what else is allowed. The API shows limits that the configuration sets; the adapters of sockets and of
# the HTTP server run on the loop; the inbox's source is a guest in SQLite files as the outbox owns them.
BESIDE = {("policy", "text"), ("api", "config"), ("transport", "loop"), ("http", "loop"), ("inbox", "outbox")}

# A library's headers, by the beginning of their name, and the only places that include them.
OWNERS = {
    "openssl/": ["lib/crypto/", "lib/loop/system_rng.cc", "lib/transport/"],
    "sqlite3.h": ["lib/outbox/sqlite_"],
    "curl/": ["lib/transport/", "daemon/"],
    "ares": ["lib/transport/"],
    "uv.h": ["lib/loop/", "lib/transport/", "lib/http/", "daemon/"],
    "yaml-cpp/": ["lib/profile/", "lib/config/"],
    "microhttpd.h": ["lib/http/", "daemon/ackctl/"],
    "rapidjson/": ["lib/text/"],
    "prometheus/": ["lib/api/prometheus_text.cc"],
    "nlohmann/": ["lib/api/", "lib/events/spdlog_", "daemon/"],
    "spdlog/": ["lib/events/", "daemon/"],
    "CLI/": ["daemon/"],
    "pugixml.hpp": ["lib/text/"],
    "re2/": ["lib/text/"],
    "iconv.h": ["lib/text/", "daemon/ackctl/answer_script.cc"],
}


def place(path):
    """The folder's name and row of a file of lib/ or daemon/, or None."""
    parts = path.split("/")
    if parts[0] == "daemon":
        return "daemon", ROWS["daemon"]
    if parts[0] != "lib" or len(parts) < 3:
        return None
    if "/".join(parts[1:]) in CONTRACTS:
        return parts[1], CONTRACT_ROW
    return parts[1], ROWS.get(parts[1])


def may_include(path, name):
    folder, row = place(path)
    target = place("lib/" + name)
    if target is None:  # beside it: daemon/ackctl includes "ackctl/verb.h"
        return folder == "daemon"
    target_folder, target_row = target
    if target_row is None:
        return folder == "daemon"
    # A contract may use another, and an adapter everything of its own folder.
    if row == CONTRACT_ROW and target_row == CONTRACT_ROW:
        return True
    if target_folder == folder:
        return row >= target_row
    return target_row < row or (folder, target_folder) in BESIDE


def check_layers(tree: SourceTree):
    for source in tree.sources:
        if place(source.path) is None:
            continue
        folder, row = place(source.path)
        if row is None:
            yield source.path, 1, f"lib/{folder}/ has no row in tests/tidy/layers.py; give it one"
            continue
        for include in source.includes:
            if include.is_ours and not may_include(source.path, include.name):
                yield source.path, include.line, f'"{include.name}" stands in the same row or below {folder}/ (row {row})'


def check_libraries(tree: SourceTree):
    for source in tree.sources:
        if source.top not in ("lib", "daemon"):
            continue
        for include in source.includes:
            for prefix, owners in OWNERS.items():
                if include.name.startswith(prefix) and not source.path.startswith(tuple(owners)):
                    yield source.path, include.line, f"<{include.name}> belongs to {' '.join(owners)}"


def check_cycles(tree: SourceTree):
    """No file includes itself by way of others."""
    known = {source.path: source for source in tree.sources}
    edges = {}
    for source in tree.sources:
        base = source.path.rsplit("/", 1)[0]
        roots = ("lib/", "daemon/", "tests/", base + "/")
        targets = [root + include.name for include in source.includes if include.is_ours for root in roots]
        edges[source.path] = [target for target in targets if target in known]
    finished, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in finished:
            return None
        path.append(node)
        for target in edges[node]:
            cycle = visit(target)
            if cycle:
                return cycle
        path.pop()
        finished.add(node)
        return None

    for node in edges:
        cycle = visit(node)
        if cycle:
            yield cycle[0], 1, "includes itself: " + " -> ".join(cycle)
            return
