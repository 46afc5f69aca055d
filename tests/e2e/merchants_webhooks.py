"""Receivers of webhooks: JSON bodies with signatures in headers, and Adyen's with its signature inside."""

import base64
import hmac
import json
import urllib.parse
import zlib

from merchant_case import FORM, Answer, Case
from proof import WrongSignature, base64_hmac, recent, require, same_text, verify_ed25519, verify_rsa


class RawCase(Case):
    """The platform's body is what arrives, byte for byte."""

    content_type = "application/json"
    acknowledgement = Answer(202, "")
    refusals = (Answer(500, ""), Answer(301, ""))

    def body_text(self):
        # Odd spacing and an escape: whoever parses and writes it again makes other bytes.
        return f'{{"id" : "{self.order}",\n  "type":"order.paid", "name":"\\u4f1a员", "amount":12.30 }}\n'

    def notification(self):
        return {"body": self.body_text()}

    def verify(self, arrived):
        require(arrived.method == "POST", f"the method is {arrived.method}")
        require(arrived.header("Content-Type") == self.content_type, "the content type")
        self.verify_signature(arrived)
        arrived.values = json.loads(arrived.body)

    def verify_signature(self, arrived):
        raise NotImplementedError

    def check_content(self, arrived):
        require(arrived.body.decode() == self.posted["body"], f"the body is {arrived.body!r}")

    def order_in(self, arrived):
        return arrived.values["id"]


class StandardWebhooks(RawCase):
    """Two keys, as during a rotation: a receiver that knows only one of them must find its signature."""

    provider = "standard_webhooks"
    variant = "two-keys"
    key_count = 2
    prefix = "webhook"
    version = "v1"
    renewed = ("webhook-timestamp", "webhook-signature")
    refusals = (Answer(500, ""), Answer(429, ""))

    def make_secret(self):
        return self.maker.webhook_secret()

    def verify_signature(self, arrived):
        identifier, at = arrived.header(self.prefix + "-id"), arrived.header(self.prefix + "-timestamp")
        require(identifier.startswith("msg_"), f"the id is {identifier}")
        recent(at, "the timestamp")
        signed = f"{identifier}.{at}.".encode() + arrived.body
        signatures = arrived.header(self.prefix + "-signature").split(" ")
        require(len(signatures) == len(self.known), f"{len(signatures)} signatures")
        for key in self.known:
            self.find(key, signed, signatures)

    def find(self, key, signed, signatures):
        expected = "v1," + base64_hmac(base64.b64decode(key.secret.removeprefix("whsec_"), validate=True), signed)
        if not any(hmac.compare_digest(signature, expected) for signature in signatures):
            raise WrongSignature(f"none of {signatures} is {expected}")


class StandardWebhooksEd25519(StandardWebhooks):
    variant = "ed25519"
    key_kinds = ("pair",)
    key_count = 1
    key_algorithm = "ed25519"
    options = {"signing": "ed25519"}

    def find(self, key, signed, signatures):
        version, _, signature = signatures[0].partition(",")
        require(version == "v1a", f"the version is {version}")
        verify_ed25519(key.pair.public_file, signed, signature)


class Svix(StandardWebhooks):
    provider = "svix"
    variant = "two-keys"
    prefix = "svix"
    renewed = ("svix-timestamp", "svix-signature")


class Stripe(RawCase):
    provider = "stripe"
    variant = "two-keys"
    key_count = 2
    renewed = ("Stripe-Signature",)

    def make_secret(self):
        return "whsec_" + self.maker.text()

    def body_text(self):
        return json.dumps({"id": self.order, "object": "event", "type": "charge.succeeded",
                           "data": {"object": {"amount": 1230, "description": "会员"}}}, ensure_ascii=False, indent=2)

    def verify_signature(self, arrived):
        parts = [part.split("=", 1) for part in arrived.header("Stripe-Signature").split(",")]
        require([name for name, _ in parts] == ["t", "v1", "v1"], f"the signature's parts are {parts}")
        at, signatures = parts[0][1], [value for _, value in parts[1:]]
        recent(at, "t")
        for key in self.known:
            expected = hmac.digest(key.secret.encode(), at.encode() + b"." + arrived.body, "sha256").hex()
            if expected not in signatures:
                raise WrongSignature(f"none of {signatures} is {expected}")


class GitHub(RawCase):
    provider = "github"
    variant = "json"
    refusals = (Answer(302, ""), Answer(500, ""))

    def notification(self):
        return {"fields": {"event": "push"}, "body": self.body_text()}

    def verify_signature(self, arrived):
        require(arrived.header("X-GitHub-Event") == "push", "X-GitHub-Event")
        require(len(arrived.header("X-GitHub-Delivery")) == 36, "X-GitHub-Delivery is no UUID")
        expected = "sha256=" + hmac.digest(self.secret.encode(), arrived.body, "sha256").hex()
        same_text(arrived.header("X-Hub-Signature-256"), expected, "X-Hub-Signature-256")


