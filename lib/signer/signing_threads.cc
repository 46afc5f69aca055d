#include "signer/signing_threads.h"

#include <utility>

#include "base/check.h"

namespace ackd {

SigningThreads::SigningThreads(std::size_t count, std::function<void()> wake) : wake_(std::move(wake)) {
  CHECK_THAT(count > 0, "nobody would sign");
  // Should the system refuse one, those that run are ended on the way out.
  for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
}

SigningThreads::~SigningThreads() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

void SigningThreads::start(SigningJob job) {
  CHECK_THAT(room(), "the signer asks for room before it starts");
  ++away_;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(job));
  }
  changed_.notify_one();
}

std::vector<Signing> SigningThreads::take_finished() {
  std::vector<Signing> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(finished_);
    woken_ = false;
  }
  away_ -= taken.size();
  return taken;
}

void SigningThreads::run(const std::stop_token& stop) {
  PrivateKeyCache keys;
  while (const std::optional<SigningJob> job = wait_for_job(stop)) {
    const RenderInput input{job->content, job->merchant, job->url, job->now, job->nonce};
    finish({job->ticket, sign_request(*job->profile, input, keys)});
  }
}

// Nothing when stopping.
std::optional<SigningJob> SigningThreads::wait_for_job(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [this] { return !waiting_.empty(); });
  if (stop.stop_requested()) return std::nullopt;
  SigningJob job = std::move(waiting_.front());
  waiting_.pop_front();
  return job;
}

void SigningThreads::finish(Signing signing) {
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    finished_.push_back(std::move(signing));
    // Who is not woken now is woken at the end of a signature that waits.
    wakes = !woken_ && (waiting_.empty() || finished_.size() >= kGathered);
    woken_ = woken_ || wakes;
  }
  // Outside the lock: whoever is woken may take the result at once. Those behind it are taken with it.
  if (wakes) wake_();
}

}  // namespace ackd
