"""Receivers that answer what no honest server does: one listener a case, all in a process of its own.

A process of its own, because an endless answer keeps a Python interpreter busy, and the test measures how soon the
daemon answers others meanwhile. A case's first request gets its trick; every later one, on whatever connection, an
honest OK, so that a test sees whether the connection was used again.
"""

import gzip
import json
import multiprocessing
import os
import socket
import struct
import threading
import time

OK = b"HTTP/1.1 200 OK\r\n"
HONEST = OK + b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
# Long after every timeout of the test: a trick that waits is ended by the client.
PATIENCE_S = 20


class Talk:
    """One connection, for a trick."""

    def __init__(self, connection, listener):
        self.connection = connection
        self.listener = listener
        self.buffer = b""

    def request(self):
        """The next request's head and body, or None at the end."""
        while True:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if found:
                length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                               if line.lower().startswith(b"content-length:")), 0)
                if len(rest) >= length:
                    self.buffer = rest[length:]
                    return head + found + rest[:length]
            piece = self.connection.recv(65536)
            if not piece:
                return None
            self.buffer += piece

    def say(self, data):
        self.connection.sendall(data)

    def say_without_end(self, start, piece):
        self.say(start)
        piece *= max(1, 16384 // len(piece))
        while True:
            self.say(piece)

    def drip(self, start, piece=b"x"):
        """A piece each 20 ms until the client has had enough."""
        self.say(start)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            self.say(piece)
            self.wait(0.02)

    def wait(self, seconds=PATIENCE_S):
        threading.Event().wait(seconds)

    def wait_for_end(self):
        self.connection.settimeout(PATIENCE_S)
        while self.connection.recv(65536):
            pass

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


class Listener:
    def __init__(self, trick, early):
        self.trick = trick
        self.early = early  # the trick does not wait for the request
        self.lock = threading.Lock()
        self.connections = 0
        self.requests = 0
        self.reused = 0
        self.heads = []
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection, self.connections == 1), daemon=True).start()

    def serve(self, connection, first):
        talk = Talk(connection, self)
        try:
            with connection:
                if self.early and first:
                    self.count()
                    return self.trick(talk)
                on_this_one = 0
                while (request := talk.request()) is not None:
                    earlier = self.count(request)
                    with self.lock:
                        self.reused += 1 if on_this_one else 0
                    on_this_one += 1
                    if earlier == 0:
                        self.trick(talk)
                    else:
                        talk.say(HONEST)
        except OSError:
            pass

    def count(self, request=b""):
        with self.lock:
            self.requests += 1
            self.heads.append(request.partition(b"\r\n\r\n")[0].decode("latin-1"))
            return self.requests - 1

    def seen(self):
        with self.lock:
            return {"connections": self.connections, "requests": self.requests, "reused": self.reused,
                    "heads": self.heads}


def says(*pieces):
    """The pieces, each in a packet of its own; numbers are pauses."""

    def trick(talk):
        for piece in pieces:
            if isinstance(piece, float):
                talk.wait(piece)
            else:
                talk.say(piece)

    return trick


def says_and_closes(*pieces):
    def trick(talk):
        says(*pieces)(talk)
        talk.connection.shutdown(socket.SHUT_RDWR)

    return trick


def says_and_resets(*pieces):
    def trick(talk):
        says(*pieces)(talk)
        talk.wait(0.02)  # what was said arrives before the reset throws it away
        talk.reset()

    return trick


def says_and_hangs(*pieces):
    def trick(talk):
        says(*pieces)(talk)
        talk.wait_for_end()

    return trick


def endless(start, piece):
    return lambda talk: talk.say_without_end(start, piece)


def drips(start, piece=b"x"):
    return lambda talk: talk.drip(start, piece)


def never_reads(talk):
    talk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    talk.wait()


def bomb():
    """60 MiB of nothing in 60 KiB."""
    return gzip.compress(bytes(60 << 20), 9)


def redirect(status, target):
    def trick(talk):
        location = target(talk.listener.port) if callable(target) else target
        talk.say(f"HTTP/1.1 {status} X\r\nLocation: {location}\r\nContent-Length: 2\r\n\r\nOK".encode())

    return trick


class Receivers:
    """The process with a listener for each of {name: (trick, early)}."""

    def __init__(self, tricks):
        ours, theirs = multiprocessing.Pipe()
        # Forked before the test has threads: the tricks are functions, which no pickle carries.
        self.process = multiprocessing.get_context("fork").Process(target=run, args=(tricks, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.pipe = ours
        self.ports = json.loads(self.pipe.recv())

    def url(self, name):
        return f"http://127.0.0.1:{self.ports[name]}/notify"

    def seen(self, name):
        self.pipe.send(name)
        return json.loads(self.pipe.recv())

    def close(self):
        self.pipe.close()
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()


def run(tricks, pipe):
    listeners = {name: Listener(trick, early) for name, (trick, early) in tricks.items()}
    pipe.send(json.dumps({name: listener.port for name, listener in listeners.items()}))
    try:
        while True:
            pipe.send(json.dumps(listeners[pipe.recv()].seen()))
    except EOFError:
        os._exit(0)  # threads that hang in a trick would keep it
