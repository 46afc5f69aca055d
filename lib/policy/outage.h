// Whether it is one merchant or everybody. When most hosts cannot be connected to within a minute, the trouble is taken
// for our own (network, resolver, proxy, firewall): sending is suspended. Hosts that answer go on as ever, so that a
// majority of dead merchants costs the living nothing; the others are tried a few at a time, and a failure to connect
// uses up no attempt. Pure: time comes as an argument and does not go back.
//
//               enough hosts fail, and more than three for each that is reached
//   not suspended ---------------------------------------------------------------> suspended
//
//                 kAnswering    as many of the hosts tried were reached as still fail
//   not suspended <-----------  kOthersAnswer  others were reached all the while for ten minutes: these hosts are dead
//                 suspended     kQuiet         nothing has failed for five minutes
//
// A host counts by what came of its latest request within the last minute. Trials are the only fair sample of the hosts
// that are held back: those that go on answer anyway, and count only towards kOthersAnswer.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "policy/judge.h"

namespace ackd {

// What is known of a host within the last minute.
enum class HostStanding : std::uint8_t { kReached, kUnknown, kFailing };

enum class OutageChange : std::uint8_t { kSuspended, kAnswering, kOthersAnswer, kQuiet };

class Outage {
 public:
  static constexpr Duration kWindow{60'000};
  // Half of all hosts being dead is ordinary for merchants that nobody looks after.
  static constexpr std::size_t kFailingPerReached = 3;
  // Beyond it the hosts that were noted longest ago are forgotten: the rest is sample enough, and bounds the memory.
  static constexpr std::size_t kHostsMax = 16'384;

  static constexpr Duration kSteady{600'000};
  // After kOthersAnswer only an outage of everything suspends again for so long, or dead merchants would never end.
  static constexpr Duration kLenient{3'600'000};
  static constexpr Duration kQuiet{300'000};

  // A host alone is doubted for less: where nothing else is sent at all, nobody could say more about it.
  static constexpr Duration kDoubt{60'000};
  static constexpr Duration kDoubtAlone{10'000};
  // What was on its way when the trouble began may still arrive.
  static constexpr Duration kDoubtGrace{1'000};

  static constexpr Duration kTrialDelayMin{1'000};
  static constexpr Duration kTrialDelayMax{30'000};

  // `hosts_min` hosts must fail before it is everybody; 0: nothing is suspended and nothing doubted.
  Outage(std::size_t hosts_min, EngineTime now) : hosts_min_(hosts_min), since_(now) {}

  // Time has passed: what is known ages. Before everything else that is done at `now`.
  void advance(EngineTime now);
  // What came of one request to the host.
  void note(const std::string& origin, Contact contact, EngineTime now);
  // What advance() or note() has changed, once.
  std::optional<OutageChange> take_change() { return std::exchange(change_, std::nullopt); }
  // When advance() may change something by itself, always after the present; nothing unless suspended.
  std::optional<EngineTime> next_change() const;

  bool suspended() const { return suspended_; }
  EngineTime since() const { return since_; }  // suspended() has said so since then
  HostStanding standing(const std::string& origin) const;
  std::size_t failing() const { return failing_; }
  std::size_t reached() const { return hosts_.size() - failing_; }
  // Some of the hosts that fail, the latest first.
  std::vector<std::string> examples(std::size_t most) const;

  // Whether a failure to connect to this host should not end anything yet: nobody was reached since it began to fail,
  // which was less than a minute ago. Without it the first seconds of an outage, before it is known for one, would
  // exhaust what was at its last attempt.
  bool doubts(const std::string& origin, EngineTime now) const;

  // When another host that stands so may be tried: those of which nothing is known every second, and without a pause
  // while anything is reached; those that fail ever more seldom, and at once when one of them is found to answer.
  // REQUIRES: suspended(), and a standing other than kReached.
  EngineTime next_trial(HostStanding standing) const;
  void trial_started(HostStanding standing, EngineTime now);

 private:
  struct Host {
    std::string origin;
    bool failing;
    EngineTime at;     // of the latest request
    EngineTime since;  // it has failed, or been reached, every time since
  };
  using Hosts = std::list<Host>;  // the latest last

  void forget_first();
  void on_reached(HostStanding before, EngineTime now);
  void weigh(EngineTime now);
  bool is_outage(EngineTime now) const;
  void suspend(EngineTime now);
  void resume(OutageChange why, EngineTime now);

  std::size_t hosts_min_;
  Hosts hosts_;
  std::unordered_map<std::string_view, Hosts::iterator> by_origin_;  // the keys are those of hosts_
  std::size_t failing_ = 0;
  EngineTime last_reached_ = EngineTime::min();
  EngineTime last_failed_ = EngineTime::min();

  bool suspended_ = false;
  EngineTime since_;
  std::optional<OutageChange> change_;
  std::deque<EngineTime> found_;  // when a host was found to answer that was held back, within the window
  EngineTime steady_since_;       // somebody was reached within every minute since then
  EngineTime lenient_until_ = EngineTime::min();

  EngineTime next_unknown_;
  EngineTime next_failing_;
  Duration failing_delay_ = kTrialDelayMin;
};

}  // namespace ackd
