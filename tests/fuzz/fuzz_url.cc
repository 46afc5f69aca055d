// Any text as a URL, a form and a part of one: a URL is refused, or is one that is read again as itself and goes to the
// same origin; what encoding made of any bytes, decoding makes those bytes again.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "model/notification.h"
#include "target.h"
#include "text/form_encoding.h"
#include "text/url.h"

namespace {

using namespace ackd;

bool is_one_ascii_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool is_host(std::string_view host) {
  return !host.empty() && host.find_first_of("@/?#\\%ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
}

void check_url(std::string_view spelled) {
  const Result<Url> url = parse_url(spelled);
  if (!url) {
    CHECK_THAT(url.error().field == "url" && !url.error().message.empty(), "a refusal says why");
    return;
  }
  const std::string text = url->text();
  CHECK_THAT(is_one_ascii_word(text) && is_one_ascii_word(url->origin()), "a URL is one word of ASCII");
  CHECK_THAT(text.size() <= kUrlBytesMax, "a URL that was taken is within the limit");
  CHECK_THAT(is_host(url->host) && url->port != 0 && url->path.starts_with('/'), "every part is what it claims to be");
  CHECK_THAT(text.starts_with(url->tls ? "https://" : "http://"), "the scheme stays");
  CHECK_THAT(url->text().find('#') == std::string::npos, "a fragment never goes on the wire");
  const Result<Url> again = parse_url(text);
  CHECK_THAT(again && *again == *url && again->text() == text, "a canonical URL is read as itself");
  const std::string authority = text.substr(0, text.find('/', text.find("//") + 2));
  const std::string port = ":" + std::to_string(url->port);
  CHECK_THAT(url->origin() == authority || url->origin() == authority + port, "the origin is the one in the text");
}

// The same URL, as long as one may be.
void check_longest(std::string_view spelled) {
  if (spelled.size() >= kUrlBytesMax || !parse_url(spelled)) return;
  std::string longest(spelled.substr(0, spelled.find('#')));
  if (longest.find('?') == std::string::npos) longest += '?';
  longest.resize(std::max(longest.size(), kUrlBytesMax), 'x');
  check_url(longest);
}

void check_encoding(std::string_view bytes) {
  for (const Space space : {Space::kPlus, Space::kPercent20}) {
    const std::string encoded = percent_encode(bytes, space);
    CHECK_THAT(is_one_ascii_word(encoded) && encoded.find_first_of("&=?#/") == std::string::npos,
               "what is encoded cannot end the value it stands in");
    const Result<std::string> decoded = percent_decode(encoded);
    CHECK_THAT(decoded && *decoded == bytes, "what was encoded decodes again");
  }
}

void check_form(std::string_view text) {
  const Result<Fields> pairs = form_decode(text);
  if (!pairs) return;
  for (const Space space : {Space::kPlus, Space::kPercent20}) {
    const Result<Fields> again = form_decode(form_encode(*pairs, space));
    CHECK_THAT(again && *again == *pairs, "what was decoded encodes again");
  }
}

}  // namespace

int ackd::fuzz::try_input(std::string_view text) {
  check_url(text);
  check_longest(text);
  check_encoding(text);
  check_form(text);
  return 0;
}
