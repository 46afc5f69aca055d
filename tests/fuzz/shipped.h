// The shipped profiles with a merchant that has every kind of key, and inputs that are made of lines.
#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "profile/catalogue.h"
#include "profile/content_rules.h"
#include "profile/render.h"
#include "text/url.h"

namespace ackd::fuzz {

inline std::string throwaway_key() {
  std::ifstream stream(ACKD_SOURCE_DIR "/tests/fuzz/throwaway_rsa.pem");
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline constexpr WallTime kNow{1735704091000};

struct Shipped {
  std::vector<ProfileSource> sources = *load_profiles(ACKD_SOURCE_DIR "/schedules", "");
  Merchant merchant{"", "m1", "", {{"k1", Secret("0123456789abcdef0123456789abcdef"), Secret(throwaway_key())}}, {}};
  PrivateKeyCache keys;
  Url url = *parse_url("https://merchant.example/notify?own=1");

  const Profile* find(std::string_view provider) const {
    for (const ProfileSource& source : sources) {
      if (source.profile.id == provider) return &source.profile;
    }
    return nullptr;
  }
};

inline std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// "name=value" lines ("#type=refund" is the type), an empty line, and a raw body.
inline AdmissionInput read_input(std::string_view text) {
  AdmissionInput input;
  input.seed = "0123456789abcdef";
  input.now = kNow;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const std::size_t equals = std::min(line.find('='), line.size());
    const std::string name(line.substr(0, equals));
    std::string value(line.substr(std::min(equals + 1, line.size())));
    if (name == "#type") {
      input.type = value;
    } else {
      input.fields.push_back({name, std::move(value)});
    }
  }
  input.body = text;
  return input;
}

struct Admitted {
  const Profile* profile;
  FixedContent fixed;
};

// The provider's name on the first line, then what read_input() takes; nothing where the profile refuses it. From then
// on the merchant is that provider's.
inline std::optional<Admitted> admit(Shipped& shipped, std::string_view text) {
  const Profile* profile = shipped.find(take_line(text));
  if (profile == nullptr) return std::nullopt;
  shipped.merchant.provider = profile->id;
  Result<FixedContent> fixed = fix_incomplete_content(*profile, shipped.merchant, read_input(text));
  if (!fixed) return std::nullopt;
  return Admitted{profile, std::move(*fixed)};
}

}  // namespace ackd::fuzz
