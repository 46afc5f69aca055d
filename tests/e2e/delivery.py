"""Real deliveries: one ackd with a merchant of every case, and one HTTP server that is all those merchants."""

import hashlib
import http.server
import json
import os
import random
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402  (shared with the fault tests)

from arrived import Arrived  # noqa: E402
from merchant_case import Answer  # noqa: E402
from proof import KeyMaker, WrongSignature  # noqa: E402

DEADLINE_SECONDS = 45
DELAY_SECONDS = 0.3
# Where attempts are told apart by a timestamp in seconds, the second one must see another second.
RENEWED_DELAY_SECONDS = 1.1

VERIFIED = "verified"
WRONG_SIGNATURE = "wrong signature"


class Merchants:
    """The server. `http://127.0.0.1:PORT/<case>` is the address of that case's merchant."""

    def __init__(self, cases):
        self.cases = {case.id: case for case in cases}
        assert len(self.cases) == len(cases), "two cases have one name"
        self.lock = threading.Lock()
        self.arrived = {case.id: [] for case in cases}
        self.strays = []  # what came for nobody: followed redirects, fetched links
        merchants = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                request = Arrived(self.command, self.path, self.headers.items(), body)
                answer = merchants.take(request)
                text = answer.body.replace("{server}", merchants.url).encode()
                self.send_response(answer.status)
                if answer.status // 100 == 3:
                    self.send_header("Location", merchants.url + "/payer")
                if answer.status != 204:
                    self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text if answer.status != 204 else b"")

            do_GET = do_POST = serve

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 256

            def handle_error(self, request, client_address):
                if not isinstance(sys.exc_info()[1], ConnectionError):  # the daemon left; its idle connections with it
                    super().handle_error(request, client_address)

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url_of(self, case):
        return f"{self.url}/{case.id}" + (f"?{case.own_query}" if case.own_query else "")

    def take(self, request):
        """Verifies one request and answers it: wrongly at first, then with the protocol's acknowledgement."""
        case = self.cases.get(request.target.partition("?")[0][1:])
        if case is None:
            with self.lock:
                self.strays.append(request.target)
            return Answer(404, "")
        try:
            case.judge(request)
            request.verdict = VERIFIED
        except WrongSignature:
            request.verdict = WRONG_SIGNATURE
        except Exception as trouble:  # any other one is the finding that the test reports
            request.verdict = f"{type(trouble).__name__}: {trouble}"
        with self.lock:
            earlier = sum(not known.is_probe for known in self.arrived[case.id])
            self.arrived[case.id].append(request)
        if request.verdict == VERIFIED and (request.is_probe or earlier > 0):
            return case.acknowledgement
        # Who never sees a right signature begins with the second one, so that more of them are tried.
        return case.refusals[(earlier + bool(case.wrong_kind)) % len(case.refusals)]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def request_hash(url, request):
    """What ackd records of each attempt, computed from what arrived: lib/signer/profile_signer.h says how."""
    headers = "".join(f"{name}: {value}\n" for name, value in request.own_headers())
    return hashlib.sha256(f"{request.method}\n{url}{request.target}\n{headers}\n".encode() + request.body).hexdigest()


