// Any fields for any shipped provider: admission refuses them, or what is rendered is well-formed HTTP, the same every
// time, and the same again after the content has been stored and read back.
//
// The input's text: the provider, then "name=value" lines, an empty line, and a raw body.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "base/check.h"
#include "profile/catalogue.h"
#include "profile/content_rules.h"
#include "profile/render.h"
#include "text/url.h"

namespace {

using namespace ackd;

std::string throwaway_key() {
  std::ifstream stream(ACKD_SOURCE_DIR "/tests/fuzz/throwaway_rsa.pem");
  return {std::istreambuf_iterator<char>(stream), {}};
}

struct World {
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

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

AdmissionInput read_input(std::string_view text) {
  AdmissionInput input;
  input.seed = "0123456789abcdef";
  input.now = WallTime{1735704091000};
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

void check_request(const HttpRequest& request) {
  const auto printable = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  };
  for (const Field& header : request.headers) {
    CHECK_THAT(printable(header.name) && printable(header.value), "a header may end only where HTTP ends it");
  }
  const std::string url = request.url.text();
  CHECK_THAT(printable(url) && url.find(' ') == std::string::npos, "a URL is one word of ASCII");
  CHECK_THAT(url.starts_with("https://merchant.example/notify"), "the target is the merchant's own");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const Profile* profile = world.find(take_line(text));
  if (profile == nullptr) return 0;
  world.merchant.provider = profile->id;
  const Result<FixedContent> fixed = fix_incomplete_content(*profile, world.merchant, read_input(text));
  if (!fixed) return 0;
  const std::optional<Content> stored = decode_content(encode(fixed->content));
  CHECK_THAT(stored && *stored == fixed->content, "content survives the outbox");
  const auto once = [&](const Content& content) {
    return render(*profile, {content, world.merchant, world.url, WallTime{1735704091000}, nonce_from(1)}, world.keys);
  };
  const Result<Rendered> rendered = once(fixed->content);
  if (!rendered) return 0;
  check_request(rendered->request);
  const Result<Rendered> again = once(*stored);
  CHECK_THAT(again && again->request.body == rendered->request.body &&
                 again->request.url.text() == rendered->request.url.text() && again->signature == rendered->signature,
             "equal content gives equal bytes");
  return 0;
}
