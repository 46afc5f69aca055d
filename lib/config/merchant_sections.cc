#include "config/merchant_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "config/key_file.h"
#include "policy/allowed_hosts.h"
#include "text/url.h"

namespace ackd {
namespace {

constexpr std::size_t kKeysMax = 4;

std::string read_name(const YamlSection& section, std::string_view key) {
  section.require(key);
  std::string name = section.text(key);
  const bool has_control = std::any_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  if (name.empty() || name.size() > kNameBytesMax || has_control) {
    section.report(key, fmt::format("must have 1 to {} bytes and no control characters", kNameBytesMax));
  }
  return name;
}

std::string read_url(const YamlSection& section) {
  const std::string text = section.text("url");
  if (text.empty()) return {};
  const Result<Url> url = parse_url(text);
  if (!url) section.report("url", url.error().message);
  return url ? url->text() : std::string();
}

Secret read_secret(const YamlSection& section, std::string_view key, const FileContext& context) {
  // The paths may be nonsense once something is wrong; the first error is the one to show.
  if (section.find(key) == nullptr || context.trouble.first()) return {};
  Result<Secret> secret = read_key_file(context.resolve(section.text(key)));
  if (!secret) section.report(key, secret.error().message);
  return secret ? std::move(*secret) : Secret();
}

MerchantKey read_key(const YamlSection& section, const FileContext& context) {
  const char* named_by = section.find("key_file") != nullptr ? "key_file" : "private_key_file";
  if (section.find(named_by) == nullptr)
    section.report("key_file", "is missing; name key_file, private_key_file or both");
  // The file's name tells keys apart in logs without a word about their content.
  const std::string fallback = std::filesystem::path(section.text(named_by)).filename().string();
  MerchantKey key{section.text("key_id", fallback), read_secret(section, "key_file", context),
                  read_secret(section, "private_key_file", context)};
  if (key.id.size() > kNameBytesMax) section.report("key_id", fmt::format("has more than {} bytes", kNameBytesMax));
  return key;
}

// One key in the merchant's own lines, or a list of them during a rotation.
std::vector<MerchantKey> read_keys(const YamlSection& section, const FileContext& context) {
  std::vector<MerchantKey> keys;
  if (section.find("keys") == nullptr) return {read_key(section, context)};
  for (const char* key : {"key_file", "private_key_file", "key_id"}) {
    if (section.find(key) != nullptr) section.report(key, "stands beside keys; write it into one of them");
  }
  for (const YamlNode* item : section.items("keys")) {
    const std::string path = fmt::format("{}[{}]", section.path_of("keys"), keys.size());
    keys.push_back(read_key({*item, path, {"key_file", "private_key_file", "key_id"}, context.trouble}, context));
  }
  if (keys.empty() || keys.size() > kKeysMax) section.report("keys", fmt::format("must name 1 to {} keys", kKeysMax));
  return keys;
}

std::map<std::string, std::string> read_options(const YamlSection& section, YamlTrouble& trouble) {
  std::map<std::string, std::string> options;
  const YamlNode* node = section.find("options");
  if (node == nullptr) return options;
  if (node->kind != YamlNode::Kind::kMap) section.report("options", "must be a map of names and values");
  for (const YamlNode& item : node->items) {
    options[item.key] = yaml_text(item, section.path_of("options." + item.key), trouble);
  }
  return options;
}

std::vector<std::string> read_hosts(const YamlSection& section) {
  std::vector<std::string> hosts;
  for (const std::string& text : section.texts("hosts")) {
    const Result<std::string> host = read_host_pattern(text);
    if (!host) section.report("hosts", fmt::format("'{}' {}", text, host.error().message));
    hosts.push_back(host ? *host : text);
  }
  if (hosts.size() > kAllowedHostsMax) section.report("hosts", fmt::format("names more than {}", kAllowedHostsMax));
  return hosts;
}

ConfiguredMerchant read_merchant(const YamlNode& node, const std::string& path, const FileContext& context) {
  const YamlSection section(
      node, path,
      {"provider", "id", "url", "hosts", "contact", "key_file", "private_key_file", "key_id", "keys", "options"},
      context.trouble);
  Merchant merchant;
  merchant.provider = read_name(section, "provider");
  merchant.id = read_name(section, "id");
  merchant.url = read_url(section);
  merchant.keys = read_keys(section, context);
  merchant.options = read_options(section, context.trouble);
  merchant.hosts = read_hosts(section);
  merchant.contact = section.text("contact");
  return {std::move(merchant), fmt::format("{}:{}:{}: {}", context.file, node.place.line, node.place.column, path)};
}

}  // namespace

std::vector<ConfiguredMerchant> read_merchants(const YamlSection& root, const FileContext& context) {
  std::vector<ConfiguredMerchant> merchants;
  std::map<std::pair<std::string, std::string>, int> line_of;
  for (const YamlNode* node : root.items("merchants")) {
    const std::string path = fmt::format("merchants[{}]", merchants.size());
    merchants.push_back(read_merchant(*node, path, context));
    const Merchant& merchant = merchants.back().merchant;
    const auto [first, is_new] = line_of.try_emplace({merchant.provider, merchant.id}, node->place.line);
    if (!is_new) {
      context.trouble.report(
          node->place, path,
          fmt::format("merchant {} of {} is already given in line {}", merchant.id, merchant.provider, first->second));
    }
    // A long file of merchants must not read thousands of key files behind the first error.
    if (context.trouble.first()) break;
  }
  return merchants;
}

}  // namespace ackd
