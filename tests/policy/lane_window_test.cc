#include "policy/lane_window.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

LaneWindow after(int good, std::size_t most = 16) {
  LaneWindow window(4, most);
  window.know();
  for (int i = 0; i < good; ++i) window.on_good();
  return window;
}

// How many failures in a row squeeze it.
int failures_to_squeeze(LaneWindow window) {
  int failures = 0;
  while (!window.squeezed()) {
    window.on_bad();
    ++failures;
  }
  return failures;
}

}  // namespace

TEST_CASE("a window starts small, grows by one for each windowful of successes, and has a ceiling") {
  CHECK(after(0).size() == 4);
  CHECK(after(3).size() == 4);
  CHECK(after(4).size() == 4);
  CHECK(after(5).size() == 5);
  CHECK(after(130).size() == 16);
  CHECK(after(10'000).size() == 16);
  CHECK(after(10'000, 4'096).size() > 100);
  CHECK(after(0, 2).size() == 2);
  CHECK(after(100, 2).size() == 2);
  CHECK(after(100, 1).size() == 1);
}

TEST_CASE("single failures shrink it a little and squeeze nothing") {
  LaneWindow window = after(10'000);
  for (int i = 0; i < 1'000; ++i) {
    CHECK(window.on_bad() == Duration(0));
    window.on_good();
    window.on_good();
  }
  CHECK_FALSE(window.squeezed());
  CHECK(window.size() == 16);
  // More failures than successes, and never a windowful in a row.
  for (int i = 0; i < 1'000 && window.size() > 3; ++i) {
    window.on_good();
    window.on_bad();
    window.on_bad();
  }
  CHECK(window.size() == 3);
  CHECK_FALSE(window.squeezed());
}

TEST_CASE("about a windowful of failures in a row squeezes, whatever its size") {
  CHECK(failures_to_squeeze(after(0, 1)) == 1);
  CHECK(failures_to_squeeze(after(0, 2)) == 2);
  CHECK(failures_to_squeeze(after(0)) == 4);
  const int of_sixteen = failures_to_squeeze(after(10'000));
  CHECK(of_sixteen >= 15);
  CHECK(of_sixteen <= 16);
}

TEST_CASE("a squeezed lane has one request at a time, after one second, two, four and at most sixty") {
  LaneWindow window = after(0);
  for (int i = 0; i < 3; ++i) CHECK(window.on_bad() == Duration(0));
  CHECK(window.on_bad() == Duration(1'000));
  CHECK(window.squeezed());
  CHECK(window.size() == 1);
  CHECK(window.on_bad() == Duration(2'000));
  CHECK(window.on_bad() == Duration(4'000));
  for (int i = 0; i < 100; ++i) window.on_bad();
  CHECK(window.on_bad() == Duration(60'000));
}

TEST_CASE("one success ends the squeeze, and three more bring the window back to its start") {
  LaneWindow window = after(0);
  for (int i = 0; i < 20; ++i) window.on_bad();
  window.on_good();
  CHECK_FALSE(window.squeezed());
  CHECK(window.size() == 2);
  window.on_good();
  window.on_good();
  CHECK(window.size() == 4);
  window.on_good();
  CHECK(window.size() == 4);
  // The back-off begins anew.
  Duration closed{0};
  while (closed == Duration(0)) closed = window.on_bad();
  CHECK(closed == LaneWindow::kBackOffMin);
}

TEST_CASE("a changed ceiling counts at once, and squeezes nothing") {
  LaneWindow window = after(10'000);
  window.set_most(3);
  CHECK(window.size() == 3);
  window.set_most(100);
  CHECK(window.size() == 3);
  for (int i = 0; i < 4; ++i) window.on_good();
  CHECK(window.size() == 4);
  CHECK_FALSE(window.squeezed());
}

TEST_CASE("what was learned can be forgotten") {
  LaneWindow window = after(0);
  for (int i = 0; i < 20; ++i) window.on_bad();
  window.forget();
  CHECK(window.untried());
  CHECK_FALSE(window.squeezed());
  CHECK(window.size() == 1);
}

TEST_CASE("a window begins as the record says, squeezed with the shortest back-off behind it") {
  LaneWindow unknown(4, 16);
  unknown.recall(LaneStanding::kUnknown);
  CHECK(unknown.untried());
  CHECK(unknown.size() == 1);
  LaneWindow answers(4, 16);
  answers.recall(LaneStanding::kAnswers);
  CHECK_FALSE(answers.untried());
  CHECK(answers.size() == 4);
  CHECK(failures_to_squeeze(answers) == 4);
  LaneWindow squeezed(4, 16);
  squeezed.recall(LaneStanding::kSqueezed);
  CHECK(squeezed.squeezed());
  CHECK_FALSE(squeezed.untried());
  CHECK(squeezed.size() == 1);
  CHECK(squeezed.on_bad() == 2 * LaneWindow::kBackOffMin);
  squeezed.on_good();
  CHECK_FALSE(squeezed.squeezed());
  CHECK(squeezed.size() == 2);
}

TEST_CASE("before its merchant has answered a lane has one request, whose failure squeezes it") {
  LaneWindow window(4, 16);
  CHECK(window.untried());
  CHECK(window.size() == 1);
  LaneWindow answered = window;
  answered.on_good();
  CHECK_FALSE(answered.untried());
  CHECK(answered.size() == 4);
  CHECK(window.on_bad() == LaneWindow::kBackOffMin);
  CHECK_FALSE(window.untried());
  window.know();  // somebody else at its host has answered: that says nothing of what it has seen itself
  CHECK(window.squeezed());
}

}  // namespace ackd
