"""File systems of a test's own, to be filled, failed or frozen, and the rights of another user.

They are mounted in a namespace of the test's process, so that they go with it however it ends.
"""

import contextlib
import ctypes
import os
import shutil
import subprocess

import harness

CLONE_NEWNS = 0x00020000
MEBIBYTE = 1 << 20

libc = ctypes.CDLL(None, use_errno=True)
entered = []


def means(*words, **rest):
    """Runs a command that is a test's means; its complaint is why this machine lacks them."""
    if shutil.which(words[0]) is None:
        raise harness.Skipped(f"no {words[0]} on this machine")
    ran = subprocess.run(words, capture_output=True, text=True, check=False, **rest)
    if ran.returncode != 0:
        raise harness.Skipped(f"{' '.join(words)}: {ran.stderr.strip()}")
    return ran.stdout


def enter_namespace():
    """Mounts that are made after this are nobody else's."""
    if entered:
        return
    if libc.unshare(CLONE_NEWNS) != 0:
        raise harness.Skipped(f"mounting is not permitted: {os.strerror(ctypes.get_errno())}")
    means("mount", "--make-rprivate", "/")
    entered.append(True)


def unmount(folder):
    # Lazily: who still has it open must not keep the test from ending.
    libc.umount2(folder.encode(), 2)


@contextlib.contextmanager
def mounted(folder, *words):
    enter_namespace()
    means("mount", *words, folder)
    try:
        yield folder
    finally:
        unmount(folder)


def tmpfs(folder, size):
    return mounted(folder, "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs")


@contextlib.contextmanager
def read_only(folder):
    with mounted(folder, "--bind", folder):
        means("mount", "-o", "remount,bind,ro", folder)
        yield folder


def make_ext4(device, *options):
    # No space kept for root, which the daemon of a test may be.
    means("mkfs.ext4", "-q", "-F", "-m", "0", *options, device)


@contextlib.contextmanager
def ext4(folder, image, mebibytes, *options):
    """An ext4 in the file `image`, through a loop device that goes with the mount."""
    with open(image, "wb") as file:
        file.truncate(mebibytes * MEBIBYTE)
    make_ext4(image, *options)
    with mounted(folder, "-o", "loop", image):
        os.chmod(folder, 0o700)
        yield folder


def fill(path):
    """Takes all space but the last page or two."""
    with open(path, "wb", buffering=0) as filler:
        for size in (MEBIBYTE, 4096):
            try:
                while True:
                    filler.write(b"x" * size)
            except OSError:
                continue


def as_user(number, binary):
    """The command before the one that is to run without root's rights."""
    if os.geteuid() != 0:
        raise harness.Skipped("only root can become another user")
    prefix = ["setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups", "--inh-caps=-all"]
    means(*prefix, "test", "-x", binary)
    means(*prefix, "test", "-r", os.path.join(harness.SOURCE, "schedules"))
    return prefix
