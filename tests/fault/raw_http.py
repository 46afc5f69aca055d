"""Raw clients for the tests with hostile ones: what is written is exactly what the daemon gets."""

import os
import socket


def connect(address, source=None, timeout=10):
    """`address` is a unix socket's path or a TCP port of loopback; `source` the client's own address."""
    if isinstance(address, str):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        target = address
    else:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        target = ("127.0.0.1", address)
        if source is not None:
            connection.bind((source, 0))
    connection.settimeout(timeout)
    connection.connect(target)
    return connection


def post(body, headers="", path="/v1/notifications", kind="application/json"):
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n{headers}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def get(target):
    return b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"


def until_closed(connection):
    """Everything that comes until the daemon hangs up; a reset is a way to hang up."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionError:
        pass
    return received


def one_answer(connection):
    """(status, body) of the next answer; (None, b"") when the daemon hung up without one."""
    received = b""
    try:
        while b"\r\n\r\n" not in received:
            chunk = connection.recv(65536)
            if not chunk:
                return None, b""
            received += chunk
        head, body = received.split(b"\r\n\r\n", 1)
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                       if line.lower().startswith(b"content-length:")), 0)
        while len(body) < length:
            chunk = connection.recv(65536)
            if not chunk:
                break
            body += chunk
    except ConnectionError:
        return None, b""
    return int(head.split()[1]), body


def ask(address, request, source=None):
    """One request on a connection of its own. The daemon may answer and hang up before it has read everything."""
    with connect(address, source) as connection:
        try:
            connection.sendall(request)
        except ConnectionError:
            pass
        return one_answer(connection)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))
