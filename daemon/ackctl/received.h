// What the merchant of `ackctl receive` makes of a notification: whose it is, which order it is about, and whether its
// signature is right. profile/verification.h judges; here the merchant is found.
#pragma once

#include <string>
#include <vector>

#include "model/merchant.h"
#include "profile/profile.h"
#include "profile/received_request.h"

namespace ackd {

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
  std::string path{};        // of its URL; empty matches every path
  std::string public_key{};  // the platform's, where its private key is not known here
};

// Checks the request against the merchants that live at its path, or against all where none does. The first whose
// signature matches is the one; otherwise the verdict is about the likeliest. Safe to call from several threads.
Reading read_request(const std::vector<KnownMerchant>& known, const ReceivedRequest& request);

}  // namespace ackd
