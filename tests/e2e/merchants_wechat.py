"""Merchants of WeChat Pay: XML of version 2, sealed JSON of version 3."""

import base64
import hashlib
import hmac
import json

from aes_gcm import AesGcm, WrongTag
from merchant_case import Answer, Case, PairsCase, sorted_pairs
from proof import WrongSignature, recent, require, same_text, verify_rsa


class WechatV2(PairsCase):
    provider = "wechat_v2"
    variant = "md5"
    media_type = "text/xml"
    order_field = "out_trade_no"
    sign_type = "MD5"
    acknowledgement = Answer(200, "<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>")
    refusals = (Answer(200, "success"), Answer(200, "<xml><return_code>FAIL</return_code></xml>"),
                Answer(200, "<xml><return_code>SUCCESS</return_code>"))
    fields = {
        "return_code": "SUCCESS", "return_msg": "", "appid": "wx2421b1c4370ec43b", "mch_id": "10000100",
        "result_code": "SUCCESS", "openid": "oUpF8uMEb4qRXf22hE3X68TekukE", "is_subscribe": "Y", "trade_type": "APP",
        "bank_type": "CFT", "total_fee": "101", "cash_fee": "100", "coupon_fee": "1", "coupon_count": "1",
        "coupon_id_0": "1000", "transaction_id": "1004400740202603010005092168", "time_end": "20260301131540",
        "attach": "<支付> & ]]> \"测试\" 100%",
    }

    def notification(self):
        return {"fields": {**super().notification()["fields"], "sign_type": self.sign_type}}

    def verify(self, arrived):
        require(arrived.method == "POST" and arrived.query() == b"", "not a POST without a query")
        self.check_content_type(arrived.header("Content-Type"))
        arrived.values = values = arrived.read_xml()
        require(values["sign_type"] == self.sign_type and values["nonce_str"], "sign_type or nonce_str")
        signed = sorted_pairs(values, ("sign",)) + "&key=" + self.secret
        same_text(values["sign"], self.digest(signed.encode()).upper(), "sign")

    def digest(self, signed):
        return hashlib.md5(signed).hexdigest()


class WechatV2Hmac(WechatV2):
    variant = "hmac"
    sign_type = "HMAC-SHA256"

    def digest(self, signed):
        return hmac.digest(self.secret.encode(), signed, "sha256").hex()


class WechatV3(Case):
    """The platform gives the plain resource as a body; ackd seals it with the APIv3 key and signs the whole."""

    provider = "wechat_v3"
    variant = "plain-body"
    key_kinds = ("secret", "pair")
    serial = "3775B6A45ACD588826D15E583A95F5DD12345678"
    options = {"serial": serial}
    renewed = ("Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Signature")
    acknowledgement = Answer(204, "")
    refusals = (Answer(401, '{"code":"FAIL","message":"签名错误"}'), Answer(302, ""), Answer(500, ""))

    def resource(self):
        return json.dumps({
            "mchid": "1230000109", "appid": "wxd678efh567hg6787", "out_trade_no": self.order, "trade_state": "SUCCESS",
            "trade_state_desc": "支付成功", "attach": "自定义 \"数据\"", "amount": {"total": 100, "payer_total": 90},
        }, ensure_ascii=False)

    def notification(self):
        return {"body": self.resource()}

    def verify(self, arrived):
        require(arrived.method == "POST", f"the method is {arrived.method}")
        require(arrived.header("Content-Type") == "application/json", "not application/json")
        require(arrived.header("Wechatpay-Signature-Type") == "WECHATPAY2-SHA256-RSA2048", "the signature's type")
        require(arrived.header("Wechatpay-Serial") == self.serial, "the serial of the platform's certificate")
        timestamp, nonce = arrived.header("Wechatpay-Timestamp"), arrived.header("Wechatpay-Nonce")
        recent(timestamp, "Wechatpay-Timestamp")
        signed = f"{timestamp}\n{nonce}\n".encode() + arrived.body + b"\n"
        verify_rsa("sha256", self.public_file, signed, arrived.header("Wechatpay-Signature"))
        self.open(arrived)

    def open(self, arrived):
        document = json.loads(arrived.body)
        require(document["resource_type"] == "encrypt-resource", "the resource's type")
        resource = document["resource"]
        require(resource["algorithm"] == "AEAD_AES_256_GCM" and len(resource["nonce"]) == 12, "algorithm or nonce")
        sealed = base64.b64decode(resource["ciphertext"], validate=True)
        try:
            plain = AesGcm(self.secret.encode()).open(resource["nonce"].encode(), sealed,
                                                      resource["associated_data"].encode())
        except WrongTag as trouble:
            raise WrongSignature(str(trouble)) from trouble
        arrived.values = {**document, "plain": plain.decode()}

    def check_content(self, arrived):
        require(arrived.values["plain"] == self.resource(), f"the resource is {arrived.values['plain']}")
        require(set(arrived.values) == {"id", "create_time", "resource_type", "event_type", "summary", "resource",
                                        "plain"}, f"the members are {list(arrived.values)}")

    def order_in(self, arrived):
        return json.loads(arrived.values["plain"])["out_trade_no"]

    def changed_by_stranger(self, arrived):
        # The order is sealed; the time stands in the open.
        changed = arrived.body.replace(b'"create_time":"2', b'"create_time":"3')
        return arrived.target, changed


class WechatV3Refund(WechatV3):
    """The resource as a field, with another event and summary."""

    variant = "refund-field"
    acknowledgement = Answer(200, "ignored")

    def notification(self):
        return {"fields": {"plaintext": self.resource(), "event_type": "REFUND.SUCCESS", "summary": "退款成功",
                           "original_type": "refund", "associated_data": "refund"}}

    def check_content(self, arrived):
        super().check_content(arrived)
        require(arrived.values["event_type"] == "REFUND.SUCCESS" and arrived.values["summary"] == "退款成功"
                and arrived.values["resource"]["original_type"] == "refund", "the refund's fields")


class WechatV3Sealed(WechatV3):
    """The platform seals by itself; its document is sent byte for byte."""

    variant = "sealed-body"
    key_kinds = ("pair",)

    def make_key(self):
        return super().make_key()._replace(secret=self.maker.text())

    def notification(self):
        nonce = self.maker.text(12)
        sealed = AesGcm(self.secret.encode()).seal(nonce.encode(), self.resource().encode(), b"transaction")
        return {"body": json.dumps({
            "id": self.order, "create_time": "2026-03-01T12:00:00+08:00", "resource_type": "encrypt-resource",
            "event_type": "TRANSACTION.SUCCESS", "summary": "支付成功",
            "resource": {"original_type": "transaction", "algorithm": "AEAD_AES_256_GCM",
                         "ciphertext": base64.b64encode(sealed).decode(), "associated_data": "transaction",
                         "nonce": nonce},
        }, ensure_ascii=False, indent=1)}

    def check_content(self, arrived):
        super().check_content(arrived)
        require(arrived.body.decode() == self.posted["body"], "the body is not the platform's")

    def changed_by_stranger(self, arrived):
        return Case.changed_by_stranger(self, arrived)


CASES = [WechatV2, WechatV2Hmac, WechatV3, WechatV3Refund, WechatV3Sealed]
