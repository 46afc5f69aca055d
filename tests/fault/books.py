"""Books that outlive what they tell of: lines of JSON, each on the disk before the call returns.

A content is named by the digest of its business fields, so that what was offered, what arrived and what is on record can
be compared without keeping any of them.
"""

import hashlib
import json
import os
import threading
import time
import urllib.parse


def digest(data):
    return hashlib.sha256(data).hexdigest()


def content_of(fields):
    """Of what the business says; the signature is the protocol's."""
    return digest(json.dumps(sorted((name, value) for name, value in fields.items() if name != "sign")).encode())


def fields_of(body):
    return dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))


class Book:
    """Appends from many threads; those that come while one synchronises share the next synchronisation."""

    def __init__(self, path):
        self.path = path
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.writing = threading.Lock()
        self.syncing = threading.Lock()
        self.written = 0
        self.synced = 0

    def write(self, *entries):
        lines = "".join(json.dumps({"at": time.monotonic(), **entry}) + "\n" for entry in entries).encode()
        with self.writing:
            while lines:
                lines = lines[os.write(self.file, lines):]
            self.written += 1
            number = self.written
        with self.syncing:
            if self.synced < number:
                reached = self.written
                os.fdatasync(self.file)
                self.synced = reached

    def close(self):
        os.close(self.file)


def read(path):
    """Every whole line; the last one may have been cut short by the end of its writer."""
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]
