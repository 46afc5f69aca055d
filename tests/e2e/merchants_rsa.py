"""Merchants of gateways that sign with RSA, which the openssl command verifies, or with a digest instead."""

import hashlib
import tempfile

from merchant_case import Answer, PairsCase, joined, sorted_pairs
from merchants_digest import ALLINPAY_SIGNED, BILL99_BEFORE_BIND, BILL99_BEHIND_BIND, AllinpayMd5, Bill99Md5
from proof import hex_digest, must, require, same_text, verify_rsa


class Bill99Rsa(Bill99Md5):
    """signType 4: the bound card and phone are in the list, the key is not in the text."""

    variant = "signtype4-utf8"
    key_kinds = ("pair",)
    charset = "utf-8"
    unsent = ("inputCharset",)
    fields = {**Bill99Md5.fields, "signType": "4", "inputCharset": "1"}

    def verify_values(self, values):
        signed = joined(values, BILL99_BEFORE_BIND + ["bindCard", "bindMobile"] + BILL99_BEHIND_BIND)
        verify_rsa("sha1", self.public_file, self.encoded(signed), values["signMsg"])


class Bill99RsaGbk(Bill99Rsa):
    variant = "signtype4-gbk"
    charset = "gbk"
    options = {"space": "percent20"}
    fields = {**Bill99Rsa.fields, "inputCharset": "3"}

    def protocol_text(self, arrived):
        text = super().protocol_text(arrived)
        require(b"+" not in text.replace(b"%2B", b"") and b"%20" in text, "a space is not %20")
        return text


class Bill99Split(PairsCase):
    provider = "bill99_split"
    key_kinds = ("pair",)
    method = "GET"
    charset = "gbk"
    sends_empty = True
    unsent = ("inputCharset",)
    order_field = "orderId"
    own_query = "orderId=DEMO901234"  # of the merchant's own, as in the published callback
    acknowledgement = Answer(200, "<result>1</result><redirecturl>{server}/payer</redirecturl>")
    refusals = Bill99Md5.refusals
    fields = {
        "orderVersion": "2", "merchantAcctId": "1001213884201", "version": "v2.0", "language": "1", "signType": "4",
        "payType": "10", "bankId": "CMB", "pid": "10012138843", "orderTime": "20260301120000", "orderAmount": "1000",
        "dealId": "25753688", "bankDealId": "", "dealTime": "20260301120130", "payAmount": "1000", "fee": "",
        "payeeContactType": "1", "payeeContact": "a@99bill.com", "payeeAmount": "1000", "ext1": "1^a@b.c^1000^0^备注|",
        "ext2": "", "payResult": "10", "sharingResult": "1^a@99bill.com^1000^10", "errCode": "", "inputCharset": "2",
    }
    signed = ["version", "language", "signType", "payType", "bankId", "pid", "orderId", "orderTime", "orderAmount",
              "dealId", "bankDealId", "dealTime", "payAmount", "fee", "payeeContactType", "payeeContact",
              "payeeAmount", "ext1", "ext2", "payResult", "sharingResult", "errCode"]

    def verify_values(self, values):
        verify_rsa("sha1", self.public_file, self.encoded(joined(values, self.signed)), values["signMsg"])


class AllinpayRsa(AllinpayMd5):
    variant = "signtype1-utf8"
    key_kinds = ("pair",)
    charset = "utf-8"
    fields = {**AllinpayMd5.fields, "signType": "1", "inputCharset": "1"}

    def verify_values(self, values):
        verify_rsa("sha1", self.public_file, self.encoded(joined(values, ALLINPAY_SIGNED)), values["signMsg"])


class AlipayRsa2(PairsCase):
    provider = "alipay"
    variant = "rsa2"
    key_kinds = ("pair",)
    order_field = "out_trade_no"
    acknowledgement = Answer(200, "success")
    refusals = (Answer(200, "success\n"), Answer(200, "SUCCESS"), Answer(302, "success"), Answer(200, "fail"))
    sign_type = "RSA2"
    fields = {
        "app_id": "2014072300007148", "trade_no": "2026030121001004680200000001", "buyer_id": "2088102122524333",
        "trade_status": "TRADE_SUCCESS", "total_amount": "88.80", "receipt_amount": "88.80", "subject": "大乐透 2.1",
        "body": "", "fund_bill_list": '[{"amount":"88.80","fundChannel":"ALIPAYACCOUNT"}]',
        "passback_params": "merchantBizType%3d3C&a=b+c", "gmt_payment": "2026-03-01 12:01:30",
        "voucher_detail_list": "[]",
    }

    def notification(self):
        return {"fields": {**super().notification()["fields"], "sign_type": self.sign_type, "charset": self.charset}}

    def private_text(self, pair):
        return pair.bare_private_text()

    def verify_values(self, values):
        require(values["sign_type"] == self.sign_type, f"sign_type is {values['sign_type']}")
        for name in ("notify_time", "notify_type", "notify_id", "version"):
            require(values.get(name), f"{name} is missing")
        self.verify_sign(sorted_pairs(values, ("sign", "sign_type")), values["sign"])

    def verify_sign(self, signed, sign):
        verify_rsa("sha256", self.public_file, self.encoded(signed), sign)


