// The stage of a rotation: everything on record that is sealed under an older master key is put under the current one,
// a slice a batch, while everything else goes on. It keeps no state of its own: what is left is what the record still
// has under older keys, so a kill at any moment costs nothing but a start anew.
//
//   read a slice of what is under older keys --> seal it anew --> write each only if it is still what was read -->
//   again
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "crypto/sealing.h"
#include "engine/core.h"

namespace ackd {

class Resealing {
 public:
  explicit Resealing(Core& core) : core_(core) {}

  // `keys` must outlive the stage. From now on nobody may seal under an older key.
  // `left`: how many keys are under older ones, for people who watch.
  void start(const KeyRing& keys, std::size_t left);
  bool running() const { return running_; }
  // About how many are under older master keys still: one that is replaced meanwhile counts until the end.
  std::size_t left() const { return left_; }
  // True once, when nothing is left under older keys: they may be dropped.
  bool take_finished() { return std::exchange(finished_, false); }

  // Adds to the next batch what was read and sealed anew, and the read of the next slice.
  void take_into(Batch& batch);
  // `results`: one for each operation that take_into() added last.
  void on_committed(std::span<const OperationResult> results, std::vector<SealedKeyRow> left);
  void on_failed();

 private:
  void seal_anew(std::vector<SealedKeyRow> rows);

  Core& core_;
  const KeyRing* keys_ = nullptr;
  bool running_ = false;
  bool reading_ = false;
  bool finished_ = false;
  std::vector<KeyReseal> sealed_anew_;  // to be written
  std::size_t written_ = 0;
  std::size_t left_ = 0;
};

}  // namespace ackd
