"""A name server that answers as it is told: rightly, wrongly, otherwise the second time, or not at all.

A name has a behaviour: a function from a Question to the packets that are sent back, none for silence. "*.silent.test"
is every name below. A name without one does not exist.
"""

import collections
import dataclasses
import ipaddress
import socket
import struct
import threading

A, CNAME, AAAA = 1, 5, 28
SERVFAIL, NXDOMAIN, REFUSED = 2, 3, 5
UDP_BYTES_MAX = 512


@dataclasses.dataclass(frozen=True)
class Question:
    identifier: int
    name: str
    kind: int
    over_tcp: bool
    times: int  # how often this name and kind was asked for, this time included
    raw: bytes  # name, type and class as they were sent


def spelled(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def record(kind, data, ttl=60, name=b"\xc0\x0c"):
    """One resource record; its name points at the question's unless it is given."""
    return name + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def address(text, ttl=60, name=b"\xc0\x0c"):
    ip = ipaddress.ip_address(text)
    return record(A if ip.version == 4 else AAAA, ip.packed, ttl, name)


def reply(question, records=(), code=0, truncated=False, identifier=None, raw=None):
    """An answer, right unless told otherwise."""
    flags = 0x8180 | (0x0200 if truncated else 0) | code
    head = struct.pack("!HHHHHH", question.identifier if identifier is None else identifier, flags, 1, len(records), 0, 0)
    return head + (question.raw if raw is None else raw) + b"".join(records)


def fitting(question, records):
    """Over UDP an answer that is too long is cut, and asked for again over TCP."""
    whole = reply(question, records)
    if question.over_tcp or len(whole) <= UDP_BYTES_MAX:
        return [whole]
    return [reply(question, truncated=True)]


def has(*addresses, ttl=60):
    """The name has these addresses, IPv4 and IPv6."""

    def answer(question):
        version = {A: 4, AAAA: 6}.get(question.kind)
        wanted = [each for each in addresses if ipaddress.ip_address(each).version == version]
        return fitting(question, [address(each, ttl) for each in wanted])

    return answer


def in_turn(*behaviours):
    """Another behaviour for each time it is asked for; the last one stays."""
    return lambda question: behaviours[min(question.times, len(behaviours)) - 1](question)


def says(code):
    return lambda question: [reply(question, code=code)]


def silent(question):
    return []


def only_over_tcp(behaviour):
    """Cut over UDP, whatever the length."""
    return lambda question: behaviour(question) if question.over_tcp else [reply(question, truncated=True)]


class NameServer:
    def __init__(self, where):
        self.names = {}
        self.lock = threading.Lock()
        self.questions = []  # (name, kind, over_tcp), as they came
        self.times = collections.Counter()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.udp.bind((where, 53))
        self.tcp = socket.create_server((where, 53), backlog=64)
        self.serving = [threading.Thread(target=serve, daemon=True) for serve in (self.serve_udp, self.serve_tcp)]
        for each in self.serving:
            each.start()

    def asked(self, name, kind=None):
        """How often the name, or every name below "*.", was asked for."""
        with self.lock:
            return sum(1 for asked, its_kind, _ in self.questions
                       if (asked == name or (name.startswith("*.") and asked.endswith(name[1:])))
                       and kind in (None, its_kind))

    def behaviour_of(self, name):
        found = self.names.get(name)
        parent = name
        while found is None and "." in parent:
            parent = parent.split(".", 1)[1]
            found = self.names.get("*." + parent)
        return found or says(NXDOMAIN)

    def answers(self, packet, over_tcp):
        """The packets that this one is answered with."""
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1"))
            at += 1 + packet[at]
        name, raw = ".".join(labels).lower(), packet[12:at + 5]
        kind = struct.unpack_from("!H", packet, at + 1)[0]
        with self.lock:
            self.questions.append((name, kind, over_tcp))
            self.times[(name, kind)] += 1
            times = self.times[(name, kind)]
        identifier = struct.unpack_from("!H", packet)[0]
        return self.behaviour_of(name)(Question(identifier, name, kind, over_tcp, times, raw))

    def serve_udp(self):
        try:
            while True:
                packet, asker = self.udp.recvfrom(4096)
                if not packet:
                    return  # shut down
                for answer in self.answers(packet, False):
                    self.udp.sendto(answer, asker)
        except OSError:
            return

    def serve_tcp(self):
        try:
            while True:
                connection, _ = self.tcp.accept()
                threading.Thread(target=self.serve_connection, args=(connection,), daemon=True).start()
        except OSError:
            return

    def serve_connection(self, connection):
        with connection, connection.makefile("rb") as reader:
            try:
                while len(length := reader.read(2)) == 2:
                    packet = reader.read(struct.unpack("!H", length)[0])
                    for answer in self.answers(packet, True):
                        connection.sendall(struct.pack("!H", len(answer)) + answer)
            except OSError:
                return

    def close(self):
        for each in (self.udp, self.tcp):
            try:
                each.shutdown(socket.SHUT_RDWR)  # wakes who waits in it
            except OSError:
                pass
            each.close()
        for each in self.serving:
            each.join()  # until then the kernel keeps the port
