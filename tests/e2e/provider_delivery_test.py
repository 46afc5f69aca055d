#!/usr/bin/env python3
"""Every provider delivers over HTTP to a merchant that verifies the signature with code that is not ackd's.

Each merchant refuses the first attempt with an answer that its protocol does not take for an acknowledgement, and
acknowledges the second one. Beside it stands a merchant for each key that may be the wrong one: it never sees a right
signature. And whatever a stranger changes in a request that was right makes its signature wrong.
"""

import copy
import os
import time

import delivery
import harness
import merchants_digest
import merchants_rsa
import merchants_webhooks
import merchants_wechat
from merchant_case import every_case
from proof import WrongSignature

CASES = merchants_digest.CASES + merchants_rsa.CASES + merchants_wechat.CASES + merchants_webhooks.CASES


def check_coverage():
    folder = os.path.join(harness.SOURCE, "schedules")
    shipped = {name.removesuffix(".yaml") for name in os.listdir(folder) if name.endswith(".yaml")}
    covered = {case_class.provider for case_class in CASES}
    assert shipped == covered, f"without a merchant here: {shipped - covered}; without a profile: {covered - shipped}"


def check_attempts(case, record, requests, url):
    """Both attempts are on record as they arrived."""
    assert record["state"] == "delivered", f"{case.id}: {record['state']} {record.get('reason')}"
    attempts = record["attempt_list"]
    assert [attempt["outcome"] for attempt in attempts] == ["rejected", "acknowledged"], f"{case.id}: {attempts}"
    answered = [case.refusals[0].status, case.acknowledgement.status]
    assert [attempt["status"] for attempt in attempts] == answered, f"{case.id}: {attempts}"
    for attempt, request in zip(attempts, requests):
        arrived = delivery.request_hash(url, request)
        assert attempt["request_hash"] == arrived, f"{case.id}: another request is on record"
        assert attempt["sends"] == 1, f"{case.id}: {attempt}"
        for number in range(case.key_count):
            assert f"{case.id}-{number}" in attempt["key_id"].split(","), f"{case.id}: {attempt['key_id']}"
        if "Wechatpay-Nonce" in case.renewed:
            assert attempt["nonce"] == request.header("Wechatpay-Nonce"), f"{case.id}: another nonce is on record"


def check_repeat(case, first, second, delay):
    """The second attempt differs in what its protocol renews, and in nothing else."""
    assert second.at - first.at >= delay, f"{case.id}: repeated after {second.at - first.at:.3f} s"
    assert (first.method, first.target, first.body) == (second.method, second.target, second.body), (
        f"{case.id}: the repeat is another message:\n{first.target}\n{first.body}\n{second.target}\n{second.body}")
    renewed = {name.lower() for name in case.renewed}
    for (name, before), (again, after) in zip(first.headers, second.headers, strict=True):
        assert name == again, f"{case.id}: header {name} became {again}"
        if name.lower() in renewed:
            assert before != after, f"{case.id}: {name} was not renewed"
        else:
            assert before == after, f"{case.id}: {name} changed from {before} to {after}"


def check_stranger(case, request):
    changed = copy.copy(request)
    changed.target, changed.body = case.changed_by_stranger(request)
    assert (changed.target, changed.body) != (request.target, request.body), f"{case.id}: nothing was changed"
    try:
        case.verify(changed)
    except WrongSignature:
        return
    raise AssertionError(f"{case.id}: a changed request verifies; this merchant verifies nothing")


def check_right(done, case):
    arrived = done.merchants.arrived[case.id]
    assert all(request.verdict == delivery.VERIFIED for request in arrived), (
        f"{case.id}: {[(request.verdict, request.target, request.body) for request in arrived]}")
    requests = [request for request in arrived if not request.is_probe]
    assert len(requests) == 2, f"{case.id}: {len(requests)} requests"
    check_attempts(case, done.records[case.id], requests, done.merchants.url)
    check_repeat(case, *requests, done.delay_of(case.provider))
    check_stranger(case, requests[0])
    probes = len(arrived) - len(requests)
    print(f"  {case.provider:18} {case.variant:22} 2 sends verified" + f", {probes} probe" * bool(probes))


def check_wrong(done, case):
    arrived, record = done.merchants.arrived[case.id], done.records[case.id]
    verdicts = [request.verdict for request in arrived]
    assert verdicts and set(verdicts) == {delivery.WRONG_SIGNATURE}, f"{case.id}: {verdicts}"
    if record["state"] == "held" and case.probed_first:
        return
    assert record["state"] == "exhausted" and len(record["attempt_list"]) == 2, f"{case.id}: {record}"


def failure_of(done, case):
    """One wrong profile must not hide another."""
    try:
        (check_wrong if case.wrong_kind else check_right)(done, case)
    except AssertionError as failure:
        return str(failure)
    return None


def test(options, folder):
    check_coverage()
    started = time.monotonic()
    done = delivery.Delivery(options, folder, lambda maker: every_case(CASES, maker))
    try:
        done.run()
        failures = [failure for failure in (failure_of(done, case) for case in done.cases) if failure]
        assert not failures, "\n".join(failures)
        assert not done.merchants.strays, f"fetched, and must not be: {done.merchants.strays}"
        wrong = sum(case.wrong_kind is not None for case in done.cases)
        print(f"{len({case.provider for case in CASES})} providers, {len(CASES)} merchants delivered and verified, "
              f"{wrong} merchants with another key saw only wrong signatures, "
              f"in {time.monotonic() - started:.1f} s")
    finally:
        done.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
