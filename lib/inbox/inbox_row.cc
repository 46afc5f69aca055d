#include "inbox/inbox_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/ingest_reader.h"
#include "api/notification_codec.h"
#include "text/json_reader.h"

namespace ackd {
namespace {

Error too_long(std::size_t bytes) {
  return {ErrorCode::kTooLarge,
          fmt::format("the row's text has {} bytes; the limit of one notification is {}", bytes, kIngestItemBytesMax),
          {}};
}

Result<Admission> admission_of(const SourceRow& row, const Intake& intake, IntakeTime at) {
  if (row.text_bytes > row.text.size() || row.text_bytes > kIngestItemBytesMax) return too_long(row.text_bytes);
  Result<JsonValue> json = read_json(row.text);
  if (!json) return json.error();
  Result<IntakeRequest> request = read_notification(*std::move(json));
  if (!request) return request.error();
  return intake.admit(*std::move(request), at);
}

}  // namespace

InboxRow read_inbox_row(SourceRow row, const Intake& intake, IntakeTime at) {
  InboxRow out{row.row, {}, {}, {}, row.text_bytes};
  Result<Admission> admission = admission_of(row, intake, at);
  if (admission) {
    out.admission = *std::move(admission);
  } else {
    out.error = admission.error();
  }
  row.text.resize(std::min(row.text.size(), kInboxTextBytesMax));
  out.text = std::move(row.text);
  return out;
}

}  // namespace ackd
