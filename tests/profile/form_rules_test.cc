// The rules of the form, query and XML protocols on examples other than the vectors. Every literal was computed with
// Python's hashlib, hmac and cryptography, never with ackd.
#include <algorithm>

#include "profile/merchant_options.h"
#include "shipped_profiles.h"
#include "text/form_encoding.h"
#include "text/xml.h"

namespace ackd {
namespace {

Rendered rendered(const Example& example) {
  const Result<Rendered> result = render_shipped(example);
  REQUIRE_MESSAGE(result, trouble_of(result));
  return *result;
}

Example with_private_key(Example example) {
  example.merchant.keys.front().private_key = Secret(throwaway_private_key());
  return example;
}

void set(Example& example, const std::string& name, const std::string& value) {
  Fields& fields = example.input.fields;
  std::erase_if(fields, [&](const Field& field) { return field.name == name; });
  fields.push_back({name, value});
}

void drop(Example& example, const std::string& name) {
  std::erase_if(example.input.fields, [&](const Field& field) { return field.name == name; });
}

// The refusal at admission, where it must happen: a wrong notification is the platform's to mend, not the queue's.
Error refusal(const Example& example) {
  const auto fixed = fix_content(shipped_profile(example.merchant.provider), example.merchant, example.input);
  REQUIRE_FALSE(fixed);
  return fixed.error();
}

Example bill99() {
  Example example = example_for("bill99", "K 7&x",
                                {{"merchantAcctId", "2002"},
                                 {"version", "v2.0"},
                                 {"language", "1"},
                                 {"signType", "1"},
                                 {"payType", "12"},
                                 {"orderId", "A-7"},
                                 {"orderTime", "20240229235959"},
                                 {"orderAmount", "5"},
                                 {"dealId", "9"},
                                 {"dealTime", "20240301000001"},
                                 {"payAmount", "5"},
                                 {"fee", "0"},
                                 {"ext1", "备注 一+二&"},
                                 {"payResult", "11"},
                                 {"errCode", "10012"},
                                 {"inputCharset", "2"}});
  example.url = "http://m.example/notify?orderId=DEMO901234&a=%20b#top";
  return example;
}

TEST_CASE("bill99: GBK by inputCharset, the merchant's own query first, empties sent and not signed") {
  const Rendered out = rendered(bill99());
  CHECK(out.signature == "832AAE26FAD1BA4BD3829FD625ABD41F");
  CHECK(to_text(out.canonical, DigestForm::kHexLower) ==
        "6d65726368616e744163637449643d323030322676657273696f6e3d76322e30266c616e67756167653d31267369676e547970"
        "653d3126706179547970653d3132266f7264657249643d412d37266f7264657254696d653d3230323430323239323335393539"
        "266f72646572416d6f756e743d35266465616c49643d39266465616c54696d653d323032343033303130303030303126706179"
        "416d6f756e743d35266665653d3026657874313db1b8d7a220d2bb2bb6fe2626706179526573756c743d313126657272436f64"
        "653d3130303132266b65793d4b20372678");
  CHECK(out.request.method == "GET");
  CHECK(out.request.url.text() ==
        "http://m.example/notify?orderId=DEMO901234&a=%20b&merchantAcctId=2002&version=v2.0&language=1&signType"
        "=1&payType=12&bankId=&orderId=A-7&orderTime=20240229235959&orderAmount=5&dealId=9&bankDealId=&dealTime"
        "=20240301000001&payAmount=5&fee=0&ext1=%B1%B8%D7%A2+%D2%BB%2B%B6%FE%26&ext2=&payResult=11&errCode=1001"
        "2&signMsg=832AAE26FAD1BA4BD3829FD625ABD41F");
  CHECK(out.request.headers.empty());
}

TEST_CASE("bill99: the merchant's option writes a space as %20 and chooses the charset where the platform does not") {
  Example example = bill99();
  drop(example, "inputCharset");
  example.merchant.options = {{"space", "percent20"}, {"charset", "gbk"}};
  CHECK(rendered(example).request.url.query ==
        "orderId=DEMO901234&a=%20b&merchantAcctId=2002&version=v2.0&language=1&signType=1&payType=12&bankId=&or"
        "derId=A-7&orderTime=20240229235959&orderAmount=5&dealId=9&bankDealId=&dealTime=20240301000001&payAmoun"
        "t=5&fee=0&ext1=%B1%B8%D7%A2%20%D2%BB%2B%B6%FE%26&ext2=&payResult=11&errCode=10012&signMsg=832AAE26FAD1"
        "BA4BD3829FD625ABD41F");
}

TEST_CASE("bill99: signType 4 signs bindCard with RSA, signType 1 never sends it") {
  Example example = with_private_key(bill99());
  set(example, "inputCharset", "3");
  set(example, "bindCard", "622202****");
  CHECK(rendered(example).signature == "832AAE26FAD1BA4BD3829FD625ABD41F");
  CHECK(rendered(example).request.url.query.find("bind") == std::string::npos);
  set(example, "signType", "4");
  const Rendered out = rendered(example);
  CHECK(out.signature ==
        "xZmf6x2Cuw5iyVRuIrQHeyExNXrlppceoaa2kKdkBMIjDyF5TDibhdslOSNHyVE2RWOdIKszsONYOA7kdTZhwJ8z6ASyijA2cfEIGV"
        "Sc5if+BfkO1+ef/yZ4Cp+Q0OTtEQ7qltdg/U+Y357ECab+00oDFHEYSpC8SkK0mHMeMXSUrlpESvW24HADbD3WTZAaAJ3Zap9sk9q+"
        "qkqR9I+wKxW7cuZcEZwiLTYZoufi8/MZHQsrRefKES/YvhaXwXvzpdwnPqH1H+Ek/wpNVOnkeUojR+x6cftFhAofMBQ77d/eVZTtyp"
        "v+Xi+kYY9Z3YS8sVBiKqWdYZ4vT2BFwTBi1A==");
  CHECK(out.request.url.query.find("&orderAmount=5&bindCard=622202%2A%2A%2A%2A&bindMobile=&dealId=9&") !=
        std::string::npos);
}

TEST_CASE("a way to sign that the protocol does not have is refused, naming the field") {
  const auto refused_field = [](const std::string& provider, const std::string& field, const std::string& value) {
    Example example = example_for(provider, "k", example_input(shipped_profile(provider))->fields);
    REQUIRE(render_shipped(with_private_key(example)));
    set(example, field, value);
    return refusal(example).field;
  };
  CHECK(refused_field("bill99", "signType", "2") == "signType");
  CHECK(refused_field("allinpay", "signType", "4") == "signType");
  CHECK(refused_field("bill99_split", "signType", "1") == "signType");
  CHECK(refused_field("unionpay", "signMethod", "12") == "signMethod");
  CHECK(refused_field("alipay", "sign_type", "RSA3") == "sign_type");
  CHECK(refused_field("wechat_v2", "sign_type", "SHA1") == "sign_type");
  CHECK(refused_field("dinpay", "sign_type", "RSA-S") == "sign_type");
  CHECK(refused_field("ipaynow", "signType", "SHA1") == "signType");
}

TEST_CASE("unionpay: a version that signMethod 01 does not know is refused") {
  Example example = example_for("unionpay", "k", example_input(shipped_profile("unionpay"))->fields);
  set(example, "signMethod", "01");
  set(example, "version", "6.0.0");
  CHECK(refusal(example).message.find("version '6.0.0'") != std::string::npos);
}

TEST_CASE("an unknown charset in the notification itself is refused, naming its field") {
  Example example = bill99();
  set(example, "inputCharset", "9");
  CHECK(refusal(example).field == "inputCharset");
  Example unionpay = example_for("unionpay", "k", example_input(shipped_profile("unionpay"))->fields);
  set(unionpay, "encoding", "BIG5");
  CHECK(refusal(unionpay).field == "encoding");
}

Example hexi() {
  return example_for("hexi", "geheim",
                     {{"v_orderid", "T-1"},
                      {"v_orderdate", "2024-02-29"},
                      {"v_price", "300"},
                      {"v_billno", "B-9"},
                      {"v_custom1", "x"},
                      {"v_servicename", "支付"},
                      {"v_payvia", "2"},
                      {"v_payviastr", "bank"},
                      {"v_pstatus", "1"},
                      {"v_pstring", "OK"},
                      {"reg_userid", "777"},
                      {"v_paymode", "testmode"}});
}

TEST_CASE("hexi: what both sides know is signed and never sent; the merchant's number is its id unless given") {
  Example example = hexi();
  const Rendered out = rendered(example);
  CHECK(out.signature == "1804E16F7740C9A93955973DC4ABFA53");
  CHECK(out.request.url.query.find("777") == std::string::npos);
  CHECK(out.request.url.query.find("testmode") == std::string::npos);
  CHECK(out.request.url.query.ends_with("&v_server=1"));
  example.merchant.id = "777";
  example.merchant.options["v_paymode"] = "testmode";
  drop(example, "reg_userid");
  drop(example, "v_paymode");
  CHECK(rendered(example).signature == out.signature);
  example.merchant.id = "shop";
  example.merchant.options["reg_userid"] = "777";
  CHECK(rendered(example).signature == out.signature);
}

TEST_CASE("a character that the charset lacks is refused at admission with field and character") {
  Example example = hexi();
  set(example, "v_servicename", "支付😀");
  const Error error = refusal(example);
  CHECK(error.field == "v_servicename");
  CHECK_MESSAGE(error.message.find("U+1F600") != std::string::npos, error.message);
  example.merchant.options["charset"] = "gb18030";
  CHECK(rendered(example).request.url.query.find("&v_servicename=%D6%A7%B8%B6%949%FC6&") != std::string::npos);
  example.merchant.options["charset"] = "utf-8";
  CHECK(rendered(example).request.url.query.find("%F0%9F%98%80") != std::string::npos);
}

TEST_CASE("hexi: a price that is not in whole fen is refused, never converted") {
  Example example = hexi();
  for (const char* price : {"3.00", "-3", "03", "3 "}) {
    set(example, "v_price", price);
    CHECK(refusal(example).field == "v_price");
  }
}

TEST_CASE("bill99_legacy: empty values stay in the signed text") {
  const Rendered out =
      rendered(example_for("bill99_legacy", "k", {{"merchant_id", "1"}, {"orderid", "o 1"}, {"succeed", "N"}}));
  CHECK(out.canonical == "merchant_id=1&orderid=o 1&amount=&date=&succeed=N&merchant_key=k");
  CHECK(out.request.url.query ==
        "merchant_id=1&orderid=o+1&amount=&date=&succeed=N&mac=4F9079D328A3594B67D6E770882AB37E"
        "&merchant_param=&couponid=&couponvalue=");
}

TEST_CASE("chinabank: a form in GBK that says so") {
  const Rendered out = rendered(example_for("chinabank", "key-2",
                                            {{"v_oid", "订单"},
                                             {"v_pstatus", "20"},
                                             {"v_pstring", "成功"},
                                             {"v_pmode", "x"},
                                             {"v_amount", "1.50"},
                                             {"v_moneytype", "CNY"}}));
  CHECK(out.signature == "8E9F524ADE7F6625E066336A01297A59");
  CHECK(out.request.body ==
        "v_oid=%B6%A9%B5%A5&v_pstatus=20&v_pstring=%B3%C9%B9%A6&v_pmode=x&v_md5str=8E9F524ADE7F6625E066336A01297A59"
        "&v_amount=1.50&v_moneytype=CNY&remark1=&remark2=");
  CHECK(header_of(out, "Content-Type") == "application/x-www-form-urlencoded; charset=gbk");
}

TEST_CASE("dinpay: constants come by themselves, empties are left out") {
  Example example = example_for("dinpay", "abcdefghij0123456789_",
                                {{"merchant_code", "7"},
                                 {"notify_id", "n1"},
                                 {"order_no", "o"},
                                 {"order_time", "2024-02-29 23:59:59"},
                                 {"order_amount", "0.10"},
                                 {"trade_status", "FAILED"},
                                 {"trade_time", ""},
                                 {"trade_no", "t"},
                                 {"extra_return_param", "a b&c"}});
  CHECK(rendered(example).request.body ==
        "merchant_code=7&interface_version=V3.0&sign_type=MD5&sign=1582e9ba3b83a8f494ec910e4e26ce04"
        "&notify_type=offline_notify&notify_id=n1&order_no=o&order_time=2024-02-29+23%3A59%3A59&order_amount=0.10"
        "&trade_status=FAILED&trade_no=t&extra_return_param=a+b%26c");
  drop(example, "notify_id");
  const auto fixed = fix_content(shipped_profile("dinpay"), example.merchant, example.input);
  CHECK(find_field(fixed->content.fields, "notify_id")->size() == 32);
}

Example allinpay() {
  return example_for("allinpay", "1234567890",
                     {{"merchantId", "1"},
                      {"version", "v1.0"},
                      {"language", "1"},
                      {"signType", "0"},
                      {"payType", "1"},
                      {"issuerId", "vbank"},
                      {"paymentOrderId", "2"},
                      {"orderNo", "3"},
                      {"orderDatetime", "4"},
                      {"orderAmount", "5"},
                      {"payDatetime", "6"},
                      {"payAmount", "7"},
                      {"ext1", "通联"},
                      {"payResult", "1"},
                      {"returnDatetime", "8"},
                      {"userName", "王"},
                      {"pan", "6222"},
                      {"inputCharset", "2"}});
}

TEST_CASE("allinpay: GBK by inputCharset, extras sent unsigned, signType chooses MD5 or RSA") {
  Example example = with_private_key(allinpay());
  CHECK(rendered(example).request.body ==
        "merchantId=1&version=v1.0&language=1&signType=0&payType=1&issuerId=vbank&paymentOrderId=2&orderNo=3&or"
        "derDatetime=4&orderAmount=5&payDatetime=6&payAmount=7&ext1=%CD%A8%C1%AA&ext2=&payResult=1&errorCode=&r"
        "eturnDatetime=8&userName=%CD%F5&pan=6222&signMsg=6BBC8B70042B3C2CDECEB01419DF17D8");
  CHECK(header_of(rendered(example), "Content-Type") == "application/x-www-form-urlencoded; charset=gbk");
  set(example, "signType", "1");
  CHECK(rendered(example).signature ==
        "lIksD9sPgV1QFuukTfnrTK6EzthCGlpS5ZJhCJSW8jF2OdJSiPYeoGC7I+bpVOI08WomiuNBjBDl4SftjzwzbstZDcxVNZ9m9wd2AC"
        "JirtLgqnerLqO+8Kde7vUpaviNZgH71MVjOtp10I5oAmaNR79SeYqNVw7az0Z6yaEjaTcQswEUyKv/XMkp30PIBIkj72uPsGXOAvPe"
        "kfp3AmAKycU7Qsq31JQKOHF4KLKZqnAqffOV7zUfxiutTsEHwLhGlcK4NG0WQ0seavW3lNAWPcXBamLcFG6KXmGrg3r2aDQf4Pnxz+"
        "bwUR4JHpMaxgtpgnAKH/KFsIDRGMSMj8YuPg==");
}

TEST_CASE("payindex: a merchant without true_amount neither gets it nor finds it signed") {
  Example example = example_for("payindex", "k",
                                {{"memberid", "9"},
                                 {"orderid", "8"},
                                 {"amount", "1.00"},
                                 {"true_amount", "0.99"},
                                 {"transaction_id", "7"},
                                 {"datetime", "6"},
                                 {"returncode", "01"},
                                 {"attach", "附言"}});
  example.merchant.options = {{"send_true_amount", "false"}, {"charset", "gbk"}};
  CHECK(rendered(example).request.body ==
        "memberid=9&orderid=8&amount=1.00&transaction_id=7&datetime=6&returncode=01&attach=%B8%BD%D1%D4"
        "&sign=9F38629A00F901F9492FB77E650A7C8F");
}

TEST_CASE("dhpay: values of blanks only are sent and not signed") {
  Example example = example_for("dhpay", "salt",
                                {{"merchant_id", "1"},
                                 {"invoice_id", "2"},
                                 {"order_no", "3 4"},
                                 {"currency", "EUR"},
                                 {"amount", "9.90"},
                                 {"ref_no", "5"},
                                 {"status", "02"},
                                 {"failure_reason", " \t"},
                                 {"trans_date", "20240229"},
                                 {"trans_time", "010203"}});
  example.merchant.options["space"] = "percent20";
  CHECK(rendered(example).request.url.query ==
        "merchant_id=1&invoice_id=2&order_no=3%204&currency=EUR&amount=9.90&ref_no=5&status=02&failure_reason=%20%09"
        "&trans_date=20240229&trans_time=010203&description="
        "&hash=853F5E9283FDDC8B94FAC8951E521F89C20242402D1E97650134312483F584D1");
}

TEST_CASE("ipaynow_v1: the fields of 2017, on the wire in ASCII order where the merchant wants that") {
  Example example = example_for("ipaynow_v1", "secret",
                                {{"version", "1.0.0"},
                                 {"appId", "1"},
                                 {"mhtOrderNo", "2"},
                                 {"mhtOrderName", "测 试"},
                                 {"mhtOrderType", "01"},
                                 {"mhtOrderAmt", "100"},
                                 {"oriMhtOrderAmt", "110"},
                                 {"discountAmt", "10"},
                                 {"mhtOrderStartTime", "20240229235959"},
                                 {"deviceType", "01"},
                                 {"payTime", "20240301000000"},
                                 {"transStatus", "A001"}});
  example.merchant.options["wire_order"] = "by_name";
  const Rendered out = rendered(example);
  CHECK(out.request.body ==
        "appId=1&deviceType=01&discountAmt=10&funcode=N001&mhtCharset=UTF-8&mhtCurrencyType=156&mhtOrderAmt=100"
        "&mhtOrderName=%E6%B5%8B+%E8%AF%95&mhtOrderNo=2&mhtOrderStartTime=20240229235959&mhtOrderType=01&oriMht"
        "OrderAmt=110&payTime=20240301000000&signType=MD5&signature=59ed22708e6f03d665d9fcde0d920c50&transStatu"
        "s=A001&version=1.0.0");
  CHECK(header_of(out, "Content-Type") == "text/plain; charset=UTF-8");
}

Example wechat_v2() {
  return example_for(
      "wechat_v2", "apikey",
      {{"return_code", "SUCCESS"},   {"appid", "wx1"},           {"mch_id", "2"},       {"nonce_str", "n"},
       {"sign_type", "HMAC-SHA256"}, {"result_code", "SUCCESS"}, {"openid", "o"},       {"is_subscribe", "N"},
       {"trade_type", "NATIVE"},     {"bank_type", "OTHERS"},    {"total_fee", "10"},   {"cash_fee", "8"},
       {"transaction_id", "t"},      {"out_trade_no", "T 1"},    {"attach", "a]]>b&c"}, {"time_end", "20240229235959"},
       {"coupon_fee", "2"},          {"coupon_count", "1"},      {"coupon_id_0", "77"}, {"coupon_fee_0", ""}});
}

TEST_CASE("wechat_v2: MD5 or HMAC by the notification's own sign_type, else by the merchant's") {
  Example example = wechat_v2();
  CHECK(rendered(example).signature == "FC6B9479B63C5B0991C603924F497F2D963DF5ABFC99433148D95E21CCED3886");
  drop(example, "sign_type");
  CHECK(rendered(example).signature == "6267081516419ABA0031CE9C7CFEEE27");
  example.merchant.options["sign_type"] = "HMAC-SHA256";
  CHECK(rendered(example).signature == "8F8A3CEF7D06DE9FD27B1785000B746C154D301E32683A24386D734E94F1B0E3");
}

TEST_CASE("wechat_v2: the XML reads back as the fields, whatever they hold, and the signature stands among them") {
  const Rendered out = rendered(wechat_v2());
  const Fields fields = *xml_decode(out.request.body);
  CHECK(*find_field(fields, "attach") == "a]]>b&c");
  CHECK(*find_field(fields, "coupon_id_0") == "77");
  CHECK(find_field(fields, "coupon_fee_0") == nullptr);
  CHECK(*find_field(fields, "sign") == out.signature);
  CHECK(std::is_sorted(fields.begin(), fields.end(), [](const Field& a, const Field& b) { return a.name < b.name; }));
  CHECK(header_of(out, "Content-Type") == "text/xml; charset=utf-8");
}

TEST_CASE("wechat_v2: a nonce_str of 32 characters is drawn once where the platform gives none") {
  Example example = wechat_v2();
  drop(example, "nonce_str");
  const std::string first = rendered(example).request.body;
  CHECK(find_field(*xml_decode(first), "nonce_str")->size() == 32);
  example.nonce = "another attempt's";
  CHECK(rendered(example).request.body == first);
}

Example alipay() {
  return example_for("alipay", "md5key",
                     {{"notify_time", "2024-02-29 23:59:59"},
                      {"notify_id", "n"},
                      {"app_id", "1"},
                      {"trade_no", "2"},
                      {"out_trade_no", "3"},
                      {"trade_status", "WAIT_BUYER_PAY"},
                      {"total_amount", "88.80"},
                      {"subject", "测 试&="},
                      {"body", ""},
                      {"auth_app_id", "4"}});
}

TEST_CASE("alipay: RSA2, RSA and MD5; sign_type itself is sent and not signed; empties are left out") {
  Example example = with_private_key(alipay());
  CHECK(rendered(example).signature ==
        "pzKvsMZUtWQuShFg7Ru/J27uh3CKC8ftPJ7D36Swl1Vp7uGby6qCehRGyr+rbf9oQZgLrLu9/deuQaYtXLj15y/fYsvxiBtK1wZOy3"
        "NrI+opOMKaAX1HimVO8zNVxsJ7Pmpswu4reW2McDx1K7Z8OqD+FIW5km3nmU+zNmkmd+GgEWEBmASD58RWMV1TXGdSjMONEuiiz4Ao"
        "Jc5P2y9GDrGA96LNl7dExWX3EExMlp+v646fLdgNOhjhRsyRq9aLc9K8/VD3qVxjOk/MyJmD34H82weBHJUQc02cbMhvHPj3mPtiIG"
        "uXpBa6jdEkICYxm2b47Z7LuMskyzyGevSUZA==");
  example.merchant.options["sign_type"] = "RSA";
  CHECK(rendered(example).signature ==
        "lyaWAaj8g/92yPi2GyYpv/B6wpfWCxxevrK92Du5iGCm9q1W80/hOxxFLUTGT92GPazqa3SW3euhvAmD6LxBVOVoAEK/QHt2OOpYCg"
        "ieDlN4CmegQOMiR7Y+XHNbz+cOlDWK2OpiOyakxhaoU5FupWmQSqY0QAjxdZ5n64mDCZb9irQWPwPHN1Y4H1vzc4lmmaJhqGbz5fUG"
        "rcx39jVtwG2lcURQE0lUVgilqNblYgovF+qxjdAHnbTUvVC6LPxw7rKtsDPS/sr8XMfDUG+MKLgIrqiSoS8ocqHQUJ8LRfD0hWqI/T"
        "Dc4qpxxjXTwBVwY8nYAz2VWqirOkADHFkM3g==");
  set(example, "sign_type", "MD5");
  const Rendered out = rendered(example);
  CHECK(out.request.body ==
        "notify_time=2024-02-29+23%3A59%3A59&notify_type=trade_status_sync&notify_id=n&app_id=1&charset=utf-8"
        "&version=1.0&sign_type=MD5&sign=f7aef1295efb124dc8c15c3a9cedb21c&trade_no=2&out_trade_no=3"
        "&trade_status=WAIT_BUYER_PAY&total_amount=88.80&subject=%E6%B5%8B+%E8%AF%95%26%3D&auth_app_id=4");
  CHECK(header_of(out, "Content-Type") == "application/x-www-form-urlencoded; charset=utf-8");
}

TEST_CASE("alipay: its own charset field says in which bytes it is signed and sent") {
  Example example = alipay();
  set(example, "sign_type", "MD5");
  set(example, "charset", "GBK");
  const Rendered out = rendered(example);
  CHECK(out.signature == "5003777aec572af0dc69a815d2d0f751");
  CHECK(out.request.body.find("&subject=%B2%E2+%CA%D4%26%3D") != std::string::npos);
}

TEST_CASE("alipay: each refund of one order is a notification of its own") {
  const auto key_with = [](const std::string& refund) {
    Example example = alipay();
    if (!refund.empty()) set(example, "refund_fee", refund);
    return fix_content(shipped_profile("alipay"), example.merchant, example.input)->key;
  };
  CHECK(key_with("") != key_with("1.00"));
  CHECK(key_with("1.00") != key_with("2.00"));
  CHECK(key_with("1.00") == key_with("1.00"));
}

Example unionpay() {
  return example_for("unionpay", "k1",
                     {{"version", "5.1.0"},
                      {"encoding", "GBK"},
                      {"signMethod", "11"},
                      {"txnType", "04"},
                      {"txnSubType", "00"},
                      {"bizType", "000201"},
                      {"accessType", "0"},
                      {"merId", "1"},
                      {"orderId", "2"},
                      {"txnTime", "20240229235959"},
                      {"txnAmt", "1"},
                      {"currencyCode", "156"},
                      {"queryId", "3"},
                      {"respCode", "00"},
                      {"respMsg", "成功"},
                      {"settleAmt", "1"},
                      {"settleCurrencyCode", "156"},
                      {"settleDate", "0229"},
                      {"traceNo", "4"},
                      {"traceTime", "0229235959"},
                      {"accNo", "6216***0018"}});
}

TEST_CASE("unionpay: three ways to sign, in the charset that encoding names, extra fields signed too") {
  Example example = with_private_key(unionpay());
  CHECK(rendered(example).signature == "708cd4362c9c8787d5dbba8b8eb61473a438c955f6a756f73b8cbfc364c6adc0");
  CHECK(rendered(example).request.body.find("&respMsg=%B3%C9%B9%A6&") != std::string::npos);
  CHECK(rendered(example).request.body.ends_with("&accNo=6216%2A%2A%2A0018"));
  set(example, "signMethod", "01");
  CHECK(rendered(example).signature ==
        "wcAid45rG1LhFTAMdBEOHgP/whrUANRmE2RT4HNCDI+wSWpnHBdqQK4Bd/9bMH4QSDoGFpgYLXi7NxnK5jpJNAkI7PRzXEDfskVj3d"
        "hQjui9xKzmQejWrAVFk+4xLd5X2Tso9R231FFUoM3mxLfkPwJAXuV33g5QaOgnOouB0ITmV7GnUvumYnFhRCmagJP9I8hzPqkkiPa0"
        "VTjwBvfESnnaK6tSkfRSrSUoxiAiYCX8CNrwvk+UmnXqWgV/ZNouPaUWnc7FzAOjnclDaKDlcJDbs8CgVTiHitVjOM5dEw8fuQA6yB"
        "6CMfRoPqFWQbvawyum7GJqgZvl+SEijMmavg==");
  set(example, "version", "5.0.0");
  set(example, "certId", "99");
  CHECK(rendered(example).signature ==
        "Clf2zo2nbeuo9V/yyOMk4piKRx0r7AgAAJ+SojveD0ugn+9nNv3k1MpmtSrGhXzlsjZnVD+46YF1H7e6eW70LqsNMSVawUBwhTKDOM"
        "FRgpeiTp6Z4p+cuiuKVb0MuJ4mItnhEomC7OcSKYWGbfQvYuSYfmg7EZNWKau4hXsFzmihcTMy+Kgf4HdPoKpJQ3kmEuaoZdbuvYk/"
        "Hz4/hyqixY9Nrq5ClUVavG4KU1T+DPO6FVnmF5og+Fk2xtEkw7pDpaCVAJ6Zs1hZGzM9D3EEsEz/o1ZayFp+cOxfzzwJE7kvBOQ4M4"
        "d57Ur1LrV5Hz9XzOLjA/f1XNbrLrFZPmLoMw==");
}

TEST_CASE("unionpay: the query of backUrl stays in the URL") {
  Example example = unionpay();
  example.url = "https://m.example/back?shop=1";
  CHECK(rendered(example).request.url.text() == "https://m.example/back?shop=1");
}

Example jeepay() {
  return example_for("jeepay", "S",
                     {{"payOrderId", "P1"},
                      {"mchNo", "M1"},
                      {"appId", "a 1"},
                      {"mchOrderNo", "o1"},
                      {"amount", "100"},
                      {"currency", "cny"},
                      {"state", "2"},
                      {"reqTime", "1709222400000"},
                      {"extParam", "x&y"},
                      {"errMsg", ""},
                      {"extB", "2"},
                      {"ext_a", "1"}});
}

TEST_CASE("jeepay: whole pairs sorted without case, and the merchant's own query at the front of the body") {
  Example example = jeepay();
  example.url = "https://m.example/n?shop=7&x=%20";
  const Rendered out = rendered(example);
  CHECK(out.canonical ==
        "amount=100&appId=a "
        "1&currency=cny&ext_a=1&extB=2&extParam=x&y&mchNo=M1&mchOrderNo=o1&payOrderId=P1&reqTime=1709222400000&state=2&"
        "key=S");
  CHECK(out.request.url.text() == "https://m.example/n");
  CHECK(out.request.body ==
        "shop=7&x=%20&payOrderId=P1&mchNo=M1&appId=a+1&mchOrderNo=o1&amount=100&currency=cny&state=2&extParam=x%26y"
        "&reqTime=1709222400000&sign=1B460AD35759D88B1587774E2AC53EC0&extB=2&ext_a=1");
}

TEST_CASE("jeepay: each type has its own fields, and the time of the request is drawn once") {
  Example example = jeepay();
  set(example, "refundAmount", "1");
  CHECK(refusal(example).field == "refundAmount");
  drop(example, "refundAmount");
  drop(example, "reqTime");
  example.input.now = WallTime{1'709'222'400'123};
  const auto fixed = fix_content(shipped_profile("jeepay"), example.merchant, example.input);
  CHECK(*find_field(fixed->content.fields, "reqTime") == "1709222400123");
  CHECK(fixed->subject == "o1");
  example.input.type = "transfer";
  CHECK(refusal(example).field == "payOrderId");
  example.input.type = "bonus";
  CHECK(refusal(example).field == "type");
}

TEST_CASE("roncoo: values of blanks only go neither onto the wire nor into the signature") {
  Example example = example_for("roncoo", "ps",
                                {{"payKey", "pk"},
                                 {"productName", "商品"},
                                 {"orderNo", "o 1"},
                                 {"orderPrice", "0.10"},
                                 {"payWayCode", "WEIXIN"},
                                 {"tradeStatus", "SUCCESS"},
                                 {"orderDate", "20240229"},
                                 {"remark", "\t"},
                                 {"field1", "  "},
                                 {"field2", "f2"}});
  example.url = "http://m.example/n?a=1";
  CHECK(rendered(example).request.url.text() ==
        "http://m.example/n?a=1&"
        "field2=f2&orderDate=20240229&orderNo=o+1&orderPrice=0.10&payKey=pk&payWayCode=WEIXIN&productName=%E5%9"
        "5%86%E5%93%81&tradeStatus=SUCCESS&sign=70F97F23D43030EC4E6CB9B2AB645244");
}

}  // namespace
}  // namespace ackd
