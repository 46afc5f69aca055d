#!/usr/bin/env python3
"""Hands one notification to ackd over its unix socket. The standard library only.

    enqueue.py /var/lib/ackd/ackd.sock notification.json

Prints the notification's id and exits with 0 when it is on disk. Any other exit code: it is not known to be recorded,
and the same command may be run again.
"""

import http.client
import json
import socket
import sys
import time

LONGEST_WAIT_SECONDS = 30


class NotRecorded(Exception):
    """Treat it as "not recorded": keep the order's state, and hand the same notification over again later."""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("ackd", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def post(path, body):
    """One attempt: (status, Retry-After in seconds or None, answer)."""
    connection = UnixConnection(path)
    try:
        connection.request("POST", "/v1/notifications", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        retry_after = answer.getheader("Retry-After", "")
        return answer.status, int(retry_after) if retry_after.isdigit() else None, answer.read().decode()
    finally:
        connection.close()


def enqueue(path, notification, give_up_after=120):
    """Returns the id under which ackd has recorded the notification, or raises NotRecorded.

    The body, and with it the key, is the same in every attempt. So an attempt whose answer got lost is harmless: the
    next one is answered with the id of the first.
    """
    if "key" not in notification:
        raise ValueError("give it a key that is unique to this event of this order, such as order-42-paid")
    body = json.dumps(notification)
    deadline = time.monotonic() + give_up_after
    wait = 0.5
    while True:
        try:
            status, retry_after, answer = post(path, body)
        except (OSError, http.client.HTTPException) as trouble:  # ackd restarts, or the answer got lost
            status, retry_after, answer = None, None, repr(trouble)
        if status in (200, 201):
            return json.loads(answer)["id"]
        if status is not None and status != 429 and status < 500:
            raise NotRecorded(f"refused with {status}, which repeating does not change: {answer}")
        pause = min(retry_after or wait, LONGEST_WAIT_SECONDS)
        if time.monotonic() + pause > deadline:
            raise NotRecorded(f"no room within {give_up_after} s; the last answer: {status} {answer}")
        time.sleep(pause)
        wait = min(wait * 2, LONGEST_WAIT_SECONDS)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[2], encoding="utf-8") as file:
        notification = json.load(file)
    try:
        print(enqueue(sys.argv[1], notification))
    except NotRecorded as reason:
        sys.exit(f"not recorded: {reason}")


if __name__ == "__main__":
    main()
