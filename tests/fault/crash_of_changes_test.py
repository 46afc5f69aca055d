#!/usr/bin/env python3
"""kill -9 in the middle of what changes more than one notification: afterwards it is the old state or the new, never a mix.

The master key is rotated, a merchant's key is replaced, a job holds and releases a thousand notifications, and the log of
writes is copied back into the database (a checkpoint). strace is attached when the change begins, and ends the daemon inside
the N-th call from then on: a sample by seed, or with ACKD_LONG every N until the change gets through.
"""

import hashlib
import os
import random
import shutil

import books
import findings
import harness
import oracle

CALLS = ["openat", "write", "rename", "fsync", "pwrite64", "fdatasync", "epoll_wait"]
SAMPLE = 3  # kills of a call
FIRST_MAX = {"pwrite64": 60, "epoll_wait": 30}  # the later ones come after the change
ROWS = 1_000
SEALED = 50
CHECKPOINT_CALLS = 8_000  # two for each of the frames after which one begins
UNREACHABLE = (OSError, harness.http.client.HTTPException)


def killing(daemon, call, number):
    return harness.attached(["strace", "-f", "-o", os.devnull, "-e", f"trace={call}", "-e",
                             f"inject={call}:signal=KILL:when={number}"], daemon.process.pid)


class Scene:
    def __init__(self, options, folder):
        self.merchant = harness.Merchant(lambda order, seen: (200, "OK"))
        self.daemon = harness.Daemon(options.ackd, folder, [self.merchant.url])
        self.daemon.start()
        self.secrets = ["secret 0"]  # that may be the merchant's; the newest last
        self.orders = 0
        for number in range(SEALED):
            self.call("PUT", f"/v1/merchants/payindex/s{number}", self.with_key("secret 0"))
        self.call("POST", "/v1/merchants/payindex/s1/pause", {"reason": "its notifications are there to be steered"})
        for first in range(0, ROWS, 500):
            self.call("POST", "/v1/notifications",
                      [harness.notification(f"row-{first + i}", "s1") for i in range(500)])

    def with_key(self, secret):
        return {"url": self.merchant.url, "keys": [{"id": f"k{secret.split()[1]}", "secret": secret}]}

    def call(self, method, target, document=None):
        status, answer = harness.Client(self.daemon.socket).call(method, target, document)
        assert status in (200, 201, 202), f"{method} {target}: {status} {answer}"
        return answer

    def held(self):
        return self.call("GET", "/v1/stats")["counts"]["held"]

    def deliver(self):
        """One to the merchant whose key changes; the secret that it was signed with."""
        self.orders += 1
        order = f"signed-{self.orders}"
        self.call("POST", "/v1/notifications", harness.notification(order, "s0"))
        harness.wait_until(lambda: self.merchant.requests.get(order), 20, "it is delivered")
        fields = books.fields_of(self.merchant.requests[order][0][1])
        text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "sign")
        return next(secret for secret in reversed(self.secrets)
                    if hashlib.md5(f"{text}&key={secret}".encode()).hexdigest().upper() == fields["sign"])

    def close(self):
        self.daemon.end()
        self.merchant.close()


class MasterKey:
    """the master key is rotated"""

    def begin(self, scene):
        return scene.call("POST", "/v1/keys/rotate")

    def is_over(self, scene):
        return not scene.call("GET", "/v1/keys")["rotating"]

    def check(self, scene, answered):
        state = scene.call("GET", "/v1/keys")
        assert state["sealed_with_older"] == 0 and state["sealed"] == SEALED, state
        path = os.path.join(scene.daemon.folder, "data", "master.key")
        with open(path, encoding="ascii") as file:
            assert sum(not line.startswith("#") for line in file) == 1, "an older key stayed"
        assert not os.path.exists(path + ".new")
        scene.deliver()


