// The merchants of the configuration file, with the key files that they name.
#pragma once

#include <vector>

#include "config/config.h"
#include "config/file_context.h"

namespace ackd {

// Stops at the first error, which the context's trouble then tells: a long file must not read thousands of key files
// behind it.
std::vector<ConfiguredMerchant> read_merchants(const YamlSection& root, const FileContext& context);

}  // namespace ackd
