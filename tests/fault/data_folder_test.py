#!/usr/bin/env python3
"""A data directory that cannot be trusted: ackd does not start, and says what is wrong, where, and what to do.

Each case spoils one thing in a directory that ackd has used, and asks for the sentence. What was accepted before must
be there once the thing is put right; a directory that groups share, as volumes of containers are, must do.
"""

import contextlib
import os
import shutil

import findings
import harness
import volumes

STRANGER = 61_234
FILES = ("outbox.db", "outbox.db-wal", "outbox.db-shm", "outbox.db.lock", "outbox.db.ballast", "in_flight")


class Place:
    """A data directory with something accepted in it, as a kill -9 left it: with its -wal."""

    def __init__(self, options, folder, merchant):
        self.daemon = harness.Daemon(options.ackd, folder, [merchant.url], extra="disk: {ballast: 64KiB}\n")
        self.data = os.path.join(folder, "data")
        self.aside = os.path.join(folder, "aside")
        self.kept = os.path.join(folder, "kept")
        self.daemon.start()
        status, answer = harness.Client(self.daemon.socket).call(
            "POST", "/v1/notifications", harness.notification("before", "m0"))
        assert status == 201, answer
        self.accepted = answer["id"]
        self.daemon.kill()
        shutil.copytree(self.data, self.kept)

    def restore(self):
        for each in (self.data, self.aside):
            shutil.rmtree(each) if os.path.isdir(each) and not os.path.islink(each) else remove(each)
        shutil.copytree(self.kept, self.data)

    def path(self, name):
        return os.path.join(self.data, name) if name else self.data

    def refusal(self, prefix=()):
        """What the daemon says when it does not start; it must not hang, nor end in any other way."""
        said = os.path.getsize(self.daemon.log)
        self.daemon.start_under(list(prefix))
        self.daemon.traced = False  # what gives rights away becomes the daemon, and does not stay above it
        try:
            harness.wait_until(lambda: self.daemon.process.poll() is not None or self.daemon.is_ready(), 30,
                               "it ends or starts")
            code = self.daemon.process.poll()
        finally:
            self.daemon.end()
        assert code is not None, "it started all the same"
        with open(self.daemon.log, encoding="utf-8") as log:
            log.seek(said)
            text = log.read()
        assert code == 1 and "not_started" in text, f"exit code {code}:\n{text}"
        return text

    def check_whole(self):
        self.daemon.start()
        client = harness.Client(self.daemon.socket)
        next(harness.records(client, [self.accepted]))
        harness.wait_until_ended(client, 20)
        assert self.daemon.stop() == 0, self.daemon.tail()


def remove(path):
    if os.path.lexists(path):
        os.unlink(path)


def directory(place, name):
    remove(place.path(name))
    os.mkdir(place.path(name))


def pipe(place, name):
    remove(place.path(name))
    os.mkfifo(place.path(name), 0o600)


def link(place, name):
    os.rename(place.path(name), place.aside)
    os.symlink(place.aside, place.path(name))


def dangling(place, name):
    os.rename(place.path(name), place.aside)
    os.symlink("/nowhere", place.path(name))


def file(place, name):
    os.rename(place.path(name), place.aside)
    os.close(os.open(place.path(name), os.O_CREAT, 0o600))


def mode(bits):
    return lambda place, name: os.chmod(place.path(name), bits)


def stranger(place, name):
    if os.geteuid() != 0:
        raise harness.Skipped("only root can give a file away")
    os.chown(place.path(name), STRANGER, STRANGER)


def emptied(place, name):
    os.truncate(place.path(name), 0)


def gone(place, name):
    os.unlink(place.path(name))


IRREGULAR = ("not a regular file", "move it away")
OPEN = ("open to everyone (mode 0666)", "chmod it to 0600")
FOREIGN = (f"belongs to user {STRANGER}", "chown it to ackd's user")
LOST = ("is missing or empty", "put the outbox back")
WHOLE = "data_dir"  # instead of a file's name

