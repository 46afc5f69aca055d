#include "loop/uv_loop.h"

#include <algorithm>

#include "base/check.h"

namespace ackd {
namespace {

// Initialising a libuv handle fails only when descriptors or memory are gone at start, or by a wrong argument.
void check_uv(int result) {
  CHECK_THAT(result == 0, uv_strerror(result));
}

}  // namespace

UvLoop::UvLoop() {
  check_uv(uv_loop_init(&loop_));
  before_sleep_.reset(new uv_prepare_t{});
  check_uv(uv_prepare_init(&loop_, before_sleep_.get()));
  no_sleep_.reset(new uv_idle_t{});
  check_uv(uv_idle_init(&loop_, no_sleep_.get()));
  before_sleep_->data = this;
}

UvLoop::~UvLoop() {
  before_sleep_.reset();
  no_sleep_.reset();
  uv_run(&loop_, UV_RUN_DEFAULT);
  CHECK_THAT(uv_loop_close(&loop_) == 0, "a handle outlived its loop");
}

void UvLoop::run(std::function<void()> on_turn) {
  on_turn_ = std::move(on_turn);
  // libuv runs due timers, then this, then sleeps and runs what became ready, and starts over: every callback is
  // followed by exactly one pass through here before the next sleep.
  uv_prepare_start(before_sleep_.get(), [](uv_prepare_t* handle) {
    UvLoop& self = *static_cast<UvLoop*>(handle->data);
    uv_idle_stop(self.no_sleep_.get());
    self.on_turn_();
  });
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_prepare_stop(before_sleep_.get());
  on_turn_ = nullptr;
}

void UvLoop::stop() {
  uv_stop(&loop_);
}

void UvLoop::turn_again() {
  // An active idle handle makes libuv poll without sleeping.
  uv_idle_start(no_sleep_.get(), [](uv_idle_t*) {});
}

Wakeup::Wakeup(UvLoop& loop) : async_(new uv_async_t{}) {
  check_uv(uv_async_init(loop.get(), async_.get(), [](uv_async_t*) {}));
}

void Wakeup::signal() {
  uv_async_send(async_.get());
}

Timer::Timer(UvLoop& loop, std::function<void()> on_due) : timer_(new UvTimerHandle{}) {
  timer_->on_due = std::move(on_due);
  check_uv(uv_timer_init(loop.get(), timer_.get()));
}

void Timer::arm(Duration delay) {
  // libuv counts from the loop's cached time; after a long turn that would fire too early, and wake for nothing.
  uv_update_time(timer_->loop);
  const auto fire = [](uv_timer_t* handle) {
    const auto& self = *static_cast<UvTimerHandle*>(handle);
    if (self.on_due) self.on_due();
  };
  uv_timer_start(timer_.get(), fire, static_cast<std::uint64_t>(std::max<std::int64_t>(delay.count(), 0)), 0);
}

void Timer::disarm() {
  uv_timer_stop(timer_.get());
}

Signals::Signals(UvLoop& loop, std::initializer_list<int> numbers) {
  for (const int number : numbers) {
    UvHandle<uv_signal_t>& handle = handles_.emplace_back(new uv_signal_t{});
    check_uv(uv_signal_init(loop.get(), handle.get()));
    handle->data = this;
    const auto note = [](uv_signal_t* arrived, int signal_number) {
      static_cast<Signals*>(arrived->data)->arrived_.push_back(signal_number);
    };
    check_uv(uv_signal_start(handle.get(), note, number));
  }
}

std::vector<int> Signals::take() {
  return std::exchange(arrived_, {});
}

Poll::Poll(UvLoop& loop, int fd, std::function<void(int)> on_ready) : poll_(new UvPollHandle{}) {
  poll_->on_ready = std::move(on_ready);
  check_uv(uv_poll_init(loop.get(), poll_.get(), fd));
}

void Poll::watch(int uv_events) {
  if (uv_events == 0) {
    uv_poll_stop(poll_.get());
    return;
  }
  const auto ready = [](uv_poll_t* handle, int status, int events) {
    // An error on the descriptor shows when its owner reads or writes it.
    static_cast<UvPollHandle*>(handle)->on_ready(status < 0 ? UV_READABLE | UV_WRITABLE : events);
  };
  check_uv(uv_poll_start(poll_.get(), uv_events, ready));
}

}  // namespace ackd
