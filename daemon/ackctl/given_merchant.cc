#include "ackctl/given_merchant.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "ackctl/provider_files.h"
#include "profile/merchant_options.h"

namespace ackd {
namespace {

// Editors end a file with a newline that is not part of the key.
Result<std::string> read_key(const std::string& file) {
  auto key = read_input(file);
  if (!key) return key;
  while (key->ends_with('\n') || key->ends_with('\r')) key->pop_back();
  if (key->empty()) return invalid(fmt::format("{} is empty", file));
  return key;
}

Result<GivenProtocol> read_protocol(const GlobalOptions& options, const std::string& provider,
                                    const GivenMerchant& given) {
  if (!options.config_file.empty() && !given.id.empty()) {
    auto known = find_in_config(options, provider, given.id);
    if (!known) return known.error();
    return GivenProtocol{std::move(known->profile), std::move(known->merchant), {}};
  }
  auto profile = find_profile(options.schedules_dir, provider);
  if (!profile) return profile.error();
  Merchant merchant;
  merchant.provider = provider;
  merchant.id = given.id;
  return GivenProtocol{*std::move(profile), std::move(merchant), {}};
}

}  // namespace

void declare_given_merchant(CLI::App& command, GivenMerchant& given) {
  command.add_option("--merchant", given.id,
                     "The merchant's id; with --config, its key, options and URL are from there");
  command.add_option("--key-file", given.key_file, "File with the merchant's key");
  command.add_option("--public-key", given.public_key_file, "File with the platform's public key or certificate (PEM)");
  command.add_option("--option", given.options, "A merchant option of the provider, name=value")
      ->allow_extra_args(false);
}

Result<Field> read_pair(const std::string& pair, const char* option) {
  const std::size_t equals = pair.find('=');
  if (equals == std::string::npos) return invalid(fmt::format("{0} {1}: write {0} name=value", option, pair));
  return Field{pair.substr(0, equals), pair.substr(equals + 1)};
}

Result<GivenProtocol> read_given(const GlobalOptions& options, const std::string& provider,
                                 const GivenMerchant& given) {
  auto protocol = read_protocol(options, provider, given);
  if (!protocol) return protocol;
  if (!given.key_file.empty()) {
    auto key = read_key(given.key_file);
    if (!key) return key.error();
    protocol->merchant.keys = {{"", Secret(*std::move(key)), Secret()}};
  }
  if (!given.public_key_file.empty()) {
    auto key = read_key(given.public_key_file);
    if (!key) return key.error();
    protocol->public_key = *std::move(key);
  }
  for (const std::string& pair : given.options) {
    auto option = read_pair(pair, "--option");
    if (!option) return option.error();
    protocol->merchant.options[option->name] = std::move(option->value);
  }
  if (const Status known = check_options(protocol->profile, protocol->merchant); !known) return known.error();
  return protocol;
}

}  // namespace ackd
