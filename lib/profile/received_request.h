// A request as it arrives at a merchant, and what it says in the renderer's own terms: the receiving side of wire.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/content.h"
#include "model/merchant.h"
#include "profile/profile.h"

namespace ackd {

struct ReceivedRequest {
  std::string method;
  std::string path;
  std::string query;  // as on the wire, without '?'
  Fields headers;     // in any case
  std::string body;
};

// The header's value, whatever the case of its name; nullptr when there is none.
const std::string* find_header(const ReceivedRequest& request, std::string_view name);

struct ReceivedContent {
  // Every field of the profile that arrived, that a header showed, that `known` gives, or that a merchant knows anyway
  // (constants and defaults that are not drawn), in the profile's order, then extra ones in the wire's. In the bytes of
  // the wire, pairs percent-decoded, what was sealed opened. Never the signature.
  Fields fields;
  Fields undecoded;                      // those that came as pairs, as they stood on the wire
  Fields unknown;                        // what the profile does not list; no part of `fields`
  std::string document;                  // the platform's own body, without what is wrapped around it; or empty
  std::string signed_body;               // what {body} stands for in a signed text
  std::optional<std::string> signature;  // the whole value of the signature's place
  std::optional<WallTime> now;           // from headers, or the signature's place
  std::string nonce;
  std::vector<std::string> notes;  // for people: what arrived and should not have, or the other way round
};

// `known` are fields that are not sent and that the merchant knows from elsewhere. Pairs of the merchant's own URL are
// left aside. Fails when the request has not the protocol's form at all.
Result<ReceivedContent> read_received(const Profile& profile, const Merchant& merchant, const Fields& known,
                                      const ReceivedRequest& request);

}  // namespace ackd
