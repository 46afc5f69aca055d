// Threads that render and sign. A signature with a private key takes a fraction of a millisecond, in which the loop
// could have moved a hundred other notifications.
//
//   loop's thread: start() --> waiting_ --> one of the threads: render, sign --> finished_, wake --> take_finished()
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "signer/signed_request.h"

namespace ackd {

// Everything that one signing needs, so that a thread reads nothing that the loop may change.
struct SigningJob {
  Ticket ticket = 0;
  const Profile* profile = nullptr;  // stays where it is, unchanged, until the threads are gone
  Merchant merchant;                 // by value: the directory replaces merchants under live traffic
  Content content;
  Url url;
  WallTime now;
  std::string nonce;
};

class SigningThreads {
 public:
  // `wake` is called from these threads, once until take_finished(), when nothing waits to be signed any more or enough
  // is finished. REQUIRES: count > 0.
  SigningThreads(std::size_t count, std::function<void()> wake);
  // Waits for the signatures that are being made and drops the jobs that wait.
  ~SigningThreads();
  SigningThreads(const SigningThreads&) = delete;
  SigningThreads& operator=(const SigningThreads&) = delete;

  // Jobs that are away: waiting, being signed, or finished and not taken. A tenth of a second's work for two threads,
  // and bounded because each holds a whole content.
  static constexpr std::size_t kAwayMax = 512;

  // While others wait to be signed, so many are worth a turn of the loop: one for each would cost a third of it.
  static constexpr std::size_t kGathered = 8;

  // Only the calls below change what room() says, so the loop never waits for room that comes without a wake.
  bool room() const { return away_ < kAwayMax; }
  // Never blocks. REQUIRES: room().
  void start(SigningJob job);
  // In the order of finishing.
  std::vector<Signing> take_finished();

 private:
  void run(const std::stop_token& stop);
  std::optional<SigningJob> wait_for_job(const std::stop_token& stop);
  void finish(Signing signing);

  std::function<void()> wake_;
  std::size_t away_ = 0;  // the loop's thread only

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<SigningJob> waiting_;     // guarded by mutex_
  std::vector<Signing> finished_;      // guarded by mutex_
  bool woken_ = false;                 // guarded by mutex_: since take_finished()
  std::vector<std::jthread> threads_;  // last, so that they have ended before what they use goes
};

}  // namespace ackd