class Delivery:
    """REQUIRES: the cases' files fit into `folder`, which the caller removes."""

    def __init__(self, options, folder, make_cases):
        self.maker = KeyMaker(folder, random.Random(options.seed))
        self.cases = list(make_cases(self.maker))
        self.merchants = Merchants(self.cases)
        self.daemon = harness.Process(options.ackd, folder)
        self.records = {}  # case -> the notification as ackd shows it at the end

    def run(self):
        for provider in {case.provider for case in self.cases}:
            self.shorten_schedule(provider)
        os.mkdir(os.path.join(self.daemon.folder, "keys"), 0o700)
        self.daemon.configure("merchants:\n" + "".join(self.merchant_line(case) for case in self.cases))
        self.daemon.start()
        client = harness.Client(self.daemon.socket)
        status, answer = client.call("POST", "/v1/notifications", [self.notification(case) for case in self.cases])
        assert status == 200, answer
        identifiers = {}
        for case, result in zip(self.cases, answer["results"]):
            assert result["status"] == 201, f"{case.id} was not admitted: {result}"
            identifiers[case.id] = result["id"]
        self.follow(client, identifiers)
        assert self.daemon.stop() == 0, self.daemon.tail()

    def shorten_schedule(self, provider):
        """The shipped profile with one repeat after a moment; its every other line stays."""
        with open(os.path.join(harness.SOURCE, "schedules", provider + ".yaml"), encoding="utf-8") as file:
            profile = file.read()
        delay = f"{self.delay_of(provider) * 1000:.0f}ms"
        schedule = f'schedule:\n  delays: [{delay}]\n  source: {{inferred: "shortened for a test"}}\n'
        profile, replaced = re.subn(r"^schedule:\n(?:[ #].*\n|\n)*", schedule + "\n", profile, flags=re.MULTILINE)
        assert replaced == 1, f"{provider}.yaml has {replaced} schedules"
        with open(os.path.join(self.daemon.folder, "schedules", provider + ".yaml"), "w", encoding="utf-8") as file:
            file.write(profile)

    def delay_of(self, provider):
        renews = any(case.renewed for case in self.cases if case.provider == provider)
        return RENEWED_DELAY_SECONDS if renews else DELAY_SECONDS

    def merchant_line(self, case):
        """JSON, which YAML can read."""
        merchant = {"provider": case.provider, "id": case.id, "url": self.merchants.url_of(case),
                    "keys": [self.key_line(case, number) for number in range(case.key_count)]}
        if case.options:
            merchant["options"] = case.options
        return "  - " + json.dumps(merchant, ensure_ascii=False) + "\n"

    def key_line(self, case, number):
        name = f"{case.id}-{number}"
        line = {"key_id": name}
        if "secret" in case.key_kinds:
            line["key_file"] = self.write_key(name + ".key", case.used[number].secret)
        if "pair" in case.key_kinds:
            line["private_key_file"] = self.write_key(name + ".pem", case.private_text(case.used[number].pair))
        return line

    def write_key(self, name, text):
        path = os.path.join(self.daemon.folder, "keys", name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(text.rstrip("\n") + "\n")
        return path

    def notification(self, case):
        posted = {"provider": case.provider, "merchant": case.id, **case.posted}
        if case.notification_type:
            posted["type"] = case.notification_type
        return posted

    def follow(self, client, identifiers):
        """Until every notification has ended, or waits for a probe that cannot succeed."""
        probed = set()

        def ended(case):
            status, record = client.call("GET", "/v1/notifications/" + identifiers[case.id])
            assert status == 200, record
            self.records[case.id] = record
            if record["state"] == "held" and case.id not in probed:
                probed.add(case.id)
                client.call("POST", f"/v1/merchants/{case.provider}/{case.id}/probe")
            if record["state"] == "held":
                return self.refused_probe(case)
            return record["state"] != "pending"

        waiting = list(self.cases)

        def all_ended():
            waiting[:] = [case for case in waiting if not ended(case)]
            return not waiting

        try:
            harness.wait_until(all_ended, DEADLINE_SECONDS, "every notification ended")
        except AssertionError as trouble:
            left = {case.id: (self.records[case.id]["state"], self.records[case.id].get("reason"),
                              [request.verdict for request in self.merchants.arrived[case.id]]) for case in waiting}
            raise AssertionError(f"{trouble}: {left}\n{self.daemon.tail()}") from trouble

    def refused_probe(self, case):
        """The merchant saw a probe and did not verify it: nothing more will come."""
        arrived = self.merchants.arrived[case.id]
        return case.probed_first and arrived and all(request.verdict != VERIFIED for request in arrived)

    def close(self):
        self.daemon.end()
        self.merchants.close()
