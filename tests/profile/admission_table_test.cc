// What each provider's notifications must have, and which of their values are checked: the protocols' own lists, field
// by field.
#include <algorithm>
#include <map>
#include <set>

#include "shipped_profiles.h"
#include "text/form_encoding.h"

namespace ackd {
namespace {

using Names = std::set<std::string>;

const Names kIpaynow{"appId",       "mhtOrderNo",        "mhtOrderName", "mhtOrderType",
                     "mhtOrderAmt", "mhtOrderStartTime", "deviceType"};

Names with(Names names, const Names& more) {
  names.insert(more.begin(), more.end());
  return names;
}

// Without what the profile fixes or draws by itself.
const std::map<std::string, Names>& required_fields() {
  static const std::map<std::string, Names> kRequired{
      {"hexi",
       {"v_orderid", "v_orderdate", "v_price", "v_billno", "v_servicename", "v_payvia", "v_payviastr", "v_pstatus",
        "v_pstring"}},
      {"ipaynow", with(kIpaynow, {"tradeStatus"})},
      {"ipaynow_25h", with(kIpaynow, {"tradeStatus"})},
      {"ipaynow_v1", kIpaynow},
      {"bill99",
       {"merchantAcctId", "version", "language", "signType", "payType", "orderId", "orderTime", "orderAmount", "dealId",
        "dealTime", "payAmount", "payResult"}},
      {"bill99_split",
       {"version", "language", "signType", "payType", "pid", "orderId", "orderTime", "orderAmount", "dealId",
        "dealTime", "payAmount", "payResult"}},
      {"bill99_legacy", {"orderid", "succeed"}},
      {"chinabank", {"v_oid", "v_pstatus", "v_pstring", "v_pmode", "v_amount", "v_moneytype"}},
      {"dinpay", {"merchant_code", "order_no", "order_time", "order_amount", "trade_status", "trade_no"}},
      {"allinpay",
       {"merchantId", "version", "language", "signType", "payType", "paymentOrderId", "orderNo", "orderDatetime",
        "orderAmount", "payDatetime", "payAmount", "payResult", "returnDatetime"}},
      {"payindex", {"memberid", "orderid", "amount", "transaction_id", "datetime", "returncode"}},
      {"dhpay",
       {"merchant_id", "invoice_id", "order_no", "currency", "amount", "ref_no", "status", "trans_date", "trans_time"}},
      {"wechat_v2",
       {"return_code", "appid", "mch_id", "result_code", "openid", "is_subscribe", "trade_type", "bank_type",
        "total_fee", "cash_fee", "transaction_id", "out_trade_no", "time_end"}},
      {"wechat_v3", {"plaintext"}},
      {"alipay", {"app_id", "trade_no", "out_trade_no", "trade_status", "total_amount"}},
      {"unionpay", {"version",   "encoding",           "signMethod", "txnType",  "txnSubType",
                    "bizType",   "accessType",         "merId",      "orderId",  "txnTime",
                    "txnAmt",    "currencyCode",       "queryId",    "respCode", "respMsg",
                    "settleAmt", "settleCurrencyCode", "settleDate", "traceNo",  "traceTime"}},
      {"adyen", {"eventCode", "merchantAccountCode", "pspReference", "success"}},
      {"jeepay", {"payOrderId", "mchNo", "appId", "state"}},
      {"roncoo", {"orderNo", "payKey", "tradeStatus"}},
      {"standard_webhooks", {}},
      {"svix", {}},
      {"stripe", {}},
      {"github", {}},
      {"paypal", {}},
      {"generic", {}},
  };
  return kRequired;
}

// The profile's example with its plain resource as a field.
AdmissionInput example_of(const Profile& profile) {
  AdmissionInput input = *example_input(profile);
  input.seed = "the seed of a test";
  if (profile.body.becomes_field.empty()) return input;
  input.fields.push_back({profile.body.becomes_field, std::exchange(input.body, {})});
  input.has_body = false;
  return input;
}

Result<FixedContent> admit(const Profile& profile, const AdmissionInput& input) {
  return fix_content(profile, merchant_of(profile.id, "k"), input);
}

TEST_CASE("each required field is refused when it is absent or empty, and every other one may be") {
  for (const ProfileSource& source : shipped_profiles()) {
    const Profile& profile = source.profile;
    CAPTURE(profile.id);
    REQUIRE(required_fields().count(profile.id) == 1);
    const Names& required = required_fields().at(profile.id);
    const AdmissionInput input = example_of(profile);
    Names refused;
    for (const Field& field : input.fields) {
      CAPTURE(field.name);
      AdmissionInput without = input;
      std::erase(without.fields, field);
      AdmissionInput emptied = without;
      emptied.fields.push_back({field.name, ""});
      const auto absent = admit(profile, without);
      if (!absent) refused.insert(absent.error().field);
      CHECK(static_cast<bool>(absent) == static_cast<bool>(admit(profile, emptied)));
    }
    CHECK(refused == required);
  }
}

// Only units that a protocol states: a wrong limit would refuse a payment's notification.
const std::map<std::string, Names> kFen{{"hexi", {"v_price"}},
                                        {"ipaynow", {"mhtOrderAmt"}},
                                        {"ipaynow_25h", {"mhtOrderAmt"}},
                                        {"ipaynow_v1", {"mhtOrderAmt"}},
                                        {"bill99", {"orderAmount", "payAmount", "fee"}},
                                        {"bill99_split", {"orderAmount", "payAmount", "fee"}}};
const std::map<std::string, Names> kTimes{{"ipaynow", {"mhtOrderStartTime"}},
                                          {"ipaynow_25h", {"mhtOrderStartTime"}},
                                          {"ipaynow_v1", {"mhtOrderStartTime"}},
                                          {"bill99", {"orderTime", "dealTime"}},
                                          {"bill99_split", {"orderTime", "dealTime"}}};

void check_units(const std::map<std::string, Names>& fields, const std::string& good, const std::string& bad) {
  for (const auto& each : fields) {
    const auto& provider = each.first;
    const auto& names = each.second;
    const Profile& profile = shipped_profile(provider);
    for (const std::string& name : names) {
      CAPTURE(provider);
      CAPTURE(name);
      AdmissionInput input = example_of(profile);
      std::erase_if(input.fields, [&](const Field& field) { return field.name == name; });
      input.fields.push_back({name, good});
      CHECK(admit(profile, input));
      input.fields.back().value = bad;
      const auto refused = admit(profile, input);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().field == name);
    }
  }
}

TEST_CASE("amounts and times are checked where the protocol states their unit") {
  check_units(kFen, "1234", "12.34");
  check_units(kTimes, "20240229235959", "20230229235959");
}

TEST_CASE("no other field has a unit") {
  for (const ProfileSource& source : shipped_profiles()) {
    for (const FieldRule& rule : source.profile.fields) {
      const auto listed = [&](const std::map<std::string, Names>& fields) {
        const auto found = fields.find(source.profile.id);
        return found != fields.end() && found->second.count(rule.name) > 0;
      };
      CHECK_MESSAGE(rule.unit.has_value() == (listed(kFen) || listed(kTimes)), source.profile.id << " " << rule.name);
    }
  }
}

TEST_CASE("roncoo: no field of blanks only reaches the wire or the signature") {
  const Profile& profile = shipped_profile("roncoo");
  const Names& required = required_fields().at("roncoo");
  for (const FieldRule& rule : profile.fields) {
    if (rule.name == profile.signature.field || required.count(rule.name) > 0) continue;
    CAPTURE(rule.name);
    Example example = example_for("roncoo", "k", example_of(profile).fields);
    std::erase_if(example.input.fields, [&](const Field& field) { return field.name == rule.name; });
    const Rendered without = *render_shipped(example);
    example.input.fields.push_back({rule.name, " \t"});
    CHECK(render_shipped(example)->request.url == without.request.url);
  }
}

TEST_CASE("allinpay: the extras are sent and never signed, and an absent one is no empty pair") {
  const Rendered without =
      *render_shipped(example_for("allinpay", "k", example_of(shipped_profile("allinpay")).fields));
  for (const char* name : {"userName", "credentialsType", "credentialsNo", "pan", "txOrgId", "extTL"}) {
    CAPTURE(name);
    CHECK(without.request.body.find(name) == std::string::npos);
    Example example = example_for("allinpay", "k", example_of(shipped_profile("allinpay")).fields);
    example.input.fields.push_back({name, "x"});
    const Rendered out = *render_shipped(example);
    CHECK(out.signature == without.signature);
    CHECK(out.request.body.find(std::string("&") + name + "=x&") != std::string::npos);
  }
}

Names empty_pairs(const Rendered& rendered) {
  const bool is_get = rendered.request.method == "GET";
  const Fields pairs = *form_decode(is_get ? rendered.request.url.query : rendered.request.body);
  Names names;
  for (const Field& pair : pairs) {
    if (pair.value.empty()) names.insert(pair.name);
  }
  return names;
}

TEST_CASE("an optional field that is not given is an empty pair where merchants expect one, and else no pair") {
  const std::map<std::string, Names> kEmpty{
      {"hexi", {"v_custom1", "v_custom2", "v_mobileno"}},
      {"bill99", {"bankId", "bankDealId", "fee", "ext1", "ext2", "errCode"}},
      {"bill99_split",
       {"bankId", "bankDealId", "fee", "payeeContactType", "payeeContact", "payeeAmount", "ext1", "ext2",
        "sharingResult", "errCode"}},
      {"bill99_legacy", {"merchant_param", "couponid", "couponvalue"}},
      {"chinabank", {"remark1", "remark2"}},
      {"allinpay", {"issuerId", "ext1", "ext2", "errorCode"}},
      {"dhpay", {"failure_reason", "description"}},
  };
  for (const ProfileSource& source : shipped_profiles()) {
    const Profile& profile = source.profile;
    const bool pairs = profile.encoding == Encoding::kQuery || profile.encoding == Encoding::kForm ||
                       profile.encoding == Encoding::kRawPairs;
    if (!pairs) continue;
    CAPTURE(profile.id);
    Example example = example_for(profile.id, "k", example_of(profile).fields);
    example.merchant.keys.front().private_key = Secret(throwaway_private_key());
    const auto expected = kEmpty.find(profile.id);
    CHECK(empty_pairs(*render_shipped(example)) == (expected == kEmpty.end() ? Names{} : expected->second));
  }
}

TEST_CASE("what identifies a payer is hidden from people") {
  const std::map<std::string, Names> kSensitive{
      {"hexi", {"v_mobileno"}},
      {"bill99", {"bindCard", "bindMobile"}},
      {"bill99_split", {"payeeContact"}},
      {"allinpay", {"userName", "credentialsNo", "pan"}},
      {"jeepay", {"accountNo", "accountName"}},
  };
  for (const auto& each : kSensitive) {
    const auto& provider = each.first;
    const auto& names = each.second;
    for (const std::string& name : names) {
      const FieldRule* rule = find_field_rule(shipped_profile(provider), name);
      REQUIRE_MESSAGE(rule != nullptr, name);
      CHECK_MESSAGE(rule->sensitive, provider << " " << name);
    }
  }
}

}  // namespace
}  // namespace ackd