class GitHubForm(GitHub):
    """The signature covers the encoded bytes of the form."""

    variant = "form"
    content_type = FORM
    options = {"content_type": FORM}

    def verify(self, arrived):
        payload = urllib.parse.parse_qs(arrived.body.decode("ascii"), strict_parsing=True)["payload"][0]
        require(arrived.header("Content-Type") == self.content_type, "the content type")
        self.verify_signature(arrived)
        arrived.values = {**json.loads(payload), "payload": payload}

    def check_content(self, arrived):
        require(arrived.values["payload"] == self.posted["body"], f"the payload is {arrived.values['payload']!r}")


class PayPal(RawCase):
    provider = "paypal"
    key_kinds = ("pair",)
    acknowledgement = Answer(204, "")
    webhook_id = "1JE4291016473214C"
    certificate_url = "https://api.paypal.example/v1/notifications/certs/CERT-360caa42"
    options = {"webhook_id": webhook_id, "cert_url": certificate_url}

    def body_text(self):
        return super().body_text().replace('"type"', '"event_type"')

    def verify_signature(self, arrived):
        require(arrived.header("PAYPAL-AUTH-ALGO") == "SHA256withRSA", "PAYPAL-AUTH-ALGO")
        require(arrived.header("PAYPAL-CERT-URL") == self.certificate_url, "PAYPAL-CERT-URL")
        parts = [arrived.header("PAYPAL-TRANSMISSION-ID"), arrived.header("PAYPAL-TRANSMISSION-TIME"),
                 self.webhook_id, str(zlib.crc32(arrived.body))]
        verify_rsa("sha256", self.public_file, "|".join(parts).encode(), arrived.header("PAYPAL-TRANSMISSION-SIG"))


class Adyen(Case):
    provider = "adyen"
    acknowledgement = Answer(202, "")
    refusals = (Answer(500, "[accepted]"), Answer(302, "[accepted]"))
    signed = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference")

    def make_secret(self):
        return self.maker.hex_text()

    def notification(self):
        return {"fields": {
            "live": "false", "pspReference": "7914073381342284", "originalReference": "",
            "merchantAccountCode": "Test:Merchant\\CN", "merchantReference": self.order, "amount.value": "1130",
            "amount.currency": "EUR", "eventCode": "AUTHORISATION", "success": "true", "paymentMethod": "visa",
            "reason": "批准 \"1234\"", "eventDate": "2026-03-01T12:00:00+08:00", "operations": '["CANCEL","REFUND"]',
        }}

    def verify(self, arrived):
        require(arrived.method == "POST" and arrived.header("Content-Type") == "application/json", "not a JSON POST")
        document = json.loads(arrived.body)
        require(document["live"] == "false" and len(document["notificationItems"]) == 1, "live or the items")
        arrived.values = item = document["notificationItems"][0]["NotificationRequestItem"]
        parts = [item.get(name, "") for name in self.signed]
        parts += [str(item["amount"]["value"]), item["amount"]["currency"], item["eventCode"], item["success"]]
        expected = base64_hmac(bytes.fromhex(self.secret), ":".join(parts).encode())
        same_text(item["additionalData"]["hmacSignature"], expected, "hmacSignature")

    def check_content(self, arrived):
        item = arrived.values
        require(item["amount"] == {"value": 1130, "currency": "EUR"}, f"the amount is {item['amount']}")
        require(item["operations"] == ["CANCEL", "REFUND"], f"the operations are {item['operations']}")
        for name, value in self.posted["fields"].items():
            if name not in ("live", "operations") and "." not in name:
                require(item[name] == value, f"{name} is {item[name]!r}")

    def order_in(self, arrived):
        return arrived.values["merchantReference"]


class Generic(Case):
    """The start for a platform's own protocol, with fields."""

    provider = "generic"
    variant = "fields"
    renewed = ("X-Timestamp", "X-Signature")
    acknowledgement = Answer(201, "")

    def notification(self):
        return {"fields": {"id": self.order, "event": "order.paid", "note": "中文 \"quoted\""}}

    def verify(self, arrived):
        require(arrived.method == "POST" and arrived.header("Content-Type") == "application/json", "not a JSON POST")
        at = arrived.header("X-Timestamp")
        recent(at, "X-Timestamp")
        expected = hmac.digest(self.secret.encode(), at.encode() + b"." + arrived.body, "sha256").hex()
        same_text(arrived.header("X-Signature"), "sha256=" + expected, "X-Signature")
        arrived.values = json.loads(arrived.body)

    def check_content(self, arrived):
        require(arrived.values == self.posted["fields"], f"the body is {arrived.values}")

    def order_in(self, arrived):
        return arrived.values["id"]


CASES = [StandardWebhooks, StandardWebhooksEd25519, Svix, Stripe, GitHub, GitHubForm, PayPal, Adyen, Generic]
