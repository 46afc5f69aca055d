// What every step of one render() shares: the choices made, and the content in the bytes of the wire.
#pragma once

#include <map>
#include <string>

#include "profile/render.h"
#include "text/charset.h"

namespace ackd {

struct Rendering {
  const Profile& profile;
  const RenderInput& input;
  Charset charset = Charset::kUtf8;
  Space space = Space::kPlus;
  std::map<std::string, std::string> options;  // resolved
  Fields fields;                               // of the content, values in `charset`

  // What placeholders stand for, but for key, body, text and signatures. Refers to this object.
  TemplateFacts facts() const;
};

// Fails when a choice or a character is not one that the profile and the charset know.
Result<Rendering> begin_rendering(const Profile& profile, const RenderInput& input);
// The same for fields that arrived, and so are in the bytes of the wire already: nothing is checked or converted, and
// the content serves for the choices only.
Result<Rendering> begin_rendering(const Profile& profile, const RenderInput& input, Fields bytes);

// The text that is signed: the fields as the rule says, or its own template. `body` is the body as it is sent, where
// that is known before signing.
Result<std::string> canonical_text(const Rendering& rendering, const CanonicalRule& rule, const Secret& key,
                                   std::string_view body);

struct Signatures {
  std::string value;      // of the signature's place; empty without a signature
  std::string canonical;  // of the first key
  std::string key_id;     // of all that signed, joined with ','
};

// Signs with the variant that the content chooses. Fails when the merchant lacks the key for it. Without `keys` no
// private key is needed, and kUnsigned stands where it would have signed.
Result<Signatures> sign(const Rendering& rendering, std::string_view body, PrivateKeyCache* keys);

// The steps of sign(), for a merchant's view of the same rules.

// Whether the variant uses the merchant's secret at all.
bool needs_secret(const SignatureVariant& variant);

struct SignedText {
  std::string canonical;
  std::string bytes;  // what is digested or signed: made of the canonical text, in its charset
};
Result<SignedText> signed_text(const Rendering& rendering, const SignatureVariant& variant, const MerchantKey& key,
                               std::string_view body);
// The same when the canonical text is already there.
Result<std::string> signed_bytes(const Rendering& rendering, const SignatureVariant& variant, const MerchantKey& key,
                                 const std::string& canonical, std::string_view body);

// The digest, keyed or not. REQUIRES: the variant needs no private key.
Result<std::string> digest_of(const Rendering& rendering, const SignatureVariant& variant, const MerchantKey& key,
                              const std::string& bytes);

// The bytes of the wire. `signature` is ignored where it goes into a header.
Result<std::string> build_pairs(const Rendering& rendering, const std::string& signature);
Result<std::string> build_body(const Rendering& rendering, const std::string& signature);
Result<Fields> build_headers(const Rendering& rendering, const std::string& signature, std::string_view body);

}  // namespace ackd
