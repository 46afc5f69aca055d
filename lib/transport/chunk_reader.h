// Reads the chunked framing of an answer's body as strictly as RFC 9112 writes it.
//
// libcurl 7.88 takes a bare line feed behind a size, anything at all between a size and the line feed, a missing line
// end behind the data, and sizes of sixteen digits. A proxy on the way may take each of them for something else, and
// then the two disagree where this answer ends and the next one begins. So libcurl is told to pass the raw bytes on
// (CURLOPT_HTTP_TRANSFER_DECODING), finds the end of the message by itself, and this reader decides whether to believe
// it. Whatever the reader accepts ends at the same byte for libcurl.
//
// Pure: raw bytes in, pieces of the body out. It keeps no bytes, so an answer without end costs no memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/outcome.h"

namespace ackd {

// 4 GiB in one chunk is more than any cap; longer numbers, also of leading zeros, only try for an overflow.
inline constexpr std::size_t kChunkSizeDigitsMax = 8;
// libcurl gives up a trailer of 4 KiB as if the connection had broken.
inline constexpr std::size_t kTrailerBytesMax = 2 * 1024;

class ChunkReader {
 public:
  // Takes bytes from the front of `raw` until it has a piece of the body, which it returns and which points into `raw`,
  // or until `raw` is empty, the message has ended, or it is stopped. What is left of `raw` at the end of the message
  // is not part of the message.
  std::string_view take(std::string_view& raw);

  bool ended() const { return state_ == State::kEnded; }
  // kBadHttp for framing that is not to be trusted, kHeaderCap for a trailer without end, else kComplete.
  TransferEnd stopped_by() const { return stopped_by_; }
  // "a chunk's size is not a hexadecimal number": for people; empty unless stopped.
  const char* stop_reason() const { return stop_reason_; }

  // Of extensions and trailers, which are dropped: for the caps on headers, which include them.
  std::size_t dropped_bytes() const { return dropped_bytes_; }
  std::size_t trailers() const { return trailers_; }

 private:
  enum class State : std::uint8_t {
    kSize,
    kExtension,
    kSizeEnd,  // between the CR and the LF behind a size
    kData,
    kDataEnd,  // the CR behind the data
    kDataEndLf,
    kTrailer,  // at the beginning of a line
    kTrailerName,
    kTrailerValue,
    kTrailerEnd,
    kLastEnd,  // between the CR and the LF of the blank line that ends the message
    kEnded,
    kStopped,
  };

  std::string_view take_data(std::string_view& raw);
  void on_byte(char c);
  State after_size(char c);
  State after_size_line(char c);
  State after_extension(char c);
  State after_trailer_start(char c);
  State after_trailer_name(char c);
  State after_trailer_value(char c);
  State expect(char c, char expected, State next, const char* reason);
  State stop(const char* reason, TransferEnd end = TransferEnd::kBadHttp);

  State state_ = State::kSize;
  TransferEnd stopped_by_ = TransferEnd::kComplete;
  const char* stop_reason_ = "";
  std::uint64_t size_ = 0;  // of this chunk; what is left of it while its data is read
  std::size_t digits_ = 0;
  std::size_t line_bytes_ = 0;  // of this trailer
  std::size_t dropped_bytes_ = 0;
  std::size_t trailers_ = 0;
};

}  // namespace ackd