class MerchantKey:
    """a merchant's key is replaced"""

    def begin(self, scene):
        scene.secrets.append(f"secret {len(scene.secrets)}")
        return scene.call("PUT", "/v1/merchants/payindex/s0", scene.with_key(scene.secrets[-1]))

    def is_over(self, scene):
        return True

    def check(self, scene, answered):
        signed_with = scene.deliver()
        assert signed_with in scene.secrets[-1 if answered else -2:], f"signed with {signed_with} of {scene.secrets}"
        scene.secrets = [signed_with]
        scene.call("PUT", "/v1/merchants/payindex/s0", scene.with_key(signed_with))


class Job:
    """a job holds or releases a thousand"""

    def begin(self, scene):
        self.before = scene.held()
        self.verb, state = ("release", "held") if self.before else ("hold", "pending")
        return scene.call("POST", "/v1/jobs", {"verb": self.verb, "filter": {"state": state, "merchant": "s1"}})

    def is_over(self, scene):
        return all(job["state"] != "running" for job in scene.call("GET", "/v1/jobs")["jobs"])

    def check(self, scene, answered):
        held = scene.held()
        done = 0 if self.verb == "release" else ROWS
        assert held in ([done] if answered else [self.before, done]), f"{self.verb}: {held} of {ROWS} held"


def kill_once(scene, change, call, number):
    """Whether it was killed before the change had got through."""
    answered = False
    with killing(scene.daemon, call, number):
        def over():
            nonlocal answered
            try:
                if not answered:
                    change.begin(scene)
                    answered = True
                return change.is_over(scene)
            except UNREACHABLE:
                harness.wait_until(lambda: scene.daemon.process.poll() is not None, 20, "it is dead")
                return True

        harness.wait_until(over, 60, "it was killed, or the change is made")
        killed = scene.daemon.process.poll() is not None
    scene.daemon.end()
    scene.daemon.start()
    harness.wait_until(lambda: change.is_over(scene), 60, "the change goes on after the restart")
    change.check(scene, answered)
    return killed


def sweep(scene, change, call, chooser):
    kills = runs = 0
    numbers = range(1, 2_000) if os.environ.get("ACKD_LONG") else sorted(
        chooser.sample(range(1, FIRST_MAX.get(call, SAMPLE) + 1), SAMPLE))
    for number in numbers:
        runs += 1
        if not kill_once(scene, change, call, number):
            break
        kills += 1
    return f", {kills} kills in {runs} runs"


def try_changes(options, folder, found):
    chooser = random.Random(options.seed)
    scene = Scene(options, folder)
    try:
        for change in (MasterKey(), MerchantKey(), Job()):
            for call in CALLS:
                with found.case(f"A4 {change.__doc__}, killed inside {call}") as show:
                    show("", "", sweep(scene, change, call, chooser))
    finally:
        scene.close()


def try_checkpoints(options, folder, found):
    """Under load, at a write that is most likely a checkpoint's."""
    chooser = random.Random(options.seed)
    rounds = 50 if os.environ.get("ACKD_LONG") else 3
    with found.case("A4 killed in a checkpoint") as show, oracle.Oracle(os.path.join(folder, "oracle")) as truth:
        daemon = harness.Daemon(options.ackd, folder, [truth.merchant("prompt")] * 3)
        database = os.path.join(folder, "data", "outbox.db")
        try:
            daemon.start()
            truth.post(daemon.socket, options.seed, threads=4, merchants_count=3, pause=0)
            touched = 0
            for _ in range(rounds):
                before = os.stat(database).st_mtime_ns
                with killing(daemon, "pwrite64", CHECKPOINT_CALLS + chooser.randint(0, 400)):
                    daemon.process.wait(120)
                touched += os.stat(database).st_mtime_ns != before
                daemon.start()
            verdict = truth.verdict(daemon, crashes=rounds)
            assert touched, "no checkpoint had begun"
            assert daemon.stop() == 0, daemon.tail()
            show("", "", f", {touched} of {rounds} kills after it had begun")
            print(verdict, flush=True)
        finally:
            daemon.end()


def test(options, folder):
    if shutil.which("strace") is None:
        raise harness.Skipped("no strace on this machine")
    found = findings.Findings()
    for part, own in findings.each_in_its_folder((try_changes, try_checkpoints), folder):
        part(options, own, found)
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
