#include "transport/chunk_reader.h"

#include <algorithm>

#include "transport/http_grammar.h"

namespace ackd {
namespace {

// -1 for what is no hexadecimal digit.
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view ChunkReader::take(std::string_view& raw) {
  while (!raw.empty() && state_ != State::kEnded && state_ != State::kStopped) {
    if (state_ == State::kData) return take_data(raw);
    on_byte(raw.front());
    raw.remove_prefix(1);
  }
  return {};
}

std::string_view ChunkReader::take_data(std::string_view& raw) {
  const std::string_view data = raw.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(size_, raw.size())));
  raw.remove_prefix(data.size());
  size_ -= data.size();
  if (size_ == 0) state_ = State::kDataEnd;
  return data;
}

void ChunkReader::on_byte(char c) {
  constexpr const char* kNoLineEnd = "a line of the chunked framing ends without CR LF";
  switch (state_) {
    case State::kSize: state_ = after_size(c); break;
    case State::kExtension: state_ = after_extension(c); break;
    case State::kSizeEnd: state_ = after_size_line(c); break;
    case State::kDataEnd: state_ = expect(c, '\r', State::kDataEndLf, "a chunk is longer than its size"); break;
    case State::kDataEndLf: state_ = expect(c, '\n', State::kSize, kNoLineEnd); break;
    case State::kTrailer: state_ = after_trailer_start(c); break;
    case State::kTrailerName: state_ = after_trailer_name(c); break;
    case State::kTrailerValue: state_ = after_trailer_value(c); break;
    case State::kTrailerEnd: state_ = expect(c, '\n', State::kTrailer, kNoLineEnd); break;
    case State::kLastEnd: state_ = expect(c, '\n', State::kEnded, kNoLineEnd); break;
    case State::kData:
    case State::kEnded:
    case State::kStopped: break;
  }
}

ChunkReader::State ChunkReader::after_size(char c) {
  const int value = hex_value(c);
  if (value >= 0) {
    if (++digits_ > kChunkSizeDigitsMax) return stop("a chunk's size has too many digits");
    size_ = size_ * 16 + static_cast<std::uint64_t>(value);
    return State::kSize;
  }
  if (digits_ == 0) return stop("a chunk's size is not a hexadecimal number");
  if (c == '\r') return State::kSizeEnd;
  if (c != ';') return stop("a chunk's size has something else behind its digits");
  ++dropped_bytes_;
  return State::kExtension;
}

ChunkReader::State ChunkReader::after_extension(char c) {
  if (c == '\r') return State::kSizeEnd;
  if (!is_field_content(c)) return stop("a chunk's extension holds a control character");
  ++dropped_bytes_;
  return State::kExtension;
}

ChunkReader::State ChunkReader::after_size_line(char c) {
  if (c != '\n') return stop("a chunk's size ends without CR LF");
  digits_ = 0;
  return size_ == 0 ? State::kTrailer : State::kData;
}

ChunkReader::State ChunkReader::after_trailer_start(char c) {
  if (c == '\r') return State::kLastEnd;
  if (!is_token_character(c)) return stop("a trailer is folded, or its name is not a token followed by a colon");
  ++trailers_;
  ++dropped_bytes_;
  line_bytes_ = 1;
  return State::kTrailerName;
}

ChunkReader::State ChunkReader::after_trailer_name(char c) {
  ++dropped_bytes_;
  if (++line_bytes_ > kTrailerBytesMax) return stop("a trailer has no end", TransferEnd::kHeaderCap);
  if (c == ':') return State::kTrailerValue;
  return is_token_character(c) ? State::kTrailerName : stop("a trailer's name is not a token followed by a colon");
}

ChunkReader::State ChunkReader::after_trailer_value(char c) {
  ++dropped_bytes_;
  if (c == '\r') return State::kTrailerEnd;
  if (++line_bytes_ > kTrailerBytesMax) return stop("a trailer has no end", TransferEnd::kHeaderCap);
  return is_field_content(c) ? State::kTrailerValue : stop("a trailer holds a control character");
}

ChunkReader::State ChunkReader::expect(char c, char expected, State next, const char* reason) {
  return c == expected ? next : stop(reason);
}

ChunkReader::State ChunkReader::stop(const char* reason, TransferEnd end) {
  stopped_by_ = end;
  stop_reason_ = reason;
  return State::kStopped;
}

}  // namespace ackd
