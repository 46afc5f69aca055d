#include "policy/lane_window.h"

#include <algorithm>

namespace ackd {

LaneWindow::LaneWindow(std::size_t first, std::size_t most)
    : first_(static_cast<std::uint32_t>(first) * kOne), most_(static_cast<std::uint32_t>(most) * kOne), size_(kOne) {}

void LaneWindow::set_most(std::size_t most) {
  most_ = static_cast<std::uint32_t>(most) * kOne;
  size_ = std::min(size_, most_);
}

void LaneWindow::forget() {
  size_ = kOne;
  failed_ = 0;
  back_off_ms_ = 0;
  known_ = false;
  comes_back_ = false;
}

void LaneWindow::know() {
  if (!untried()) return;
  known_ = true;
  size_ = std::min(first_, most_);
}

void LaneWindow::recall(LaneStanding standing) {
  if (standing == LaneStanding::kAnswers) know();
  if (standing == LaneStanding::kSqueezed) back_off_ms_ = static_cast<std::uint32_t>(kBackOffMin.count());
}

// One more for each windowful; after a squeeze one more for each success, up to where it began.
void LaneWindow::on_good() {
  if (untried()) return know();
  known_ = true;
  failed_ = 0;
  if (squeezed()) comes_back_ = true;
  back_off_ms_ = 0;
  size_ = std::min(most_, size_ + (comes_back_ ? kOne : one_of_size()));
  if (size_ >= first_) comes_back_ = false;
}

Duration LaneWindow::on_bad() {
  comes_back_ = false;
  if (!squeezed()) {
    const std::uint32_t one = one_of_size();
    failed_ += one;
    size_ = std::max(kOne, size_ - std::min(size_, one));
    if (failed_ < kOne) return Duration(0);
  }
  size_ = kOne;
  const Duration doubled(2 * static_cast<std::int64_t>(back_off_ms_));
  back_off_ms_ = static_cast<std::uint32_t>(std::clamp(doubled, kBackOffMin, kBackOffMax).count());
  return Duration(back_off_ms_);
}

}  // namespace ackd
