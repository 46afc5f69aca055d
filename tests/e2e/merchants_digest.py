"""Merchants of gateways that sign with a digest over pairs or bare values and a shared key."""

import hashlib

from merchant_case import Answer, PairsCase, joined, sorted_pairs
from proof import require, same_text


class Hexi(PairsCase):
    provider = "hexi"
    method = "GET"
    charset = "gbk"
    wire_order = ["v_orderid", "v_orderdate", "v_price", "v_billno", "v_custom1", "v_custom2", "v_mobileno",
                  "v_servicename", "v_payvia", "v_payviastr", "v_md5", "v_pstatus", "v_pstring", "v_server"]
    sends_empty = True
    order_field = "v_orderid"
    probed_first = True
    acknowledgement = Answer(200, " OK\r\n")
    refusals = (Answer(200, "error"), Answer(200, ""), Answer(500, "ok"))
    pay_mode = ""
    fields = {
        "v_orderdate": "2026-03-01 12:34:56", "v_price": "12345", "v_billno": "B20260301-7", "v_custom1": "",
        "v_custom2": "备注 100%&=", "v_mobileno": "13800138000", "v_servicename": "彩铃下载", "v_payvia": "3",
        "v_payviastr": "神州行", "v_pstatus": "1", "v_pstring": "支付成功",
    }

    def number_at_hexi(self):
        return self.id

    def verify_values(self, values):
        require(values["v_server"] == "1", "v_server is not 1")
        signed = "".join(values[name] for name in ("v_orderid", "v_billno", "v_custom1", "v_custom2", "v_price",
                                                   "v_payvia"))
        signed += self.number_at_hexi() + values["v_pstatus"] + self.secret + self.pay_mode
        self.same_digest("md5", signed, values["v_md5"])


class HexiTestMode(Hexi):
    variant = "testmode"
    pay_mode = "testmode"
    options = {"v_paymode": "testmode", "reg_userid": "1000123"}
    own_query = "shop=7"

    def number_at_hexi(self):
        return "1000123"


class IpayNow(PairsCase):
    """The interface document: a raw body that is no form to a servlet, signType not signed."""

    provider = "ipaynow"
    media_type = "text/plain"
    order_field = "mhtOrderNo"
    wire_order = ["funcode", "appId", "mhtOrderNo", "mhtOrderName", "mhtOrderType", "mhtCurrencyType", "mhtOrderAmt",
                  "mhtOrderTimeOut", "mhtOrderStartTime", "mhtCharset", "deviceType", "payChannelType",
                  "nowPayOrderNo", "channelOrderNo", "tradeStatus", "mhtReserved", "signType", "signature"]
    unsigned = ("signature", "signType")
    acknowledgement = Answer(200, "success=Y\n")
    refusals = (Answer(200, "{'success':'Y'}"), Answer(200, "success=N"), Answer(200, "SUCCESS=Y"))
    fields = {
        "appId": "1409801351286401", "mhtOrderName": "会员 1/2 *新年*", "mhtOrderType": "01", "mhtOrderAmt": "990",
        "mhtOrderTimeOut": "", "mhtOrderStartTime": "20260301120000", "deviceType": "06", "payChannelType": "13",
        "nowPayOrderNo": "200401202603011200001", "tradeStatus": "A001", "mhtReserved": "a=b&c!@#",
    }

    def verify_values(self, values):
        require(values["funcode"] == "N001" and values["signType"] == "MD5", "funcode or signType")
        require(values["mhtCurrencyType"] == "156" and values["mhtCharset"] == "UTF-8", "currency or charset")
        key = hashlib.md5(self.secret.encode()).hexdigest()
        self.same_digest("md5", sorted_pairs(values, self.unsigned) + "&" + key, values["signature"], upper=False)


class IpayNowForm(IpayNow):
    variant = "form-signtype-signed"
    media_type = "application/x-www-form-urlencoded"
    unsigned = ("signature",)
    options = {"content_type": "application/x-www-form-urlencoded; charset=UTF-8", "sign_type_signed": "true"}


class IpayNow25h(IpayNow):
    provider = "ipaynow_25h"