# How each is spoiled, and the words that the refusal must have beside the path.
CASES = [
    *((name, what, spoil, words) for name in FILES for what, spoil, words in (
        ("a directory", directory, IRREGULAR), ("a pipe", pipe, IRREGULAR), ("a symbolic link", link, IRREGULAR),
        ("mode 0666", mode(0o666), OPEN), ("somebody else's", stranger, FOREIGN))),
    ("in_flight", "mode 0644", mode(0o644), ("open to everyone (mode 0644)", "chmod it to 0600")),
    ("outbox.db", "empty, with its -wal", emptied, LOST),
    ("outbox.db", "gone, with its -wal", gone, LOST),
    ("master.key", "a directory", directory, ("is not a regular file",)),
    ("master.key", "a symbolic link", link, ("is a symbolic link", "name the file itself")),
    ("master.key", "mode 0640", mode(0o640), ("has mode 0640", "chmod 600")),
    ("master.key", "somebody else's", stranger, FOREIGN),
    ("", "mode 0777", mode(0o777), ("writable by everyone (mode 0777)", "chmod it to 0700")),
    ("", "somebody else's", stranger, FOREIGN),
    ("", "a symbolic link", link, ("is a symbolic link", "name the real directory")),
    ("", "a symbolic link to nowhere", dangling, ("is a symbolic link", "name the real directory")),
    ("", "a file", file, ("is not a directory", "name one as data_dir")),
]
# Volumes of containers are a group's.
FIT = [("", mode(0o770)), ("", mode(0o2770)), ("outbox.db", mode(0o660)), ("in_flight", mode(0o660))]


def check_refused(place, found, name, what, words, prefix=()):
    with found.case(f"C11 {name or WHOLE}: {what}") as show:
        said = place.refusal(prefix)
        missing = [each for each in (*words, place.path(name)) if each not in said]
        assert not missing, f"{missing} is not in: {said}"
        show("refused", "")


def try_spoiled(place, found):
    for name, what, spoil, words in CASES:
        place.restore()
        try:
            spoil(place, name)
        except harness.Skipped as reason:
            with found.case(f"C11 {name or WHOLE}: {what}"):
                raise reason
        else:
            check_refused(place, found, name, what, words)


def try_read_only(place, found):
    with found.case("C11 data_dir: a read-only file system") as show, contextlib.ExitStack() as stack:
        stack.enter_context(volumes.read_only(place.data))
        said = place.refusal()
        assert "Read-only file system; mount its file system for writing" in said and place.data in said, said
        show("refused", "")


def try_other_user(place, found):
    with found.case("C11 data_dir: root's, and ackd is another user") as show:
        key = os.path.join(place.daemon.folder, "m.key")
        prefix = volumes.as_user(STRANGER, place.daemon.binary)
        os.chmod(place.daemon.folder, 0o755)
        os.chown(key, STRANGER, STRANGER)
        said = place.refusal(prefix)
        os.chown(key, 0, 0)
        assert f"{place.data} is not writable: Permission denied; give it to the user that runs ackd" in said, said
        show("refused", "")


def try_fit(place, found):
    for name, change in FIT:
        with found.case(f"C11 {name or WHOLE}: shared with a group") as show:
            place.restore()
            change(place, name)
            place.check_whole()
            show("started", "nothing is lost")


def try_restored(place, found):
    """The refusals above do not come from the copying."""
    with found.case("C11 control: nothing spoiled") as show:
        place.restore()
        place.check_whole()
        show("started", "nothing is lost")


def test(options, folder):
    found = findings.Findings()
    merchant = harness.Merchant(lambda order, seen: (200, "OK"))
    os.chmod(folder, 0o755)
    try:
        for part, own in findings.each_in_its_folder([try_spoiled, try_restored, try_read_only, try_other_user, try_fit], folder):
            place = Place(options, own, merchant)
            try:
                part(place, found)
            finally:
                place.daemon.end()
    finally:
        merchant.close()
    found.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
