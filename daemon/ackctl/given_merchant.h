// The merchant of a verb that works without the daemon, as its options name it.
#pragma once

#include <string>
#include <vector>

#include "ackctl/configuration.h"
#include "ackctl/verb.h"
#include "base/result.h"
#include "model/merchant.h"

namespace ackd {

// As given; bound to options by declare_given_merchant().
struct GivenMerchant {
  std::string id;
  std::string key_file;
  std::string public_key_file;
  std::vector<std::string> options;  // "name=value"
};

// Declares --key-file, --public-key, --option and --merchant on `command`.
void declare_given_merchant(CLI::App& command, GivenMerchant& given);

struct GivenProtocol {
  Profile profile;
  Merchant merchant;
  std::string public_key;
};

// The provider's profile, and the merchant: from the configuration where the global --config names one and `given` a
// merchant of it, with what else is given on top; else from the files and options alone. Errors name the option.
Result<GivenProtocol> read_given(const GlobalOptions& options, const std::string& provider, const GivenMerchant& given);

// "name=value" into its halves. `option` is named in the error.
Result<Field> read_pair(const std::string& pair, const char* option);

}  // namespace ackd
