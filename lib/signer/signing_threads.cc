#include "signer/signing_threads.h"

#include <system_error>
#include <utility>

#include "base/check.h"

namespace ackd {

SigningThreads::SigningThreads(std::size_t count, std::function<void()> wake) : wake_(std::move(wake)) {
  CHECK_THAT(count > 0, "nobody would sign");
  for (std::size_t i = 0; i < count; ++i) {
    try {
      threads_.emplace_back([this] { run(); });
    } catch (const std::system_error&) {
      // Fewer sign as well, only later; without any there is no signer.
      if (threads_.empty()) throw;
      break;
    }
  }
}

SigningThreads::~SigningThreads() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
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
  }
  away_ -= taken.size();
  return taken;
}

void SigningThreads::run() {
  PrivateKeyCache keys;
  while (const std::optional<SigningJob> job = wait_for_job()) {
    const RenderInput input{job->content, job->merchant, job->url, job->now, job->nonce};
    finish({job->ticket, sign_request(*job->profile, input, keys)});
  }
}

// Nothing when stopping.
std::optional<SigningJob> SigningThreads::wait_for_job() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !waiting_.empty() || stopping_; });
  if (stopping_) return std::nullopt;
  SigningJob job = std::move(waiting_.front());
  waiting_.pop_front();
  return job;
}

void SigningThreads::finish(Signing signing) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = finished_.empty();
    finished_.push_back(std::move(signing));
  }
  // Outside the lock: whoever is woken may take the result at once. Those behind the first are taken with it.
  if (first) wake_();
}

}  // namespace ackd
