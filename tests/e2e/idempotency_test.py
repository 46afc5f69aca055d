#!/usr/bin/env python3
"""One key is one notification: posted by a hundred clients at once, twice in a batch, and again after a kill -9.

The daemon also listens on TCP of loopback, and half of the clients come that way.
"""

import collections
import http.client
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "fault"))
import harness  # noqa: E402

CLIENTS = 100


def keyed(order, key, **more):
    return {**harness.notification(order, "m0"), "key": key, **more}


def post(connection, document):
    connection.request("POST", "/v1/notifications", json.dumps(document), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def post_at_once(daemon, port, document):
    """The same from a hundred connections, as nearly at once as threads can; what a dead daemon did not answer is None."""
    barrier = threading.Barrier(CLIENTS)
    answers = [None] * CLIENTS

    def client(number):
        connection = (harness.UnixConnection(daemon.socket) if number % 2 else
                      http.client.HTTPConnection("127.0.0.1", port, timeout=20))
        try:
            connection.connect()
        except OSError:
            return barrier.abort()  # or the others would wait for it
        try:
            barrier.wait()
            answers[number] = post(connection, document)
        except (OSError, http.client.HTTPException, ValueError, threading.BrokenBarrierError):
            pass
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    return answers, threads


def check_at_once(daemon, port):
    answers, threads = post_at_once(daemon, port, keyed("once", "once"))
    for thread in threads:
        thread.join()
    statuses = collections.Counter(status for status, _ in answers)
    assert statuses == {201: 1, 200: CLIENTS - 1}, statuses
    assert len({answer["id"] for _, answer in answers}) == 1


def check_batch(client):
    batch = [keyed("twice", "twice"), keyed("twice", "twice"), keyed("twice", "twice", tags={"other": "content"})]
    status, answer = client.call("POST", "/v1/notifications", batch)
    results = answer["results"]
    assert status == 200 and [item["status"] for item in results] == [201, 200, 409], answer
    assert results[0]["id"] == results[1]["id"]


def check_kill(daemon, port, number):
    """Killed in the middle of a hundred posts; whoever was answered before must hear the same id afterwards."""
    document = keyed(f"killed-{number}", f"killed-{number}")
    answers, threads = post_at_once(daemon, port, document)
    if number % 2:
        harness.wait_until(lambda: any(answers) or not any(thread.is_alive() for thread in threads), 20, "one answer")
    daemon.kill()
    for thread in threads:
        thread.join()
    daemon.start()
    client = harness.Client(daemon.socket)
    before = {answer["id"] for each in answers if each for status, answer in [each] if status in (200, 201)}
    status, after = client.call("POST", "/v1/notifications", document)
    assert len(before) <= 1 and before <= {after["id"]}, f"{before} before the kill, {after} after it"
    assert status == (200 if before else status)
    status, conflict = client.call("POST", "/v1/notifications", {**document, "tags": {"other": "content"}})
    assert status == 409 and after["id"] in conflict["detail"], conflict
    listed = client.call("GET", f"/v1/notifications?key=killed-{number}&provider=payindex&merchant=m0")[1]
    assert [row["id"] for row in listed["notifications"]] == [after["id"]], listed
    return bool(before)


def test(options, folder):
    port = harness.free_port()
    merchant = harness.Merchant(lambda order, seen: (200, "OK"))
    daemon = harness.Daemon(options.ackd, folder, [merchant.url], tcp_port=port)
    try:
        daemon.start()
        check_at_once(daemon, port)
        check_batch(harness.Client(daemon.socket))
        rounds = options.rounds or 8
        answered = sum(check_kill(daemon, port, number) for number in range(rounds))
        assert answered, "no round was killed after an answer; nothing was shown"
        harness.wait_until_ended(harness.Client(daemon.socket), 60)
        for order in ("once", "twice"):
            assert len(merchant.requests[order]) == 1, f"{order} was sent {len(merchant.requests[order])} times"
        print(f"{CLIENTS} posts of one key gave one notification; {rounds} kills, {answered} after an answer")
        assert daemon.stop() == 0
    finally:
        daemon.end()
        merchant.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
