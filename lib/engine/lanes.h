// All lanes that have pending work: which lane may start next, which pages are wanted, when the next one wakes.
//
// Fairness is deficit round robin over slot-seconds in its virtual-time form (start-time fair queueing): each lane pays
// for the time that its transfers occupy a slot, and the lane that has used least goes first. Unlike a ring with quanta
// it has no rounds in which nobody may start, so a turn never spins over lanes in debt.
//
// A lane is in exactly one place: ready (has a due row and room), waiting for its host, waiting for a trial because it
// is squeezed or nothing is known of it, or for a token because a rate is used up (engine/paces.h), held back because
// sending to its host is suspended, asleep until a known time, or nowhere (its window is full, it waits for a page, or
// its merchant is paused; the next fact about it moves it).
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/held_back.h"
#include "engine/hosts.h"
#include "engine/lane.h"
#include "engine/lane_views.h"
#include "engine/paces.h"
#include "engine/sleepers.h"
#include "engine/trial_share.h"
#include "outbox/outbox.h"
#include "policy/outage.h"

namespace ackd {

struct LaneLimits {
  std::size_t window = 16;
  std::size_t window_first = 4;  // of a lane whose merchant has just answered for the first time
  std::size_t host_ceiling = 64;
  std::size_t page_rows = 64;
  std::size_t page_bytes_max = 32u << 20;
  Duration read_ahead{100};        // so long before a row is due it is read, so that it leaves on time
  std::size_t squeezed_max = 256;  // requests of all squeezed lanes together
  std::size_t untried_max = 512;   // the same of all of which nothing is known
  DeliveryRates rates{};
};

// What a lane has of its merchant.
struct LaneFacts {
  std::string origin;                 // of the host that its requests go to
  std::optional<std::size_t> window;  // the merchant's own; nothing for that of LaneLimits
  bool paused = false;
  std::optional<Rate> rate{};  // that all lanes of the merchant share; nothing for that of LaneLimits
};

class Lanes {
 public:
  // `facts_of` is asked when a lane is made and whenever its merchant has changed. The outage must outlive the lanes.
  Lanes(const LaneLimits& limits, const Outage& outage, std::function<LaneFacts(const LaneKey&)> facts_of);

  Lane* find(LaneId id);
  const Lane* find(const LaneKey& key) const;
  // Finds, or makes it as one that stands so by the record. The lane is forgotten by reconsider() once it is idle.
  Lane& get(LaneId id, const LaneKey& key, LaneStanding standing);
  std::size_t size() const { return lanes_.size(); }
  std::size_t page_bytes() const { return page_bytes_; }
  std::size_t host_in_flight(const Lane& lane) const { return hosts_[lane.host].in_flight; }
  const std::string& host_name(HostIndex host) const { return hosts_[host].origin; }
  std::size_t host_count() const { return hosts_.size(); }
  std::size_t squeezed_in_flight() const { return squeezed_.trials(); }
  std::size_t untried_in_flight() const { return untried_.trials(); }
  std::size_t waiting_for_token() const { return paces_.waiting(); }
  RateView rate_of(const Lane& lane) const;
  RateView host_rate_of(HostIndex host) const;

  // Calls `on_lane` for the lanes from `first` on, by provider, merchant and origin, until it says false.
  void look_at(const LaneKey& first, const std::function<bool(const Lane&)>& on_lane) const;
  // The same for hosts, by origin.
  void look_at_hosts(const std::string& first, const std::function<bool(const HostView&)>& on_host) const;

  // --- Facts. Each ends with reconsider(). ---

  // A due row that no page read has brought yet; kept only if the lane's order and the page budget allow, else the next
  // read will bring it. Returns whether it was kept.
  bool offer(Lane& lane, const DueNotification& row);
  // Rows of this class lie in the outbox from `at` on.
  void note_beyond(Lane& lane, DueClass due_class, EngineTime at);
  // Forgets the cached rows; the next read brings them anew.
  void drop_pages(Lane& lane);
  // The lane in whose pages the notification waits, if any.
  Lane* holder_of(NotificationId id);
  void close_until(Lane& lane, EngineTime opens_at);
  // A slot of the lane is free again, and one of the host that the request went to, which need not be the lane's any
  // more. Returns for how long the lane is to be closed because it is squeezed; zero when it is not.
  Duration finished(Lane& lane, HostIndex host, Duration took, LaneFeedback feedback);
  void started(Lane& lane);  // a start outside take_next(): a suspect
  // Whether a suspect may start here, as far as rates go. One that may not has a token kept for it for a while.
  bool admits_suspect(const Lane& lane);
  // What take_next() has just started did not even come to be signed. Before finished().
  void give_back_token(const Lane& lane, HostIndex host);
  // Every lane of the merchant asks for its facts anew and is reconsidered.
  void merchant_changed(std::string_view provider, std::string_view merchant, EngineTime now);
  // Puts the lane where it belongs now, or forgets it and so ends the reference.
  void reconsider(Lane& lane, EngineTime now);

