// The master keys' home outside the record: a file of ackd's own, or a credential that systemd hands over.
//
//   # a comment
//   6f1c...   64 hex digits: the current master key, under which everything is sealed
//   a90b...   older ones, under which some keys may be sealed still
//
// A rotation writes the new key in front before anything is sealed under it, and drops the older ones when nothing is
// sealed under them any more, so that a kill at any moment loses no key that the record needs.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/rng.h"
#include "crypto/sealing.h"

namespace ackd {

class MasterKeys {
 public:
  enum class Source : std::uint8_t { kFile, kCredential };

  // Reads the credential when `credential` names a file that is there, else `file`. A file that is missing is made,
  // mode 0600 and synced with its folder, but only where `may_make`: while the record holds sealed keys, a missing file
  // is lost, and a new one would only hide that. What a write left beside the file that a kill cut off is removed.
  // REQUIRES: nobody else writes the file meanwhile.
  //
  // Refuses, each with what to do: a symbolic link, another owner than this process, modes other than 0600 and 0400 (of
  // a credential: what others than systemd and its service may read), a line that is no key, a key given twice, none.
  static Result<MasterKeys> open(const std::string& file, const std::string& credential, bool may_make, Rng& rng);

  const KeyRing& ring() const { return ring_; }
  Source source() const { return source_; }
  bool has_older() const { return ring_.keys().size() > 1; }

  // Draws a new master key and makes it the current one, on the disk first. Fails where the keys are a credential,
  // which only its owner changes, and when the file cannot be written; nothing has changed then.
  Status rotate(Rng& rng);
  // Of a file: the older keys go. REQUIRES: nothing on record is sealed under them.
  Status drop_older();

 private:
  MasterKeys(Source source, std::string file, KeyRing ring)
      : source_(source), file_(std::move(file)), ring_(std::move(ring)) {}

  Source source_;
  std::string file_;
  KeyRing ring_;
};

}  // namespace ackd