class IpayNowV1(IpayNow):
    """The gateway of 2017: signType signed, transStatus, ASCII order on the wire."""

    provider = "ipaynow_v1"
    unsigned = ("signature",)
    wire_order = None
    options = {"wire_order": "by_name"}
    fields = {
        **{name: value for name, value in IpayNow.fields.items() if name != "tradeStatus"}, "version": "1.0.0",
        "oriMhtOrderAmt": "1000", "discountAmt": "10", "payTime": "20260301120130", "payConsumerId": "o1+/=",
        "mhtSubMchId": "", "bankType": "CFT", "cardType": "1", "transStatus": "A001",
    }

    def check_content(self, arrived):
        super().check_content(arrived)
        require(list(arrived.values) == sorted(arrived.values), "the pairs are not in ASCII order")


BILL99_BEFORE_BIND = ["merchantAcctId", "version", "language", "signType", "payType", "bankId", "orderId", "orderTime",
                      "orderAmount"]
BILL99_BEHIND_BIND = ["dealId", "bankDealId", "dealTime", "payAmount", "fee", "ext1", "ext2", "payResult", "errCode"]


class Bill99Md5(PairsCase):
    provider = "bill99"
    variant = "signtype1-gbk"
    method = "GET"
    charset = "gbk"
    sends_empty = True
    unsent = ("inputCharset", "bindCard", "bindMobile")
    order_field = "orderId"
    # The payer is sent to the redirecturl, so the daemon must never fetch it.
    acknowledgement = Answer(200, "\r\n <result>1</result><redirecturl>{server}/payer</redirecturl>")
    refusals = (Answer(200, "<result>0</result><redirecturl>{server}/payer</redirecturl>"),
                Answer(200, "<result>10</result>"), Answer(200, "1"))
    fields = {
        "merchantAcctId": "1001153656201", "version": "v2.0", "language": "1", "signType": "1", "payType": "10",
        "bankId": "", "orderTime": "20260301120000", "orderAmount": "1999", "bindCard": "62****1234",
        "bindMobile": "138****8000", "dealId": "57000001", "bankDealId": "2026/03+01", "dealTime": "20260301120130",
        "payAmount": "1999", "fee": "8", "ext1": "快钱 会员=&100%", "ext2": "", "payResult": "10", "errCode": "",
        "inputCharset": "2",
    }

    def verify_values(self, values):
        signed = joined(values, BILL99_BEFORE_BIND + BILL99_BEHIND_BIND) + "&key=" + self.secret
        self.same_digest("md5", signed, values["signMsg"])


class Bill99Legacy(PairsCase):
    provider = "bill99_legacy"
    method = "GET"
    charset = "gbk"
    sends_empty = True
    order_field = "orderid"
    acknowledgement = Answer(200, "")
    refusals = (Answer(404, ""),)
    fields = {"merchant_id": "888888", "amount": "", "date": "20260301", "succeed": "Y", "merchant_param": "自定义",
              "couponid": "", "couponvalue": ""}

    def verify_values(self, values):
        names = ["merchant_id", "orderid", "amount", "date", "succeed"]
        self.same_digest("md5", joined(values, names, keep_empty=True) + "&merchant_key=" + self.secret, values["mac"])


class ChinaBank(PairsCase):
    provider = "chinabank"
    charset = "gbk"
    sends_empty = True
    order_field = "v_oid"
    wire_order = ["v_oid", "v_pstatus", "v_pstring", "v_pmode", "v_md5str", "v_amount", "v_moneytype", "remark1",
                  "remark2"]
    acknowledgement = Answer(200, "ok")
    refusals = (Answer(200, "ok\n"), Answer(200, " ok"), Answer(200, "OK"), Answer(200, "error"))
    fields = {"v_pstatus": "20", "v_pstring": "支付完成", "v_pmode": "工商银行", "v_amount": "0.10",
              "v_moneytype": "CNY", "remark1": "", "remark2": "[url:=http://merchant/notify]"}

    def verify_values(self, values):
        signed = values["v_oid"] + values["v_pstatus"] + values["v_amount"] + values["v_moneytype"] + self.secret
        self.same_digest("md5", signed, values["v_md5str"])


