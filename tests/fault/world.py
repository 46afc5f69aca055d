"""ackd on a network of the test's own, among names and receivers that do as they are told, with what became of each
notification and how long the daemon's loop stood still meanwhile.

The policy is that of the default configuration unless a test says otherwise: no address is allowed by name, and the
merchants live at public ones.
"""

import dataclasses
import datetime
import re

import findings
import harness
import name_server
import network
import receivers


def seconds_of(text):
    """A time as the API and the log write it, in seconds."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@dataclasses.dataclass(frozen=True)
class Ending:
    """What came of one try. One that was not sent is no attempt, and stands in the log alone."""

    outcome: str
    end: str
    reason: str
    ended_at: float
    seconds: float  # of an attempt what it took; else from the admission on
    sends: int = 1


class World:
    def __init__(self, options, folder, merchants, egress="", environment=None, ports=receivers.PORTS, **rest):
        self.names = name_server.NameServer(network.NAME_SERVER)
        self.receivers = receivers.Receivers(ports)
        self.daemon = harness.Daemon(options.ackd, folder, merchants, egress=egress, **rest)
        self.environment = environment
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
        """Every try of it, in order."""
        record = self.record(identifier)
        with open(self.daemon.log, encoding="utf-8", errors="replace") as log:
            lines = [line for line in log if identifier in line and " end=" in line]
        tries = [Ending("not_sent", re.search(r" end=(\w+)", line)[1], line.strip(), at := seconds_of(line.split()[0]),
                        at - seconds_of(record["admitted_at"])) for line in lines]
        tries += [Ending(each["outcome"], each["end"], each["reason"], seconds_of(each["ended_at"]),
                         each["took_ms"] / 1000, each["sends"]) for each in record["attempt_list"]]
        return sorted(tries, key=lambda each: each.ended_at)

    def first_ending(self, identifier, seconds=30):
        try:
            return harness.wait_until(lambda: self.endings(identifier), seconds, "")[0]
        except AssertionError:
            raise AssertionError(f"not tried within {seconds} s: {self.record(identifier)}") from None

    def strays(self, *merchants):
        """Connections that were begun to anyone but these addresses and the name server."""
        allowed = (*merchants, network.NAME_SERVER)
        return {at: count for at, count in network.syns().items() if at[0] not in allowed}
