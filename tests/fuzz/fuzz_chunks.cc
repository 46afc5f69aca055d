// Any bytes as a chunked body: however they are cut into packets the reader says the same, keeps no more than it was
// given, and where it finds the end of the message, a reader as lenient as libcurl finds the same end and the same
// body.
//
// The input's first byte says where the packets are cut.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "target.h"
#include "transport/chunk_reader.h"

namespace {

using namespace ackd;

struct Read {
  std::string body;
  std::size_t taken = 0;
  bool ended = false;
  TransferEnd end = TransferEnd::kComplete;
  std::size_t dropped_bytes = 0;
};

Read read_strictly(std::string_view raw, std::size_t packet_bytes) {
  ChunkReader reader;
  Read out;
  while (!raw.empty() && !reader.ended() && reader.stopped_by() == TransferEnd::kComplete) {
    std::string_view packet = raw.substr(0, packet_bytes);
    const std::size_t before = packet.size();
    out.body += reader.take(packet);
    out.taken += before - packet.size();
    raw.remove_prefix(before - packet.size());
  }
  out.ended = reader.ended();
  out.end = reader.stopped_by();
  out.dropped_bytes = reader.dropped_bytes();
  return out;
}

// The rules of libcurl 7.88: digits, then anything up to a line feed; data, then CRs and a line feed; behind the last
// chunk, lines up to an empty one.
class LenientReader {
 public:
  explicit LenientReader(std::string_view raw) : raw_(raw) {}

  Read run() {
    while (take_chunk()) continue;
    return out_;
  }

 private:
  bool more() const { return out_.taken < raw_.size(); }
  char next() { return raw_[out_.taken++]; }

  bool take_chunk() {
    std::uint64_t size = 0;
    std::size_t digits = 0;
    while (more() && std::string_view("0123456789abcdefABCDEF").find(raw_[out_.taken]) != std::string_view::npos) {
      if (++digits > 16) return false;
      size = size * 16 + static_cast<std::uint64_t>(std::stoi(std::string(1, next()), nullptr, 16));
    }
    if (digits == 0) return false;
    while (more() && next() != '\n') continue;
    if (size == 0) return take_trailers();
    if (size > raw_.size() - out_.taken) return false;
    out_.body += raw_.substr(out_.taken, size);
    out_.taken += size;
    while (more()) {
      const char c = next();
      if (c == '\n') return true;
      if (c != '\r') return false;
    }
    return false;
  }

  bool take_trailers() {
    while (more()) {
      const std::size_t end = raw_.find('\n', out_.taken);
      if (end == std::string_view::npos) return false;
      const std::string_view line = raw_.substr(out_.taken, end - out_.taken);
      out_.taken = end + 1;
      if (!line.empty() && line != "\r") continue;
      out_.ended = true;
      return false;
    }
    return false;
  }

  std::string_view raw_;
  Read out_;
};

}  // namespace

int ackd::fuzz::try_input(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const std::string_view raw = bytes.substr(1);
  const Read whole = read_strictly(raw, raw.size() + 1);
  CHECK_THAT(whole.body.size() + whole.dropped_bytes <= whole.taken, "nothing is made up");
  CHECK_THAT(!(whole.ended && whole.end != TransferEnd::kComplete), "a message ends or is refused");
  const Read in_packets = read_strictly(raw, 1 + static_cast<unsigned char>(bytes[0]));
  CHECK_THAT(in_packets.body == whole.body && in_packets.taken == whole.taken && in_packets.ended == whole.ended &&
                 in_packets.end == whole.end && in_packets.dropped_bytes == whole.dropped_bytes,
             "packets make no difference");
  if (!whole.ended) return 0;
  const Read lenient = LenientReader(raw).run();
  CHECK_THAT(lenient.ended && lenient.taken == whole.taken && lenient.body == whole.body,
             "what is accepted ends where libcurl ends it");
  return 0;
}