  // --- While sending is suspended: hosts that answer are sent to as ever, the others by trials only. ---

  // Nothing starts in a lane of this host, not even a page is read: the host neither answers nor is it being tried.
  bool is_held_back(HostIndex host) const;
  // The host answers: release() lets its lanes go.
  void host_answers(HostIndex host) { held_back_.stand(host, HostStanding::kReached); }
  // Lets one lane of the next host of this standing try it, alone. REQUIRES: waits_for_trial().
  void start_trial(HostStanding standing, EngineTime now);
  bool waits_for_trial(HostStanding standing) const { return held_back_.first(standing).has_value(); }
  const std::vector<HeldBack::Trial>& trials() const { return held_back_.trials(); }
  // Trials that came to nothing before a request left.
  bool has_idle_trial(EngineTime now) const;
  void end_idle_trials(EngineTime now);
  // Lets some of the lanes go that nothing holds back any more; has_released() says whether there are others.
  void release(EngineTime now);
  bool has_released() const;

  // --- Decisions. ---

  // A turn begins: rates go by this time until the next one.
  void advance(EngineTime now);
  // Moves lanes whose time has come from asleep to ready or to the page queue.
  void wake_due(EngineTime now);
  struct Next {
    Lane& lane;
    DueNotification row;
  };
  // The next row to start, its slot taken; nothing when no lane is ready.
  std::optional<Next> take_next(EngineTime now);
  // A lane waits for a page and has no row left.
  bool starving() const { return starving_; }
  // Up to `pages_max` page reads for the next batch, each marked as being read.
  std::vector<PageRequest> take_page_requests(std::size_t pages_max, EngineTime now);
  // The batch with this page read was not carried out.
  void page_failed(const PageRequest& request);
  // Appends a page's rows, leaving out those that `skip` names.
  void page_read(Page page, const std::function<bool(const DueNotification&)>& skip);
  std::optional<EngineTime> next_wake() const;

 private:
  void take_facts(Lane& lane);
  void recall(Lane& lane, LaneStanding standing);
  void begin_anew(Lane& lane);
  void leave_host(HostIndex index);
  void forget_unused(HostIndex index);
  void forget(const Lane& lane);
  void put_in_place(Lane& lane, EngineTime now);
  void put_in_line(Lane& lane);
  std::size_t ceiling(HostIndex host) const;
  bool has_room(HostIndex host);
  void wake_waiting(HostIndex index);
  void hold_back(Lane& lane);
  bool is_under_way(const HeldBack::Trial& trial, EngineTime now) const;
  void end_trial(HostIndex host) { held_back_.end_trial(host, outage_.standing(hosts_[host].origin)); }
  void leave_place(Lane& lane);
  void enter_ready(Lane& lane);
  Duration learn(Lane& lane, LaneFeedback feedback, bool was_trial);
  TrialShare* share_of(const Lane& lane);
  void wake_trials();
  void take_paces(Lane& lane, const LaneFacts& facts);
  void tell_of_token(HostIndex index);
  void wake_paced();
  void want_pages(Lane& lane, EngineTime now);
  Duration read_ahead(const Lane& lane) const;
  bool has_room_for_page(const LanePage& page) const { return page.size() * 2 <= limits_.page_rows; }
  EngineTime wake_of(const Lane& lane) const;
  PageRequest page_request(Lane& lane, DueClass due_class, EngineTime now) const;
  void keep(Lane& lane, DueNotification row);

  LaneLimits limits_;
  const Outage& outage_;
  std::function<LaneFacts(const LaneKey&)> facts_of_;
  std::unordered_map<LaneId, Lane> lanes_;
  std::set<const Lane*, LaneByKey> by_key_;                 // the same lanes, for people
  std::unordered_map<NotificationId, LaneId> buffered_in_;  // every row of every page
  Hosts hosts_;
  std::set<std::pair<std::int64_t, LaneId>> ready_;  // by served_ms
  Sleepers sleepers_;
  HeldBack held_back_;
  TrialShare squeezed_;
  TrialShare untried_;
  Paces paces_;
  std::deque<std::pair<LaneId, DueClass>> wanted_;  // pages
  bool starving_ = false;                           // one of them has no row left
  std::int64_t served_floor_ms_ = 0;  // of the lane that started last: a lane that slept has no claim on the past
  std::size_t page_bytes_ = 0;
};

}  // namespace ackd
