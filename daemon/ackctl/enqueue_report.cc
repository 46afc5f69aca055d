#include "ackctl/enqueue_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "ackctl/client.h"
#include "ackctl/printable.h"

namespace ackd {
namespace {

constexpr Duration kProgressEvery{200};

std::string shown_result(const Document& item) {
  const char* note = flag_of(item, "duplicate") ? "  (already recorded)" : "";
  return fmt::format("{}  {}{}", printable(text_of(item, "id")), printable(text_of(item, "state")), note);
}

}  // namespace

EnqueueReport::EnqueueReport(InputForm form, const Session& session)
    : form_(form), session_(session), progress_(wants_progress()), began_(session.clock.now().boot), shown_(began_) {}

void EnqueueReport::recorded(std::uint64_t number, const Document& item) {
  interrupted_ = false;
  ++(flag_of(item, "duplicate") ? duplicates_ : recorded_);
  if (session_.options.json) {
    print_result(number, item);
  } else if (form_ == InputForm::kLines) {
    last_id_ = recorded_ + duplicates_ == 1 ? shown_result(item) : "";
  } else {
    progress_.clear();
    fmt::print("{}\n", shown_result(item));
  }
  show_progress();
}

void EnqueueReport::refused(std::uint64_t number, const Document& item) {
  interrupted_ = false;
  ++refused_;
  if (session_.options.json) print_result(number, item);
  const std::string place = place_of(form_, number);
  say(place.empty() ? refusal_of_item(item) : fmt::format("{}: {}", place, refusal_of_item(item)));
}

void EnqueueReport::refused_as_too_long(std::uint64_t number, std::size_t limit) {
  const std::string detail = fmt::format("the line holds more than {} bytes, the limit of one notification", limit);
  refused(number, {{"status", 413}, {"problem", {{"title", "too_large"}, {"status", 413}, {"detail", detail}}}});
}

void EnqueueReport::print_result(std::uint64_t number, const Document& item) {
  progress_.clear();
  if (form_ == InputForm::kObject) {
    fmt::print("{}\n", to_line(item));
    return;
  }
  Document line = {{form_ == InputForm::kLines ? "line" : "item", number}};
  line.update(item);
  fmt::print("{}\n", to_line(line));
}

void EnqueueReport::waiting(std::string_view reason, Duration left) {
  const std::string words = fmt::format("{}; trying again for {}", reason, format_duration(left));
  if (progress_.visible()) return progress_.show(fmt::format("{}: {}", summary(), printable(words)));
  if (!interrupted_) complain(words);
  interrupted_ = true;
}

void EnqueueReport::say(std::string_view message) {
  progress_.clear();
  complain(message);
}

void EnqueueReport::show_progress() {
  const BootTime now = session_.clock.now().boot;
  if (!progress_.visible() || now - shown_ < kProgressEvery) return;
  shown_ = now;
  progress_.show(fmt::format("{}, {}", summary(), rate()));
}

std::string EnqueueReport::rate() const {
  const auto elapsed_ms = std::max<std::int64_t>(1, (session_.clock.now().boot - began_).count());
  const std::uint64_t per_second =
      (recorded_ + duplicates_ + refused_) * 1'000 / static_cast<std::uint64_t>(elapsed_ms);
  return fmt::format("{} a second", per_second);
}

std::string EnqueueReport::summary() const {
  return fmt::format("{} recorded, {} already recorded, {} refused", recorded_, duplicates_, refused_);
}

void EnqueueReport::finish() {
  progress_.clear();
  std::fflush(stdout);
  if (form_ == InputForm::kObject) return;
  const bool is_one = recorded_ + duplicates_ == 1 && refused_ == 0 && !last_id_.empty();
  std::FILE* const out = session_.options.json ? stderr : stdout;
  fmt::print(out, "{}\n", is_one ? last_id_ : summary());
  if (progress_.visible() && !is_one) fmt::print(stderr, "{}\n", rate());
}

std::string refusal_of_item(const Document& item) {
  const Document problem = part_of(item, "problem");
  const std::string sentence = refusal_of(problem);
  if (!sentence.empty()) return sentence;
  return fmt::format("refused with status {}", number_of(item, "status"));
}

}  // namespace ackd
