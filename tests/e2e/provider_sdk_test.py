#!/usr/bin/env python3
"""The providers' own SDKs verify what ackd delivered, and refuse it with one byte changed.

Needs node and npm, and npm's registry; without them the test is skipped. What is installed goes into a folder that is
removed with the test, and no install script runs.
"""

import json
import os
import re
import shutil
import subprocess

import delivery
import harness
import merchants_rsa
import merchants_webhooks
import merchants_wechat

NODE_MAJOR_MIN = 20  # of the newest among the SDKs

VERSIONS = {
    "standardwebhooks": "1.1.1",
    "svix": "1.99.1",
    "stripe": "23.1.0",
    "alipay-sdk": "4.14.0",
    "wechatpay-node-v3": "2.2.1",
    "@octokit/webhooks-methods": "6.0.0",
    "@adyen/api-library": "32.1.0",
}


class AlipayRsaUtf8(merchants_rsa.AlipayRsaGbk):
    """alipay-sdk reads UTF-8 only."""

    variant = "rsa"
    charset = "utf-8"


SDKS = {
    merchants_webhooks.StandardWebhooks: "standardwebhooks",
    merchants_webhooks.Svix: "svix",
    merchants_webhooks.Stripe: "stripe",
    merchants_webhooks.GitHub: "@octokit/webhooks-methods",
    merchants_webhooks.GitHubForm: "@octokit/webhooks-methods",
    merchants_webhooks.Adyen: "@adyen/api-library",
    merchants_rsa.AlipayRsa2: "alipay-sdk",
    AlipayRsaUtf8: "alipay-sdk",
    merchants_wechat.WechatV3: "wechatpay-node-v3",
    merchants_wechat.WechatV3Refund: "wechatpay-node-v3",
    merchants_wechat.WechatV3Sealed: "wechatpay-node-v3",
}


def install(folder):
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise harness.Skipped("node and npm are not installed")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(re.match(r"v(\d+)", version)[1]) < NODE_MAJOR_MIN:
        raise harness.Skipped(f"node {version} is too old for the SDKs; they need {NODE_MAJOR_MIN}")
    packages = [f"{name}@{version}" for name, version in VERSIONS.items()]
    try:
        done = subprocess.run(
            ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1",
             "--loglevel=error", "--prefix", folder, *packages],
            capture_output=True, text=True, timeout=600, check=False)
    except subprocess.TimeoutExpired as trouble:
        raise harness.Skipped("npm did not install the SDKs within 600 s") from trouble
    if done.returncode != 0:
        raise harness.Skipped("npm could not install the SDKs: " + done.stderr.strip()[:400])
    for name, wanted in VERSIONS.items():
        with open(os.path.join(folder, "node_modules", name, "package.json"), encoding="utf-8") as file:
            assert json.load(file)["version"] == wanted, f"{name} is not {wanted}"


def requests_of(done):
    for case in done.cases:
        arrived = done.merchants.arrived[case.id]
        assert [request.verdict for request in arrived] == [delivery.VERIFIED] * 2, f"{case.id}: {arrived}"
        for request in arrived:
            _, changed_body = case.changed_by_stranger(request)
            assert changed_body != request.body
            yield case, {
                "sdk": SDKS[type(case)],
                "headers": {name.lower(): value for name, value in request.headers},
                "body": request.body.decode(),
                "changed_body": changed_body.decode(),
                "secrets": [key.secret for key in case.known],
                "public_key": case.known[0].pair and case.known[0].pair.public_text(),
                "expected": request.values.get("plain"),
            }


def judge(folder, requests):
    place = os.path.join(folder, "requests.json")
    with open(place, "w", encoding="utf-8") as file:
        json.dump(requests, file)
    script = shutil.copy(os.path.join(os.path.dirname(os.path.realpath(__file__)), "provider_sdk.mjs"), folder)
    done = subprocess.run(["node", script, place], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test(options, folder):
    modules = os.path.join(folder, "sdk")
    os.mkdir(modules)
    install(modules)
    done = delivery.Delivery(options, folder, lambda maker: [case_class(maker) for case_class in SDKS])
    try:
        done.run()
        requests = list(requests_of(done))
        verdicts = judge(modules, [request for _, request in requests])
        assert len(verdicts) == len(requests)
        for (case, request), verdict in zip(requests, verdicts):
            assert verdict["accepted"], f"{request['sdk']} refuses {case.id}: {verdict['reasons']}"
            assert verdict["refused"], f"{request['sdk']} accepts {case.id} with a changed byte"
        for case_class, sdk in SDKS.items():
            print(f"  {sdk:26} {VERSIONS[sdk]:8} {case_class.provider} {case_class.variant}: "
                  "2 sends accepted, a changed byte refused")
    finally:
        done.close()


if __name__ == "__main__":
    harness.run(test, __doc__)
