// What a merchant makes of a received notification: which order it is about and whether its signature is right. This is
// the receiver's side of profile/render.h: the same rules, run over what arrived.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/content.h"
#include "model/merchant.h"
#include "profile/profile.h"

namespace ackd {

struct ReceivedRequest {
  std::string method;
  std::string path;
  std::string query;  // as on the wire, without '?'
  std::string body;
};

enum class SignatureVerdict { kOk, kWrong, kUnchecked };
const char* name_of(SignatureVerdict verdict);  // "ok", "WRONG", "unchecked"

struct Reading {
  SignatureVerdict signature = SignatureVerdict::kUnchecked;
  std::string why;       // with kWrong: a sentence
  std::string provider;  // of the known merchant that was checked; or empty
  std::string merchant;
  std::string subject;
  // Equal for every attempt of one notification: provider, path and identifying fields where the provider is known,
  // else the whole request.
  std::string identity;
};

// A merchant that this receiver stands for. The profile must outlive it.
struct KnownMerchant {
  const Profile* profile = nullptr;
  Merchant merchant;
  std::string path;  // of its URL; empty matches every path
};

// Checks the request against the merchants that live at its path, or against all where none does. The first whose
// signature matches is the one; otherwise the verdict is about the likeliest.
Reading read_request(const std::vector<KnownMerchant>& known, const ReceivedRequest& request);

}  // namespace ackd
