"""Receivers at every address of the test's own network, each with a script that says what it does to a connection.

An address without a script acknowledges everything. Each connection is noted the moment it is accepted, so that one
which should never have been made is seen whatever was said on it.
"""

import collections
import dataclasses
import socket
import struct
import threading
import urllib.parse

PORTS = (22, 80, 443, 3128, 8080)


@dataclasses.dataclass(frozen=True)
class Request:
    head: str
    body: bytes
    order: str


class Connection:
    """One accepted connection; `stream` is the socket, with TLS on it where the test has put it there."""

    def __init__(self, receivers, stream, address, port, number):
        self.receivers = receivers
        self.stream = stream
        self.address = address
        self.port = port
        self.number = number  # of the connections to this address and port: 1, 2 ...
        self.buffer = b""

    def read_request(self):
        """The next request; None when there is none."""
        while b"\r\n\r\n" not in self.buffer:
            if not self.read_some():
                return None
        head, rest = self.buffer.split(b"\r\n\r\n", 1)
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                       if line.lower().startswith(b"content-length:")), 0)
        while len(rest) < length:
            if not self.read_some():
                return None
            rest = self.buffer.split(b"\r\n\r\n", 1)[1]
        self.buffer = rest[length:]
        body = rest[:length]
        order = urllib.parse.parse_qs(body.decode("latin-1")).get("orderid", [""])[0]
        request = Request(head.decode("latin-1"), body, order)
        self.receivers.note(self.address, request)
        return request

    def read_some(self):
        chunk = self.stream.recv(65536)
        self.buffer += chunk
        self.receivers.hear(self.address, len(chunk))
        return bool(chunk)

    def wait_for_end(self):
        while self.stream.recv(65536):
            pass

    def answer(self, text="OK", status=200, headers=""):
        self.stream.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n{headers}\r\n{text}".encode())

    def reset(self):
        """Ends it with RST instead of FIN."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.close()


def acknowledge(connection):
    while connection.read_request():
        connection.answer()


class Receivers:
    def __init__(self, ports=PORTS):
        self.scripts = {}  # address -> function of a Connection
        self.wrap = {}  # address -> function of the socket that gives the stream: TLS
        self.lock = threading.Lock()
        self.connections = collections.Counter()  # by (address, port)
        self.heard = collections.Counter()  # bytes of requests by address, what TLS carries and not what carries it
        self.requests = collections.defaultdict(list)  # address -> Request
        self.listeners = []
        self.accepting = []
        family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
        for port in ports:
            self.serve_from(socket.create_server(
                ("", port), family=family, dualstack_ipv6=family == socket.AF_INET6, backlog=2048))

    def serve_from(self, listener):
        self.listeners.append(listener)
        self.accepting.append(threading.Thread(target=self.accept, args=(listener,), daemon=True))
        self.accepting[-1].start()

    def hear(self, address, count):
        with self.lock:
            self.heard[address] += count

    def note(self, address, request):
        with self.lock:
            self.requests[address].append(request)

    def accept(self, listener):
        try:
            while True:
                stream, _ = listener.accept()
                address, port = stream.getsockname()[:2]
                if "." in address:
                    address = address.removeprefix("::ffff:")
                with self.lock:
                    self.connections[(address, port)] += 1
                    number = self.connections[(address, port)]
                threading.Thread(target=self.serve, args=(stream, address, port, number), daemon=True).start()
        except OSError:
            return

    def serve(self, stream, address, port, number):
        try:
            with stream:
                wrapped = self.wrap.get(address, lambda plain: plain)(stream)
                with wrapped:
                    self.scripts.get(address, acknowledge)(Connection(self, wrapped, address, port, number))
        except (OSError, ValueError):
            return

    def connected(self, address):
        with self.lock:
            return sum(count for (its_address, _), count in self.connections.items() if its_address == address)

    def received(self, address):
        with self.lock:
            return list(self.requests[address])

    def close(self):
        for listener in self.listeners:
            listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
            listener.close()
        for each in self.accepting:
            each.join()  # until then the kernel keeps the port
