"""ackd on a network of the test's own, among names and receivers that do as they are told, with what became of each
notification and how long the daemon's loop stood still meanwhile.

The policy is that of the default configuration unless a test says otherwise: no address is allowed by name, and the
merchants live at public ones.
"""

import contextlib
import dataclasses
import datetime

import findings
import harness
import name_server
import network
import receivers


# The sanitizer keeps freed memory back to find its use; what grows here is about what the process really gives back.
FREES_AT_ONCE = {"ASAN_OPTIONS": "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}
# Most merchants of these tests are in trouble, which is theirs and not an outage of everybody's.
UNSUSPENDED = "delivery: {suspend_hosts_min: 0}\n"


def seconds_of(text):
    """A time as the API and the log write it, in seconds."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


# What a lane or a held notification says where the try was no attempt. The log tells the first few only.
OURS = {
    "our name server did not answer": "resolver_failed",
    "this machine has no route": "no_route",
    "this machine is out of": "out_of_resources",
    "the egress policy forbids it": "egress_refused",
}


@dataclasses.dataclass(frozen=True)
class Ending:
    """What came of one try. One that was not sent is no attempt, and takes the time until it was seen."""

    outcome: str
    end: str
    reason: str
    seconds: float
    sends: int = 1


class World:
    def __init__(self, options, folder, merchants, egress="", environment=None, ports=receivers.PORTS, extra="", **rest):
        self.names = name_server.NameServer(network.NAME_SERVER)
        self.receivers = receivers.Receivers(ports)
        self.daemon = harness.Daemon(options.ackd, folder, merchants, egress=egress, extra=UNSUSPENDED + extra, **rest)
        self.environment = {**FREES_AT_ONCE, **(environment or {})}
        self.probe = None
        self.client = None
        self.posted = 0

    def __enter__(self):
        try:
            self.daemon.start(environment=self.environment)
            self.probe = findings.StallProbe(self.daemon.socket)
            self.client = harness.Client(self.daemon.socket)
            network.forget_syns()
            return self
        except BaseException:
            self.close()
            raise

    def __exit__(self, trouble, *_):
        try:
            if trouble is None:
                self.probe.close()
                assert self.daemon.stop() == 0, self.daemon.tail()
        finally:
            self.close()

    def close(self):
        if self.probe is not None:
            self.probe.close()
        self.daemon.end()
        self.receivers.close()
        self.names.close()

    def post(self, merchant="m0", url=None, **own):
        """A notification of its own order; what is not as every one has it is given."""
        self.posted += 1
        notification = {**harness.notification(f"order-{self.posted}", merchant), **own}
        return self.client.call("POST", "/v1/notifications", {**notification, "url": url} if url else notification)

    def accepted(self, merchant="m0", url=None, **own):
        status, answer = self.post(merchant, url, **own)
        assert status == 201, f"{merchant} {url!r}: {status} {answer}"
        return answer["id"]

    def accepted_together(self, merchants):
        """One notification for each merchant, in one request; their ids."""
        first, self.posted = self.posted + 1, self.posted + len(merchants)
        items = [harness.notification(f"order-{first + i}", merchant) for i, merchant in enumerate(merchants)]
        status, answer = self.client.call("POST", "/v1/notifications", items)
        assert status == 200 and {each["status"] for each in answer["results"]} == {201}, str(answer)[:500]
        return [each["id"] for each in answer["results"]]

    def record(self, identifier):
        return self.client.call("GET", f"/v1/notifications/{identifier}")[1]

    def ended(self, identifier, *states, seconds=30):
        """Its record once it is in one of the states."""
        try:
            return harness.wait_until(lambda: (record := self.record(identifier))["state"] in states and record, seconds, "")
        except AssertionError:
            raise AssertionError(f"not {' or '.join(states)} within {seconds} s: {self.record(identifier)}") from None

    def deliver(self, merchant="m0", url=None):
        return self.ended(self.accepted(merchant, url), "delivered")

    def endings(self, identifier):
        """Every attempt; before the first one why it was not sent, if that was tried."""
        record = self.record(identifier)
        attempts = [Ending(each["outcome"], each["end"], each["reason"], each["took_ms"] / 1000, each["sends"])
                    for each in record["attempt_list"]]
        return attempts or self.not_sent(record)

    def not_sent(self, record):
        reason = record.get("reason", "")
        if record["state"] == "pending":
            reason = self.client.call("GET", f"/v1/notifications/{record['id']}/why")[1]["lane"].get("trouble", "")
        since = datetime.datetime.now(datetime.timezone.utc).timestamp() - seconds_of(record["admitted_at"])
        return [Ending("not_sent", end, reason, since) for words, end in OURS.items() if reason.startswith(words)]

    def first_endings(self, identifiers, seconds=30):
        """{id: what came of its first try}, each looked at as soon as it is there."""
        found = {}

        def look():
            for identifier in identifiers:
                if identifier not in found and (endings := self.endings(identifier)):
                    found[identifier] = endings[0]
            return len(found) == len(identifiers)

        with contextlib.suppress(AssertionError):
            harness.wait_until(look, seconds, "every one was tried")
        return found

    def first_ending(self, identifier, seconds=30):
        found = self.first_endings([identifier], seconds)
        assert found, f"not tried within {seconds} s: {self.record(identifier)}"
        return found[identifier]

    def strays(self, *merchants):
        """Connections that were begun to anyone but these addresses, at the ports of the web, and the name server."""
        return {at: count for at, count in network.syns().items()
                if at != (network.NAME_SERVER, 53) and (at[0] not in merchants or at[1] not in (80, 443))}
