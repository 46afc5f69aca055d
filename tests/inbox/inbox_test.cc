// The inbox on the loop, with the real engine and intake, an outbox that is a map, and a feed that the test fills.
#include "inbox/inbox.h"

#include <deque>

#include "api/api_world.h"

namespace ackd::test {
namespace {

class ScriptedFeed final : public InboxFeed {
 public:
  std::optional<InboxChunk> take_chunk() override {
    if (chunks.empty()) return std::nullopt;
    InboxChunk chunk = std::move(chunks.front());
    chunks.pop_front();
    return chunk;
  }
  InboxNews news() override { return newest; }
  void publish(PublishedMark mark) override { published.push_back(std::move(mark)); }
  void read_again(const std::string&, const InboxMark& mark) override { again.push_back(mark); }

  // The next rows of the source.
  void add(const std::vector<std::string>& texts) {
    InboxChunk chunk{newest.identity, newest.newest, {}, {}};
    for (const std::string& text : texts) chunk.rows.push_back({++newest.newest, text, text.size()});
    chunk.mark = {newest.newest, "seal " + std::to_string(newest.newest)};
    chunks.push_back(std::move(chunk));
  }

  std::deque<InboxChunk> chunks;
  InboxNews newest{"abc", 0, std::nullopt, {}};
  std::vector<PublishedMark> published;
  std::vector<InboxMark> again;
};

class RecordedEvents final : public Events {
 public:
  void on(const Event& event) override {
    if (const auto* trouble = std::get_if<InboxTrouble>(&event)) troubles.push_back(trouble->message);
    if (const auto* replaced = std::get_if<InboxReplaced>(&event)) replacements.push_back(*replaced);
  }
  std::vector<std::string> troubles;  // "" for an end
  std::vector<InboxReplaced> replacements;
};

struct InboxWorld {
  explicit InboxWorld(const std::vector<InboxStanding>& standings = {})
      : inbox("/p.db", world.engine, world.intake, events, feed, standings) {}

  void turns(int count = 6) {
    for (int i = 0; i < count; ++i) {
      world.turn();
      inbox.pump();
    }
  }

