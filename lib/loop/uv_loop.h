// The one event loop of the daemon, as small owners around libuv. Everything here belongs to the loop's thread, except
// Wakeup::signal().
//
// How a turn comes about: libuv calls back for timers, sockets and wakeups; those callbacks only queue facts. Then,
// exactly once after such a batch and before the loop sleeps, run() calls `on_turn`, which is where the engine works.
// So a thousand finished transfers cost one turn, and no engine code ever runs inside a library's callback.
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

#include "base/time.h"

namespace ackd {

// libuv reads a handle's memory until its close callback has run, which is after the owner is gone: so handles live on
// the heap and the close callback frees them.
template <class Handle>
struct UvCloser {
  void operator()(Handle* handle) const {
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
  }
};
template <class Handle>
using UvHandle = std::unique_ptr<Handle, UvCloser<Handle>>;

// A handle and the function it calls, freed together: so an owner may be destroyed by its own function.
struct UvTimerHandle : uv_timer_t {
  std::function<void()> on_due;
};
struct UvPollHandle : uv_poll_t {
  std::function<void(int uv_events)> on_ready;
};

// Must outlive every handle made on it: declare it first. Its destructor finishes their closing.
class UvLoop {
 public:
  UvLoop();
  ~UvLoop();
  UvLoop(const UvLoop&) = delete;
  UvLoop& operator=(const UvLoop&) = delete;

  // Runs until stop(). `on_turn` is called at once, and then after each batch of callbacks.
  void run(std::function<void()> on_turn);
  // Makes run() return after the batch it is in; it may be called from inside on_turn.
  void stop();
  // For facts that arise inside on_turn itself: calls it once more before the loop sleeps. Costs no system call.
  void turn_again();

  uv_loop_t* get() { return &loop_; }
  // Milliseconds that only run forward, for measuring and for deadlines inside an adapter.
  std::int64_t monotonic_ms() const { return static_cast<std::int64_t>(uv_hrtime() / 1'000'000); }

 private:
  uv_loop_t loop_{};
  UvHandle<uv_prepare_t> before_sleep_;
  UvHandle<uv_idle_t> no_sleep_;
  std::function<void()> on_turn_;
};

// Lets other threads end the loop's sleep. Signals between two turns fall together.
class Wakeup {
 public:
  explicit Wakeup(UvLoop& loop);
  // Safe from any thread while this object lives: join the threads before it goes.
  void signal();

 private:
  UvHandle<uv_async_t> async_;
};

// One deadline that can be moved. It may fire a millisecond early (libuv rounds down): who is woken looks at the clock
// again and arms anew.
class Timer {
 public:
  // With no function the timer only ends the loop's sleep, so that on_turn runs: what the engine's next wake needs.
  explicit Timer(UvLoop& loop, std::function<void()> on_due = {});
  // Replaces the deadline. Negative delays count as zero, which still fires from the loop and never from inside arm().
  void arm(Duration delay);
  void disarm();

 private:
  UvHandle<UvTimerHandle> timer_;
};

// Signals of the operating system as facts, read in the next turn.
class Signals {
 public:
  Signals(UvLoop& loop, std::initializer_list<int> numbers);
  // What arrived since the last call, oldest first. Equal signals that arrive together may count as one.
  std::vector<int> take();

 private:
  std::vector<int> arrived_;
  std::vector<UvHandle<uv_signal_t>> handles_;
};

// Waits for a file descriptor to become readable, or writable, level triggered. The descriptor stays the caller's and
// must be open while this object lives. May be destroyed from inside on_ready.
class Poll {
 public:
  Poll(UvLoop& loop, int fd, std::function<void(int uv_events)> on_ready);
  // UV_READABLE | UV_WRITABLE, or 0 to pause.
  void watch(int uv_events);

 private:
  UvHandle<UvPollHandle> poll_;
};

}  // namespace ackd
