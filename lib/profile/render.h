// Building and signing one request from fixed content. Pure: time and chance are arguments, equal arguments give equal
// bytes. Signed first, encoded second: the canonical text uses raw values, percent-encoding touches only the wire.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/signing.h"
#include "model/content.h"
#include "model/http_request.h"
#include "model/merchant.h"
#include "profile/profile.h"

namespace ackd {

struct RenderInput {
  const Content& content;
  const Merchant& merchant;
  const Url& url;
  WallTime now;
  std::string nonce;  // nonce_from(random); only what the protocol's own rules ask for goes into the request
};

// 32 characters 0-9 A-F that depend on all bits of `random`.
std::string nonce_from(std::uint64_t random);
// The same, and nothing (which costs nothing) where the protocol carries no nonce.
std::string nonce_for(const Profile& profile, std::uint64_t random);

struct Rendered {
  HttpRequest request;
  std::string canonical;  // the bytes that were signed, in the request's charset; may hold the key
  std::string signature;  // the whole value of the signature's place: "v1,g0hM9S..."
  std::string key_id;     // of all keys that signed, joined with ','
  std::string nonce;      // empty where the protocol has none
};

// Fails when the merchant lacks a key, an option or a field has a value that this revision of the profile does not
// know, a character is not in the charset, or the content was not fixed by this profile.
Result<Rendered> render(const Profile& profile, const RenderInput& input, PrivateKeyCache& keys);

// The same without any private key: for looking at what a profile makes of its examples. Digests are computed; where a
// private key would sign, kUnsigned stands in its place.
inline constexpr std::string_view kUnsigned = "unsigned";
Result<Rendered> render_unsigned(const Profile& profile, const RenderInput& input);

// Whether render() will use a private key for this content, which is slow.
bool signs_with_private_key(const Profile& profile, const Merchant& merchant, const Fields& fields);

// The acknowledgement rule with the merchant's own loosening (options ack_trim, ack_contains, ack_any_case) and
// charset.
AckRule ack_for(const Profile& profile, const Merchant& merchant);

}  // namespace ackd