class Dinpay(PairsCase):
    provider = "dinpay"
    order_field = "order_no"
    acknowledgement = Answer(200, "SUCCESS")
    refusals = (Answer(200, "success"), Answer(200, "SUCCESS\n"), Answer(200, "SUCCESS!"))
    fields = {"merchant_code": "1111110166", "order_time": "2026-03-01 12:00:00", "order_amount": "0.10",
              "trade_status": "SUCCESS", "trade_time": "2026-03-01 12:01:00", "trade_no": "1000522486",
              "bank_seq_no": "", "extra_return_param": "会员编号 7"}

    def verify_values(self, values):
        require(values["interface_version"] == "V3.0" and values["sign_type"] == "MD5", "version or sign_type")
        require(values["notify_type"] == "offline_notify" and values["notify_id"], "notify_type or notify_id")
        signed = sorted_pairs(values, ("sign", "sign_type")) + "&key=" + self.secret
        self.same_digest("md5", signed, values["sign"], upper=False)


ALLINPAY_SIGNED = ["merchantId", "version", "language", "signType", "payType", "issuerId", "paymentOrderId", "orderNo",
                   "orderDatetime", "orderAmount", "payDatetime", "payAmount", "ext1", "ext2", "payResult",
                   "errorCode", "returnDatetime"]


class AllinpayMd5(PairsCase):
    provider = "allinpay"
    variant = "signtype0-gbk"
    charset = "gbk"
    sends_empty = True
    unsent = ("inputCharset",)
    order_field = "orderNo"
    acknowledgement = Answer(200, "whatever")
    refusals = (Answer(302, "success"), Answer(500, "success"))
    fields = {
        "merchantId": "100020091218001", "version": "v1.0", "language": "1", "signType": "0", "payType": "1",
        "issuerId": "", "paymentOrderId": "202603011550202205", "orderDatetime": "20260301150122",
        "orderAmount": "100", "payDatetime": "20260301155026", "payAmount": "100", "ext1": "通联 支付", "ext2": "",
        "payResult": "1", "errorCode": "", "returnDatetime": "20260301155030", "userName": "张三", "inputCharset": "2",
    }

    def verify_values(self, values):
        self.same_digest("md5", joined(values, ALLINPAY_SIGNED) + "&key=" + self.secret, values["signMsg"])


class PayIndex(PairsCase):
    provider = "payindex"
    order_field = "orderid"
    acknowledgement = Answer(200, "OK")
    refusals = (Answer(200, "ok"), Answer(200, "NOTOK"), Answer(200, "<html>OK"))
    fields = {"memberid": "10002", "amount": "100.00", "true_amount": "99.98", "transaction_id": "P2026",
              "datetime": "20260301120130", "returncode": "00", "attach": "附加 a&b=c"}

    def verify_values(self, values):
        signed = sorted_pairs(values, ("sign", "attach")) + "&key=" + self.secret
        self.same_digest("md5", signed, values["sign"])


class PayIndexFixedList(PayIndex):
    """A merchant built on the early samples: no true_amount, and an empty attach that must not be sent."""

    variant = "fixed-list"
    unsent = ("true_amount",)
    options = {"send_true_amount": "false"}
    fields = {**PayIndex.fields, "attach": ""}

    def verify_values(self, values):
        names = ["amount", "datetime", "memberid", "orderid", "returncode", "transaction_id"]
        self.same_digest("md5", joined(values, names, keep_empty=True) + "&key=" + self.secret, values["sign"])


class PayIndexGbk(PayIndex):
    variant = "gbk"
    charset = "gbk"
    options = {"charset": "gbk"}


class Dhpay(PairsCase):
    provider = "dhpay"
    method = "GET"
    sends_empty = True
    order_field = "order_no"
    own_query = "route=payment/dhpay&lang=zh"
    acknowledgement = Answer(200, "success\r\n")
    refusals = (Answer(200, "SUCCESS"), Answer(200, "fail"), Answer(200, "unsuccessful"))
    fields = {"merchant_id": "595300", "invoice_id": "14066905163268948", "currency": "USD", "amount": "0.01",
              "ref_no": "20260301161430_152634", "status": "02", "failure_reason": "卡被拒 card declined",
              "trans_date": "20260301", "trans_time": "182201", "description": "说明 100%"}

    def digest_bytes(self, text):
        return text.encode()

    def verify_values(self, values):
        parts = [values[name] for name in sorted(values) if name not in ("description", "hash")]
        signed = self.secret + "".join(part for part in parts if part.strip())
        same_text(values["hash"], hashlib.sha256(self.digest_bytes(signed)).hexdigest().upper(), "hash")


