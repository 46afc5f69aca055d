"""The operator's program against one daemon, as a script runs it."""

import json
import subprocess


class Ackctl:
    def __init__(self, binary, daemon):
        self.binary = binary
        self.socket = daemon.socket

    def run(self, *words, expect, typed="", seconds=60):
        """Standard output; `typed` is standard input. With expect=1 standard error follows it."""
        done = subprocess.run(
            [self.binary, "--socket", self.socket, *words],
            input=typed, capture_output=True, text=True, timeout=seconds, check=False,
        )
        assert done.returncode == expect, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout if expect == 0 else done.stdout + done.stderr

    def json(self, *words, expect):
        return json.JSONDecoder().raw_decode(self.run(*words, "--json", expect=expect))[0]
