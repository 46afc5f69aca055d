// Any text as a row of the platform's inbox: it becomes an admission within the limits or an error with a reason, never
// both and never neither; it is the same admission that the text would be as a post, and the same refusal; and what is
// kept of the text is its beginning.
//
// The input's first byte: 1 says that the text was longer and is cut; everything else is the text as it stands.
#include <cstdint>
#include <string>
#include <string_view>

#include "api/ingest_reader.h"
#include "base/check.h"
#include "inbox/inbox_row.h"
#include "intake_world.h"
#include "target.h"
#include "text/charset.h"

namespace {

using namespace ackd;

constexpr std::int64_t kRow = 7;

void check_row(const InboxRow& row, const SourceRow& source) {
  CHECK_THAT(row.row == source.row && row.text_bytes == source.text_bytes, "the row stays itself");
  CHECK_THAT(source.text.starts_with(row.text) && row.text.size() <= kInboxTextBytesMax, "its beginning is kept");
  CHECK_THAT(row.text.size() == source.text.size() || row.text.size() == kInboxTextBytesMax, "and no less");
  CHECK_THAT(row.admission.has_value() == row.error.message.empty(), "an admission, or an error with a reason");
  CHECK_THAT(!row.admission || fuzz::within_limits(*row.admission), "what is admitted is within the limits");
  CHECK_THAT(is_valid_utf8(row.error.message) && row.error.message.size() <= 2'000, "the reason can be shown");
}

void check_as_post(const InboxRow& row, const std::string& text, const Intake& intake) {
  IngestReader reader(text, "application/json");
  while (!reader.done()) reader.read_slice(intake, fuzz::kAt);
  const Result<Ingest> posted = reader.take();
  if (row.admission) {
    CHECK_THAT(posted && posted->single && posted->admissions.size() == 1, "what a row may say a post may say");
    CHECK_THAT(fuzz::equal(*row.admission, posted->admissions.front()), "both become the same notification");
    return;
  }
  CHECK_THAT(!posted || !posted->single || posted->admissions.empty(), "what a post may say a row may say");
  if (!posted || !posted->single) return;
  CHECK_THAT(posted->refusals.front()->detail == row.error.message, "both are refused for the same reason");
}

}  // namespace

int ackd::fuzz::try_input(std::string_view bytes) {
  static const fuzz::IntakeWorld world;
  if (bytes.empty()) return 0;
  const bool cut = bytes[0] == 1;
  const std::string text(bytes.substr(1));
  const SourceRow source{kRow, text, text.size() + (cut ? 1 : 0)};
  const InboxRow row = read_inbox_row(source, world.intake(), fuzz::kAt);
  check_row(row, source);
  if (cut) CHECK_THAT(row.error.code == ErrorCode::kTooLarge, "what was never read whole is not believed");
  if (!cut) check_as_post(row, text, world.intake());
  return 0;
}
