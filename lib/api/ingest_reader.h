// One body of POST /v1/notifications, read a slice at a time: ten thousand notifications take longer to parse, check
// and fix than the loop may stand still.
//
//   IngestReader reader(body, type);  while (!reader.done()) reader.read_slice(intake, at);  reader.take()
//
// Nothing is admitted before the whole body has been read, so a body that turns out broken in its middle has no effect.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/ingest.h"
#include "base/result.h"
#include "engine/intake.h"

namespace ackd {

// A slice ends after whichever comes first. In a release build it takes a few milliseconds.
inline constexpr std::size_t kIngestSliceItems = 250;
inline constexpr std::size_t kIngestSliceBytes = 256 * 1024;

// The text of one item: several times what its content may have, since JSON can write six bytes for one.
inline constexpr std::size_t kIngestItemBytesMax = 2u << 20;

class IngestReader {
 public:
  IngestReader(std::string body, std::string_view content_type);

  bool done() const { return done_; }

  // Reads on. What is read is admitted as of `at`. REQUIRES: not done().
  void read_slice(const Intake& intake, IntakeTime at);

  // An Error refuses the whole body: it is not JSON, not a list of objects, or over a limit. What is wrong with one
  // item of a batch refuses that item only. REQUIRES: done().
  Result<Ingest> take();

 private:
  enum class Form { kObject, kArray, kLines };

  void begin(std::string_view content_type);
  void fail(Error error);
  void read_object(const Intake& intake, IntakeTime at);
  void read_element(const Intake& intake, IntakeTime at);
  void read_line(const Intake& intake, IntakeTime at);
  void add(std::string_view text, const Intake& intake, IntakeTime at);
  void refuse(const Error& error);

  std::string body_;
  Form form_ = Form::kObject;
  std::size_t at_ = 0;  // up to here it has been read
  bool done_ = false;
  std::optional<Error> error_;
  Ingest ingest_;
};

}  // namespace ackd
