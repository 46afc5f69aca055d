#!/usr/bin/env python3
"""A merchant's own settings of TLS on the real daemon, as an operator gives them with ackctl: a private authority, a client
certificate, a pinned key, and a loosening that ends by itself.
"""

import base64
import hashlib
import http.server
import os
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import certificates  # noqa: E402  (shared with the fault tests)
import harness  # noqa: E402
from ackctl import Ackctl  # noqa: E402

LOOSE_SECONDS = 8


class Receiver:
    """Acknowledges over TLS and counts; with `clients` it serves only who shows a certificate of theirs."""

    def __init__(self, certificate, clients=None):
        receiver = self
        self.requests = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                receiver.requests += 1
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"OK")

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.file, certificate.key)
        if clients:
            context.load_verify_locations(clients.file)
            context.verify_mode = ssl.CERT_REQUIRED
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}/notify"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def pin_of(certificate):
    public = subprocess.run(["openssl", "x509", "-in", certificate.file, "-noout", "-pubkey"], capture_output=True, check=True)
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public.stdout, capture_output=True, check=True)
    return "sha256//" + base64.b64encode(hashlib.sha256(der.stdout).digest()).decode()


class World:
    def __init__(self, binaries, folder):
        self.bank = certificates.authority(folder, "bank")
        self.leaf = certificates.server(folder, "leaf", self.bank, "IP:127.0.0.1")
        self.client_certificate = certificates.server(folder, "client", self.bank, "DNS:client")
        os.chmod(self.client_certificate.key, 0o600)
        self.receiver = Receiver(self.leaf)
        self.strict = Receiver(self.leaf, clients=self.bank)
        self.daemon = harness.Daemon(binaries.ackd, folder, [], delays="[600s, 600s, 600s]")
        self.daemon.configure(
            f"tls: {{authorities: {{bank: {self.bank.file}}}, client_certificates: {{platform: {{"
            f"certificate_file: {self.client_certificate.file}, key_file: {self.client_certificate.key}}}}}}}\n")
        self.daemon.start()
        self.client = harness.Client(self.daemon.socket)
        self.ackctl = Ackctl(binaries.ackctl, self.daemon)
        self.key = os.path.join(folder, "m.key")

    def merchant(self, name, receiver, *options):
        words = [word for option in options for word in ("--option", option)]
        self.ackctl.run("merchant", "add", "payindex", name, "--url", receiver.url, "--key-file", self.key, *words, expect=0)

    def first_attempt(self, order, merchant):
        status, answer = self.client.call("POST", "/v1/notifications", harness.notification(order, merchant))
        assert status == 201, answer

        def look():
            return self.client.call("GET", f"/v1/notifications/{answer['id']}")[1]["attempt_list"]

        return harness.wait_until(look, 30, f"{order} has an attempt")[0]

    def close(self):
        self.daemon.end()
        self.receiver.close()
        self.strict.close()


def refused(attempt, word):
    assert (attempt["outcome"], attempt["end"]) == ("unreachable", "tls_failed"), attempt
    assert word in attempt["reason"], attempt


def acknowledged(attempt):
    assert attempt["outcome"] == "acknowledged", attempt


def check_settings(world):
    world.merchant("plain", world.receiver)
    refused(world.first_attempt("o-plain", "plain"), "certificate")
    world.merchant("bank", world.receiver, "tls_ca=bank")
    acknowledged(world.first_attempt("o-bank", "bank"))
    refused(world.first_attempt("o-plain-again", "plain"), "certificate")  # although a connection stands
    world.merchant("pinned", world.receiver, "tls_ca=bank", "tls_pin=" + pin_of(world.leaf))
    acknowledged(world.first_attempt("o-pinned", "pinned"))
    world.merchant("mispinned", world.receiver, "tls_ca=bank", "tls_pin=" + pin_of(world.bank))
    refused(world.first_attempt("o-mispinned", "mispinned"), "pin")
    assert world.receiver.requests == 2, world.receiver.requests
    world.merchant("shown", world.strict, "tls_ca=bank", "tls_client_certificate=platform")
    acknowledged(world.first_attempt("o-shown", "shown"))
    world.merchant("unshown", world.strict, "tls_ca=bank")
    assert world.first_attempt("o-unshown", "unshown")["outcome"] != "acknowledged"
    assert world.strict.requests == 1, world.strict.requests


def check_loosening(world):
    """Accepted until its moment, refused from then on, with nobody doing anything."""
    until = time.time() + LOOSE_SECONDS
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(until))
    world.merchant("loose", world.receiver, "tls_unverified_until=" + moment)
    acknowledged(world.first_attempt("o-loose", "loose"))
    assert time.time() < until - 1, "too slow a machine to tell"
    assert moment in world.ackctl.run("egress", "ls", expect=0)
    found = world.ackctl.json("egress", "check", "--provider", "payindex", "--merchant", "loose", expect=0)
    assert found["way"]["unverified_until"].startswith(moment[:-1]), found
    harness.wait_until(lambda: time.time() > until, LOOSE_SECONDS + 5, "the loosening is over")
    refused(world.first_attempt("o-tight", "loose"), "certificate")
    far = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 91 * 86_400))
    told = world.ackctl.run("merchant", "set", "payindex", "loose", "--option", "tls_unverified_until=" + far, expect=1)
    assert "90d" in told, told


def test(binaries, folder):
    world = World(binaries, folder)
    try:
        check_settings(world)
        check_loosening(world)
    finally:
        world.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
