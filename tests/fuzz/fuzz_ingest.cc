// Any body of POST /v1/notifications: an item is the same however it was packed (alone, in lines, in an array, among
// hundreds), every item is an admission within the limits or a refusal that says what is wrong, and a body is refused
// as a whole with a reason or not at all.
//
// The input's first byte: bit 0 says whether the body is NDJSON; 0xFF repeats it over several slices.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/ingest_reader.h"
#include "base/check.h"
#include "intake_world.h"
#include "target.h"
#include "text/charset.h"
#include "text/json_reader.h"

namespace {

using namespace ackd;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kLines = "application/x-ndjson";

const Intake& intake() {
  static const fuzz::IntakeWorld world;
  return world.intake();
}

Result<Ingest> read(std::string body, std::string_view type) {
  const std::size_t slices_max = 2 + body.size() / kIngestSliceItems + body.size() / kIngestSliceBytes;
  IngestReader reader(std::move(body), type);
  for (std::size_t slices = 0; !reader.done(); ++slices) {
    CHECK_THAT(slices < slices_max, "every slice reads on");
    reader.read_slice(intake(), fuzz::kAt);
  }
  return reader.take();
}

void check_problem(const Problem& problem) {
  CHECK_THAT(problem.status >= 400 && problem.status <= 499, "what a client sent is the client's to mend");
  CHECK_THAT(!problem.title.empty() && !problem.detail.empty() && is_valid_utf8(problem.detail), "a refusal says why");
  CHECK_THAT(problem.detail.size() <= 2'000, "a refusal does not repeat what it refuses");
  (void)respond(problem);
}

void check_whole(const Result<Ingest>& result) {
  if (!result) return check_problem(problem_of(result.error()));
  std::size_t admitted = 0;
  std::size_t bytes = 0;
  for (const auto& refusal : result->refusals) {
    if (refusal) check_problem(*refusal);
    if (!refusal) ++admitted;
  }
  CHECK_THAT(admitted == result->admissions.size(), "every item is admitted or refused");
  for (const Admission& admission : result->admissions) {
    CHECK_THAT(fuzz::within_limits(admission), "what is admitted is within the limits");
    bytes += admission.notification.content.size();
  }
  CHECK_THAT(bytes == result->bytes && result->refusals.size() <= kIngestItemsMax, "the batch knows its size");
}

// One item as it came out of whatever it was packed in.
struct Item {
  const Admission* admission = nullptr;
  const Problem* refusal = nullptr;
};

std::vector<Item> items_of(const Ingest& ingest) {
  std::vector<Item> items;
  std::size_t admitted = 0;
  for (const auto& refusal : ingest.refusals) {
    items.push_back({refusal ? nullptr : &ingest.admissions[admitted++], refusal ? &*refusal : nullptr});
  }
  return items;
}

bool equal(const Item& a, const Item& b) {
  if (a.admission != nullptr && b.admission != nullptr) return fuzz::equal(*a.admission, *b.admission);
  return a.refusal != nullptr && b.refusal != nullptr && a.refusal->status == b.refusal->status &&
         a.refusal->detail == b.refusal->detail && a.refusal->field == b.refusal->field;
}

std::vector<std::string> lines_of(std::string_view body) {
  std::vector<std::string> lines;
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const std::string_view line = body.substr(0, end);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) lines.emplace_back(line);
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return lines;
}

void check_lines(std::string_view body) {
  const Result<Ingest> together = read(std::string(body), kLines);
  check_whole(together);
  CHECK_THAT(together.ok(), "a bad line spoils itself only");
  const std::vector<Item> items = items_of(*together);
  const std::vector<std::string> lines = lines_of(body);
  CHECK_THAT(items.size() == lines.size(), "one item for each line that is not blank");
  std::string array = "[";
  bool all_json = true;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    array += (i == 0 ? " " : "\t,\r\n ") + lines[i];
    all_json = all_json && read_json(lines[i]).ok();
    const Result<Ingest> alone = read(lines[i], kLines);
    CHECK_THAT(alone.ok() && equal(items_of(*alone).front(), items[i]), "a line is the same among others");
    const Result<Ingest> single = read(lines[i], kJson);
    if (single && single->single) {
      CHECK_THAT(equal(items_of(*single).front(), items[i]), "an object is the same in a line");
    }
  }
  if (!all_json) return;
  const Result<Ingest> listed = read(array + "]", kJson);
  CHECK_THAT(listed && listed->refusals.size() == lines.size(), "lines of JSON are an array's items");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK_THAT(equal(items_of(*listed)[i], items[i]), "an item is the same in an array");
  }
}

void check_document(std::string_view body) {
  const Result<Ingest> result = read(std::string(body), kJson);
  check_whole(result);
  const Result<JsonValue> json = read_json(body);
  if (result) {
    const bool has_values_for_all = json.ok() || !result->single;
    CHECK_THAT(has_values_for_all && (!json || json->kind == JsonKind::kObject || json->kind == JsonKind::kArray),
               "only an object or an array is taken");
  } else if (json) {
    CHECK_THAT(json->kind != JsonKind::kObject && json->kind != JsonKind::kArray, "a body that is JSON is read whole");
  }
  if (result && json && json->kind == JsonKind::kArray) {
    CHECK_THAT(result->refusals.size() == json->items.size(), "one item for each of the array's");
  }
}

// Over the border of a slice.
std::string repeated(std::string_view line) {
  std::string body;
  for (std::size_t i = 0; i < kIngestSliceItems + 5; ++i) body += std::string(line.substr(0, line.find('\n'))) + "\n";
  return body;
}

void check_many(std::string_view line) {
  const Result<Ingest> many = read(repeated(line), kLines);
  check_whole(many);
  if (many->refusals.empty()) return;
  const std::vector<Item> items = items_of(*many);
  CHECK_THAT(items.size() == kIngestSliceItems + 5, "no item is lost between slices");
  CHECK_THAT(equal(items.front(), items.back()), "a slice makes no difference");
}

}  // namespace

int ackd::fuzz::try_input(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const std::string_view body = bytes.substr(1);
  const auto packing = static_cast<unsigned char>(bytes[0]);
  if (packing == 0xFF && body.size() < 64) {
    check_many(body);
  } else if ((packing & 1) != 0) {
    check_lines(body);
  } else {
    check_document(body);
  }
  return 0;
}