  ApiWorld world;
  ScriptedFeed feed;
  RecordedEvents events;
  Inbox inbox;
};

std::string ours(const std::string& order) {
  return dhpay_notification(order);
}

}  // namespace

TEST_CASE("rows are admitted, the mark follows the commit, and bad rows are in nobody's way") {
  InboxWorld w;
  std::string stranger = ours("3");
  stranger.replace(stranger.find("499800"), 6, "nobody");
  w.feed.add({ours("1"), "{\"provider\":", stranger, ours("2")});
  w.turns();
  CHECK(w.world.outbox.records.size() == 2);
  CHECK(w.feed.published.back() == PublishedMark{"abc", 4});
  const auto& errors = w.world.outbox.inbox_errors;
  REQUIRE(errors.size() == 2);
  CHECK(errors.at(2).error.code == ErrorCode::kInvalid);
  CHECK(errors.at(2).text == "{\"provider\":");
  CHECK(errors.at(3).error.field == "merchant");
  const InboxStatus status = w.inbox.status();
  CHECK(status.state == InboxState::kReading);
  CHECK(status.mark == 4);
  CHECK(status.errors == 2);
  CHECK(status.source == "/p.db");
}

TEST_CASE("nothing is published before the commit") {
  InboxWorld w;
  w.turns();
  CHECK(w.feed.published == std::vector<PublishedMark>{{"abc", 0}});
  w.world.outbox.stuck = true;
  w.feed.add({ours("1")});
  w.turns();
  CHECK(w.feed.published.size() == 1);
  CHECK(w.inbox.status().mark == 0);
  w.world.outbox.stuck = false;
  w.turns();
  CHECK(w.feed.published.back().mark == 1);
}

TEST_CASE("a batch that fails keeps its rows, which are admitted once when it can be written") {
  InboxWorld w;
  w.feed.add({ours("1"), ours("2")});
  w.world.outbox.refuse = true;
  w.turns(3);
  CHECK(w.world.outbox.records.empty());
  w.world.outbox.refuse = false;
  w.turns(400);  // past the pause that a failed batch makes
  CHECK(w.world.outbox.records.size() == 2);
  CHECK(w.feed.published.back().mark == 2);
}

TEST_CASE("while the engine does not accept, rows stay where they are") {
  InboxWorld w;
  w.world.outbox.band = DiskBand::kLow;
  w.feed.add({ours("1")});
  w.feed.add({ours("2")});
  w.feed.add({ours("3")});
  w.turns(20);
  CHECK(w.world.outbox.records.empty());
  CHECK(w.feed.chunks.size() == 2);
  CHECK(w.inbox.status().state == InboxState::kWaiting);
  CHECK(w.inbox.status().trouble.find("disk") != std::string::npos);
  w.world.outbox.band = DiskBand::kPlenty;
  w.turns(20);
  CHECK(w.world.outbox.records.size() == 3);
  CHECK(w.inbox.status().state == InboxState::kReading);
  w.world.engine.begin_drain();
  w.feed.add({ours("4")});
  w.turns(20);
  CHECK(w.world.outbox.records.size() == 3);
  CHECK(w.inbox.status().state == InboxState::kWaiting);
}

TEST_CASE("a text over the limit is an error whose beginning is kept") {
  InboxWorld w;
  w.feed.newest.newest = 1;
  InboxChunk chunk{"abc", 0, {{1, std::string(kInboxTextBytesMax, '['), 3u << 20}}, {1, "s"}};
  w.feed.chunks.push_back(chunk);
  InboxChunk next{"abc", 1, {{2, "\"" + std::string(40'000, 'x') + "\"", 40'002}}, {2, "s"}};
  w.feed.chunks.push_back(next);
  w.turns(10);
  const auto& errors = w.world.outbox.inbox_errors;
  REQUIRE(errors.size() == 2);
  CHECK(errors.at(1).error.code == ErrorCode::kTooLarge);
  CHECK(errors.at(1).text_bytes == 3u << 20);
  CHECK(errors.at(2).text.size() == kInboxTextBytesMax);
  CHECK(errors.at(2).text_bytes == 40'002);
}

TEST_CASE("each trouble is told once when it begins and once when it is over") {
  InboxWorld w;
  w.turns();
  CHECK(w.events.troubles.empty());
  w.feed.newest.trouble = SourceTrouble{InboxFault::kMissing, "it is missing"};
  w.turns();
  CHECK(w.inbox.status().state == InboxState::kTrouble);
  CHECK(w.inbox.status().trouble == "it is missing");
  w.feed.newest.trouble = SourceTrouble{InboxFault::kMissing, "it is missing still"};
  w.turns();
  CHECK(w.inbox.status().trouble == "it is missing still");
  w.feed.newest.trouble = SourceTrouble{InboxFault::kCorrupt, "it is damaged"};
  w.turns();
  w.feed.newest.trouble.reset();
  w.turns();
  CHECK(w.events.troubles == std::vector<std::string>{"it is missing", "it is damaged", ""});
  CHECK(w.inbox.status().state == InboxState::kReading);
  w.feed.newest.mark_trouble = "no space";
  w.turns();
  CHECK(w.events.troubles.back() == "no space");
  CHECK(w.inbox.status().state == InboxState::kReading);
  CHECK(w.inbox.status().trouble == "no space");
}

TEST_CASE("another file is told as one, and its own mark is published") {
  SUBCASE("the first file ever is none") {
    InboxWorld w;
    w.turns();
    CHECK(w.events.replacements.empty());
  }
  SUBCASE("replaced while the daemon runs") {
    InboxWorld w({{"abc", 7, "", 0}, {"def", 3, "", 0}});
    w.turns();
    CHECK(w.events.replacements.empty());
    CHECK(w.feed.published.back() == PublishedMark{"abc", 7});
    w.feed.newest.identity = "def";
    w.turns();
    REQUIRE(w.events.replacements.size() == 1);
    CHECK(w.events.replacements[0].before == "abc");
    CHECK(w.events.replacements[0].mark == 3);
    CHECK(w.feed.published.back() == PublishedMark{"def", 3});
  }
  SUBCASE("replaced while it did not") {
    InboxWorld w({{"def", 3, "", 0}});
    w.turns();
    REQUIRE(w.events.replacements.size() == 1);
    CHECK(w.events.replacements[0].after == "abc");
    CHECK(w.events.replacements[0].mark == 0);
  }
}

TEST_CASE("a rewind reads again, drops what was read ahead, and never skips") {
  InboxWorld w;
  w.feed.add({ours("1"), ours("2")});
  w.turns();
  w.inbox.rewind(11, 3);
  w.turns();
  std::vector<InboxControlAnswer> answers = w.inbox.take_answers();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].ticket == 11);
  CHECK(answers[0].done.error().code == ErrorCode::kConflict);

  w.world.outbox.band = DiskBand::kLow;  // so that what was read ahead waits
  w.feed.add({ours("3")});
  w.turns();
  w.inbox.rewind(12, 0);
  w.turns();
  answers = w.inbox.take_answers();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].done.ok());
  CHECK(w.feed.again == std::vector<InboxMark>{{0, ""}});
  CHECK(w.inbox.status().mark == 0);
  CHECK(w.feed.published.back().mark == 0);
  w.world.outbox.band = DiskBand::kPlenty;
  w.feed.newest.newest = 0;
  w.feed.add({ours("1"), ours("2"), ours("3")});
  w.turns(10);
  CHECK(w.world.outbox.records.size() == 3);
  CHECK(w.inbox.status().mark == 3);
}

TEST_CASE("an error that an operator has dealt with is gone, another row is no error") {
  InboxWorld w;
  w.feed.add({"no JSON"});
  w.turns();
  w.inbox.end_error(21, {"abc", 1});
  w.inbox.end_error(22, {"abc", 1});
  w.turns(10);
  const std::vector<InboxControlAnswer> answers = w.inbox.take_answers();
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].done.ok());
  CHECK(answers[1].done.error().code == ErrorCode::kNotFound);
  CHECK(w.inbox.status().errors == 0);
  CHECK(w.inbox.status().mark == 1);
}

TEST_CASE("before the file was read there is nothing to steer") {
  InboxWorld w;
  w.feed.newest.identity = "";
  w.turns();
  w.inbox.rewind(1, 0);
  w.inbox.end_error(2, {"abc", 1});
  const std::vector<InboxControlAnswer> answers = w.inbox.take_answers();
  CHECK(answers.at(0).done.error().code == ErrorCode::kUnavailable);
  CHECK(answers.at(1).done.error().code == ErrorCode::kNotFound);
  CHECK(w.feed.published.empty());
}

}  // namespace ackd::test
