#include "profile/egress_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "crypto/digest.h"

namespace ackd {
namespace {

constexpr std::size_t kListedMax = 16;
constexpr std::size_t kPinsMax = 4;
constexpr std::size_t kSha256Bytes = 32;
constexpr std::string_view kPinStart = "sha256//";

using Read = Status (*)(const std::string& value, EgressSettings& settings);

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(separator));
    if (!part.empty()) parts.push_back(part);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return parts;
}

template <class T>
Status read_list(const std::string& value, Result<T> (*parse)(std::string_view), std::vector<T>& out) {
  const std::vector<std::string_view> parts = split(value, ' ');
  if (parts.empty() || parts.size() > kListedMax) {
    return invalid(fmt::format("must list 1 to {}, with blanks between", kListedMax));
  }
  for (const std::string_view part : parts) {
    Result<T> item = parse(part);
    if (!item) return invalid("is wrong: " + item.error().message);
    out.push_back(*std::move(item));
  }
  return Done{};
}

Status read_name(const std::string& value, std::string& out) {
  if (value.empty()) return invalid("must name something of the configuration; leave the option out for none");
  out = value;
  return Done{};
}

bool is_pin(std::string_view text) {
  if (!text.starts_with(kPinStart)) return false;
  const auto digest = from_base64(text.substr(kPinStart.size()));
  return digest && digest->size() == kSha256Bytes;
}

Status read_pins(const std::string& value, EgressSettings& settings) {
  const std::vector<std::string_view> pins = split(value, ';');
  if (pins.empty() || pins.size() > kPinsMax || !std::all_of(pins.begin(), pins.end(), is_pin)) {
    return invalid(
        fmt::format("must be 1 to {} of the form sha256//BASE64 (the SHA-256 of a public key as DER), joined "
                    "by ';'",
                    kPinsMax));
  }
  settings.pinned_keys = value;
  return Done{};
}

Status read_end(const std::string& value, EgressSettings& settings) {
  const Result<std::int64_t> until = parse_rfc3339(value);
  if (!until) return invalid("must be the moment at which verification begins again: " + until.error().message);
  settings.unverified_until = WallTime{*until};
  return Done{};
}

Status read_source(const std::string& value, EgressSettings& settings) {
  const Result<IpAddress> address = parse_ip(value);
  if (!address) return invalid("must be an address of this machine: " + address.error().message);
  settings.source_address = *address;
  return Done{};
}

const std::vector<std::pair<std::string, Read>>& readers() {
  static const std::vector<std::pair<std::string, Read>> kReaders{
      {"egress_allow", [](const auto& value, auto& out) { return read_list(value, parse_cidr, out.rules.allow); }},
      {"egress_deny", [](const auto& value, auto& out) { return read_list(value, parse_cidr, out.rules.deny); }},
      {"egress_ports", [](const auto& value, auto& out) { return read_list(value, parse_ports, out.rules.ports); }},
      {"tls_ca", [](const auto& value, auto& out) { return read_name(value, out.authority); }},
      {"tls_client_certificate", [](const auto& value, auto& out) { return read_name(value, out.client_certificate); }},
      {"tls_pin", read_pins},
      {"tls_unverified_until", read_end},
      {"source_address", read_source},
      {"proxy", [](const auto& value, auto& out) { return read_name(value, out.proxy); }},
  };
  return kReaders;
}

Read reader_of(std::string_view name) {
  const auto& all = readers();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& reader) { return reader.first == name; });
  return found == all.end() ? nullptr : found->second;
}

Status of_merchant(const Merchant& merchant, const Error& error) {
  return Error{error.code, fmt::format("merchant {}/{}: {}", merchant.provider, merchant.id, error.message),
               error.field};
}

}  // namespace

const std::vector<std::string>& egress_option_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const auto& [name, read] : readers()) names.push_back(name);
    return names;
  }();
  return kNames;
}

bool is_egress_option(std::string_view name) {
  return reader_of(name) != nullptr;
}

Status check_egress_option(const std::string& name, const std::string& value) {
  EgressSettings ignored;
  return reader_of(name)(value, ignored);
}

std::optional<EgressSettings> egress_settings_of(const Merchant& merchant) {
  std::optional<EgressSettings> settings;
  for (const auto& [name, value] : merchant.options) {
    const Read read = reader_of(name);
    if (read == nullptr) continue;
    if (!settings) settings.emplace();
    EgressSettings changed = *settings;
    if (read(value, changed)) *settings = std::move(changed);
  }
  return settings;
}

Status check_named(const Merchant& merchant, const EgressMeans& means) {
  const std::optional<EgressSettings> settings = egress_settings_of(merchant);
  const Status named = settings ? check_named(*settings, means) : Done{};
  return named ? named : of_merchant(merchant, named.error());
}

Status check_loosening(const Merchant& merchant, WallTime now) {
  const std::optional<EgressSettings> settings = egress_settings_of(merchant);
  const bool loosened = settings && settings->unverified_until;
  if (!loosened || *settings->unverified_until - now <= kLooseningMax) return Done{};
  return of_merchant(merchant, invalid(fmt::format("the option tls_unverified_until is more than {} ahead, the limit; "
                                                   "give a nearer moment, it can be moved on later",
                                                   format_duration(kLooseningMax)),
                                       "options.tls_unverified_until"));
}

}  // namespace ackd
