// Bugs planted on purpose, to prove that the simulator's checkers see them. They exist only where ACKD_PLANTED_BUGS is
// defined, which is the simulator's own build of the engine (tests/sim); everywhere else PLANTED() is the constant
// false and leaves no trace in the program.
#pragma once

#include <cstdint>

namespace ackd {

enum class PlantedBug : std::uint8_t {
  kNone,
  kDelayFromStart,        // the delay counts from the attempt's start, not from its end
  kScheduleOnWallClock,   // engine time follows a stepped wall clock
  kAnswerBeforeCommit,    // a caller is told before the record is written
  kNotSentUsesAttempt,    // trouble of our own uses up a schedule step
  kForgetFailedBatch,     // outcomes of a batch that failed are dropped
  kLeaveBeforeCommit,     // the in-flight entry goes at the answer, not at the commit
  kStartDuringChange,     // an operator's change leaves the row startable meanwhile
  kReadAwayRows,          // rows that are in flight are read into their lane again
  kWakeAtNow,             // a turn that did nothing asks to be called at once
  kIgnoreHostCeiling,     // lanes do not share the ceiling of their host
  kStopDiscovery,         // lanes behind the first slice are not found after a start
  kSuspectsTogether,      // survivors of a crash start side by side
  kChangesOverlap,        // a second change of a notification does not wait for the first
  kUncappedUnsettled,     // outcomes pile up without bound while the outbox is slow
  kSendUnverified,        // only admission asks whether a merchant is activated, not sending
  kActivateBeforeCommit,  // a merchant counts as activated at the answer, not at the commit
  kForgetAwaiting,        // a start does not go on releasing what an activation had begun to
  kReleaseOnce,           // only the first slice of what awaits an activation is released
  kMarkApart,             // the inbox's mark is committed before the rows that it stands behind
  kForgetFailedSlice,     // rows of the inbox whose batch failed count as handed over
  kCursorApart,           // a job's changes are committed without its cursor
  kStartDuringSlice,      // a job's slice leaves in the engine's hands what it changes
  kForgetJobs,            // a start does not go on with the jobs on record
  kMerchantBeforeCommit,  // a changed merchant is in force before the record is written
  kLanesKeepMerchant,     // lanes go on by what their merchant was when they were made
  kSignedInSpiteOfPause,  // what is being signed when its merchant is paused goes out all the same
  kSendToUnknown,         // only admission asks whether a merchant is known, not sending
  kSuspendedUsesAttempt,  // a failure to connect uses up an attempt although sending is suspended
  kSendWhileSuspended,    // hosts that nobody reaches are sent to as ever while sending is suspended
  kKeepHeldBack,          // what a suspension held back is not let go at its end
  kDoubtNothing,          // the first failures of an outage exhaust what is at its last attempt
  kFollowCurrentProfile,  // a changed profile changes the schedule of what was admitted before
  kServeInOrder,          // lanes take turns by their number, not by what they have used
  kKeepIdleLanes,         // a lane without work is never forgotten
  kForgetPageBytes,       // what a page held is still counted when the page is dropped
  kUnboundedSqueezed,     // squeezed lanes take as many requests as there are
  kSqueezeNobody,         // a merchant that fails is sent to as ever
  kIgnoreRates,           // requests start whether their rates are used up or not
  kNewBucketEachTime,     // a rate begins anew with each lane, so that an idle one has a burst again and again
  kPauseForEver,          // a pause goes on although its end has come
  kStartEarly,            // rows that are read ahead of their time leave before it
  kNeverGiveUp,           // a merchant's give_up_after ends nothing
  kForgetStanding,        // a lane that is found again is taken for one of which nothing was ever heard
};
inline constexpr int kPlantedBugCount = 44;

#ifdef ACKD_PLANTED_BUGS
extern PlantedBug planted_bug;
#define PLANTED(bug) (::ackd::planted_bug == ::ackd::PlantedBug::bug)
#else
#define PLANTED(bug) false
#endif

}  // namespace ackd
