// The storage layouts that storage_layouts.cc compares, as data: a schema and the statements of each step.
//
// A statement names the facts of a settlement that it wants (":id", ":next_due" ...), so the measuring code hands the
// same facts to every layout and knows none of them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ackd::bench {

enum Fact { kId, kN, kSeq, kPrev, kLane, kClass, kDue, kNextClass, kNextDue, kNow, kState, kPending, kDone, kFacts };
constexpr std::array<std::string_view, kFacts> kFactNames = {":id",    ":n",       ":seq",        ":prev",     ":lane",
                                                             ":class", ":due",     ":next_class", ":next_due", ":now",
                                                             ":state", ":pending", ":done"};
using Facts = std::array<std::int64_t, kFacts>;

struct Layout {
  std::string name;
  std::string schema;
  std::string index_after_load;  // Built once, as loading two million rows through it says nothing about settling.
  std::string admit;             // For each pending row, in id order; may be empty.
  std::string enqueue;           // For each pending row, in the order of the queue's key; may be empty.
  std::string attempt;           // For each settlement, and for the first attempts of the backlog.
  std::string state;             // With each attempt, where state is kept in a table of its own; may be empty.
  std::string merge;  // Now and then: brings up to date an index that attempts do not maintain; may be empty.
  std::vector<std::string> finish;
  std::vector<std::string> retry;
  std::string story;               // All attempts of an id, newest state included; empty if it cannot be found.
  std::string oldest;              // (at, id, newest) of finished rows by age.
  std::vector<std::string> purge;  // For each of those.
};

// The first is the one that the others' settle rates are divided by.
std::vector<Layout> layouts();

}  // namespace ackd::bench