class AlipayRsaGbk(AlipayRsa2):
    variant = "rsa-gbk"
    charset = "gbk"
    sign_type = "RSA"

    def verify_sign(self, signed, sign):
        verify_rsa("sha1", self.public_file, self.encoded(signed), sign)


class AlipayMd5(AlipayRsa2):
    variant = "md5"
    key_kinds = ("secret",)
    sign_type = "MD5"

    def verify_sign(self, signed, sign):
        self.same_digest("md5", signed + self.secret, sign, upper=False)


class UnionPay500(PairsCase):
    """Version 5.0.0: RSA with SHA-1 over the hex text of a SHA-1; the merchant finds the certificate by its number."""

    provider = "unionpay"
    variant = "5.0.0-gbk"
    key_kinds = ("pair",)
    charset = "gbk"
    order_field = "orderId"
    own_query = "shop=7"
    serial = 68759585097
    acknowledgement = Answer(302, "")
    refusals = (Answer(404, ""), Answer(500, "ok"))
    own_fields = {"version": "5.0.0", "encoding": "GBK", "signMethod": "01", "certId": str(serial)}
    fields = {
        "txnType": "01", "txnSubType": "01", "bizType": "000201", "accessType": "0", "merId": "777290058110048",
        "txnTime": "20260301120000", "txnAmt": "1000", "currencyCode": "156", "reqReserved": "透传 {a=1&b=2}",
        "queryId": "202603011200001234568", "respCode": "00", "respMsg": "成功[0000000]", "settleAmt": "1000",
        "settleCurrencyCode": "156", "settleDate": "0301", "traceNo": "123456", "traceTime": "0301120000",
        "accNo": "6216***0018", "payCardType": "",
    }

    def notification(self):
        fields = super().notification()["fields"]
        return {"fields": {**self.own_fields, **fields}}

    def verify_values(self, values):
        require(int(values["certId"]) == self.serial, "the certificate is unknown")
        digest = hex_digest("sha1", self.encoded(sorted_pairs(values, ("signature",))))
        verify_rsa("sha1", self.public_file, digest.encode(), values["signature"])


class UnionPay510(UnionPay500):
    """Version 5.1.0: RSA with SHA-256 over the hex text of a SHA-256; the certificate comes with the request."""

    variant = "5.1.0"
    charset = "utf-8"
    own_query = ""
    acknowledgement = Answer(200, "")
    own_fields = {"version": "5.1.0", "encoding": "UTF-8", "signMethod": "01", "certId": ""}

    def notification(self):
        certificate = self.known[0].pair.certificate(self.serial).replace("\n", "\r\n")
        fields = super().notification()["fields"]
        return {"fields": {**fields, "signPubKeyCert": certificate}}

    def verify_values(self, values):
        certificate = values["signPubKeyCert"].encode()
        must(["verify", "-CAfile", self.known[0].pair.certificate_file, "-no_check_time"], certificate)
        digest = hex_digest("sha256", self.encoded(sorted_pairs(values, ("signature",))))
        with tempfile.NamedTemporaryFile() as public_file:
            public_file.write(must(["x509", "-noout", "-pubkey"], certificate))
            public_file.flush()
            verify_rsa("sha256", public_file.name, digest.encode(), values["signature"])


class UnionPaySecureKey(UnionPay510):
    """signMethod 11: SHA-256 over the text and the hex text of the key's SHA-256."""

    variant = "signmethod11"
    key_kinds = ("secret",)
    own_fields = {"version": "5.1.0", "encoding": "UTF-8", "signMethod": "11"}

    def notification(self):
        return UnionPay500.notification(self)

    def verify_values(self, values):
        signed = sorted_pairs(values, ("signature",)) + "&" + hashlib.sha256(self.secret.encode()).hexdigest()
        same_text(values["signature"], hex_digest("sha256", self.encoded(signed)), "signature")


CASES = [Bill99Rsa, Bill99RsaGbk, Bill99Split, AllinpayRsa, AlipayRsa2, AlipayRsaGbk, AlipayMd5, UnionPay500,
         UnionPay510, UnionPaySecureKey]