class DhpayJava(Dhpay):
    """The document's Java sample takes the digest over ISO-8859-1, where other characters become '?'."""

    variant = "iso-8859-1"
    options = {"digest_charset": "iso-8859-1"}

    def digest_bytes(self, text):
        return text.encode("iso-8859-1", "replace")


class DhpaySuccess(Dhpay):
    variant = "blank-reason"
    own_query = ""
    fields = {**Dhpay.fields, "status": "01", "failure_reason": " ", "description": ""}


class JeepayPayment(PairsCase):
    """jeepay's getSign: texts "name=value&" sorted without regard to case, then key=."""

    provider = "jeepay"
    charset_is_named = False
    order_field = "payOrderId"
    own_query = "shop=7&from=%E7%BD%91"
    acknowledgement = Answer(200, "success")
    refusals = (Answer(200, "SUCCESS\n"), Answer(200, "OK"))
    fields = {"mchNo": "M1623984572", "appId": "60cc09bce4b0f1c0b83761c9", "mchOrderNo": "mho1629358659",
              "ifCode": "wxpay", "wayCode": "WX_BAR", "amount": "1", "currency": "cny", "state": "2",
              "subject": "测试 商品", "body": "A&B=C", "extParam": "",
              # Where whole texts sort in another way than names, and without case in another way than bytes.
              "amount1": "9", "Zone": "cn"}

    def protocol_text(self, arrived):
        require(arrived.query() == b"", "the merchant's pairs did not move into the body")
        self.check_content_type(arrived.header("Content-Type"))
        front = self.own_query.encode() + b"&"
        require(arrived.body.startswith(front), "the merchant's pairs do not stand in front of the body")
        return arrived.body[len(front) :]

    def verify_values(self, values):
        require(len(values["reqTime"]) == 13 and values["reqTime"].isdigit(), "reqTime is not milliseconds")
        texts = [f"{name}={value}&" for name, value in values.items() if name != "sign" and value != ""]
        self.same_digest("md5", "".join(sorted(texts, key=str.lower)) + "key=" + self.secret, values["sign"])


class JeepayRefund(JeepayPayment):
    variant = "refund"
    notification_type = "refund"
    order_field = "refundOrderId"
    fields = {"payOrderId": "P1202108191537399550002", "mchNo": "M1623984572", "appId": "60cc09bce4b0f1c0b83761c9",
              "mchRefundNo": "mhr1629358659", "payAmount": "5", "refundAmount": "3", "currency": "cny", "state": "2"}


class Roncoo(PairsCase):
    """roncoo-pay's getSign: blank values dropped, names sorted, then paySecret=; sign stands last."""

    provider = "roncoo"
    method = "GET"
    order_field = "orderNo"
    acknowledgement = Answer(200, "success\n")
    refusals = (Answer(200, "SUCCESS"), Answer(200, "fail"))
    fields = {"orderDate": "20260301", "orderPrice": "0.01", "orderTime": "20260301120000",
              "payKey": "7c9e2f6a1b8d4e3f9a0b", "payWayCode": "WEIXIN", "productName": "测试 商品",
              "tradeStatus": "SUCCESS", "trxNo": "77772026030110000001", "remark": "", "field1": "f 1",
              "field2": "  "}

    def is_left_out(self, value):
        return not value.strip()

    def verify_values(self, values):
        require(list(values)[:-1] == sorted(set(values) - {"sign"}), f"on the wire are {list(values)}")
        self.same_digest("md5", sorted_pairs(values, ("sign",)) + "&paySecret=" + self.secret, values["sign"])


CASES = [Hexi, HexiTestMode, IpayNow, IpayNowForm, IpayNow25h, IpayNowV1, Bill99Md5, Bill99Legacy, ChinaBank, Dinpay,
         AllinpayMd5, PayIndex, PayIndexFixedList, PayIndexGbk, Dhpay, DhpayJava, DhpaySuccess, JeepayPayment,
         JeepayRefund, Roncoo]
