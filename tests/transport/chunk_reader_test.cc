#include "transport/chunk_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace ackd {
namespace {

struct Read {
  std::string body;
  std::string left;  // behind the end of the message
  TransferEnd end = TransferEnd::kComplete;
  bool ended = false;
  std::size_t dropped_bytes = 0;
  std::size_t trailers = 0;
  friend bool operator==(const Read&, const Read&) = default;
};

// As the bytes would come in packets that end at each of `cuts`.
Read read(std::string_view raw, const std::vector<std::size_t>& cuts = {}) {
  ChunkReader reader;
  Read out;
  std::size_t from = 0;
  std::vector<std::size_t> ends = cuts;
  ends.push_back(raw.size());
  for (const std::size_t end : ends) {
    std::string_view packet = raw.substr(from, end - from);
    from = end;
    while (!packet.empty() && !reader.ended() && reader.stopped_by() == TransferEnd::kComplete) {
      out.body += reader.take(packet);
    }
    out.left += packet;
  }
  out.end = reader.stopped_by();
  out.ended = reader.ended();
  out.dropped_bytes = reader.dropped_bytes();
  out.trailers = reader.trailers();
  return out;
}

TEST_CASE("a body is put together, and its end is found to the byte") {
  struct Row {
    std::string raw;
    const char* body;
    const char* left;
  };
  for (const Row& row : {
           Row{"0\r\n\r\n", "", ""},
           Row{"2\r\nOK\r\n0\r\n\r\n", "OK", ""},
           Row{"1\r\nO\r\n1\r\nK\r\n0\r\n\r\n", "OK", ""},
           Row{"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", ""},
           Row{"00000002\r\nOK\r\n00\r\n\r\n", "OK", ""},  // of a fixed width, as some servers write it
           Row{"4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n", ""},
           Row{"2;a=b\r\nOK\r\n0;c=\"d e\"\r\n\r\n", "OK", ""},
           Row{"2\r\nOK\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n", "OK", ""},
           Row{"2\r\nOK\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n", "OK", "HTTP/1.1 200 OK\r\n"},
           Row{"2\r\nOK\r\n0\r\nX: y\r\n\r\n\r\n", "OK", "\r\n"},
       }) {
    CAPTURE(row.raw);
    const Read whole = read(row.raw);
    CHECK(whole.ended);
    CHECK(whole.end == TransferEnd::kComplete);
    CHECK(whole.body == row.body);
    CHECK(whole.left == row.left);
  }
}

TEST_CASE("framing that two parsers may read differently is refused") {
  using namespace std::string_view_literals;
  for (const std::string_view raw : {
           // What stands where a size should.
           "\r\n"sv,
           "\n"sv,
           " 2\r\nOK\r\n"sv,
           "\t2\r\n"sv,
           "+2\r\nOK\r\n"sv,
           "-2\r\n"sv,
           "0x2\r\nOK\r\n"sv,
           "G\r\n"sv,
           ";a\r\n"sv,
           "\0"
           "2\r\n"sv,
           // Behind a size.
           "2\nOK\r\n0\r\n\r\n"sv,
           "2\rOK\r\n"sv,
           "2 \r\nOK\r\n"sv,
           "2\t;a\r\nOK\r\n"sv,
           "2,3\r\nOK\r\n"sv,
           "2 junk\r\nOK\r\n"sv,
           "2.0\r\nOK\r\n"sv,
           "2\0\r\nOK\r\n"sv,
           "2;a\nOK\r\n"sv,
           "2;a\rb\r\nOK\r\n"sv,
           "2;\x01\r\nOK\r\n"sv,
           "2;\x7f\r\nOK\r\n"sv,
           "2;a\0b\r\nOK\r\n"sv,
           // Sizes that are not meant to be read.
           "000000002\r\nOK\r\n"sv,
           "0000000000000002\r\nOK\r\n"sv,
           "00000000000000002\r\nOK\r\n"sv,
           "100000000\r\nOK\r\n"sv,
           "ffffffffffffffff\r\nOK\r\n"sv,
           "10000000000000002\r\nOK\r\n"sv,
           "000000000\r\n\r\n"sv,
           // Around the data.
           "2\r\nOK0\r\n\r\n"sv,
           "2\r\nOK\n0\r\n\r\n"sv,
           "2\r\nOK\r0\r\n"sv,
           "2\r\nOK\r\r\n0\r\n"sv,
           "2\r\nOKX\r\n"sv,
           "2\r\nO\r\n0\r\n\r\n"sv,
           "2\r\nOK\r\n\r\n0\r\n\r\n"sv,
           // The last chunk and the trailers.
           "0\n\r\n"sv,
           "0\r\n\n"sv,
           "0\r\n\rX"sv,
           "0\r\n X: y\r\n\r\n"sv,
           "0\r\nX\r\n\r\n"sv,
           "0\r\n: y\r\n\r\n"sv,
           "0\r\nX : y\r\n\r\n"sv,
           "0\r\nX: y\n\r\n"sv,
           "0\r\nX: y\r\r\n\r\n"sv,
           "0\r\nX: a\0b\r\n\r\n"sv,
           "0\r\nX: y\r\n folded\r\n\r\n"sv,
           "0\r\nX: \x1b[31m\r\n\r\n"sv,
       }) {
    CAPTURE(raw);
    const Read whole = read(raw);
    CHECK(whole.end == TransferEnd::kBadHttp);
    CHECK(!whole.ended);
  }
}

TEST_CASE("what is cut short has not ended, and is nothing to complain of yet") {
  const std::string whole = "5;x=y\r\nhello\r\n0\r\nX: y\r\n\r\n";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Read part = read(whole.substr(0, length));
    CHECK(!part.ended);
    CHECK(part.end == TransferEnd::kComplete);
  }
}

TEST_CASE("it makes no difference how the bytes are cut into packets") {
  for (const std::string raw : {"3;a\r\nabc\r\n0a\r\n0123456789\r\n0\r\nX: y\r\nZ: 1\r\n\r\nmore", "2\r\nOK\r\nZZ\r\n",
                                "2\r\nOK\r\n0\r\nbad\r\n\r\n"}) {
    const Read whole = read(raw);
    std::vector<std::size_t> each_byte;
    for (std::size_t cut = 0; cut < raw.size(); ++cut) {
      Read in_two = read(raw, {cut});
      in_two.left = whole.left;  // what stopped the reader may be followed by less of its packet
      CHECK(in_two == whole);
      each_byte.push_back(cut);
    }
    CHECK(read(raw, each_byte).body == whole.body);
    CHECK(read(raw, each_byte).end == whole.end);
  }
}

TEST_CASE("extensions and trailers are counted, and nothing of them is kept") {
  const Read all = read("2;abc\r\nOK\r\n0;de\r\nX: y\r\nZ:\r\n\r\n");
  CHECK(all.ended);
  CHECK(all.trailers == 2);
  CHECK(all.dropped_bytes == 4 + 3 + 5 + 3);
  const Read extension = read("2;" + std::string(100'000, 'x'));
  CHECK(extension.dropped_bytes == 100'001);
  CHECK(extension.body.empty());
}

TEST_CASE("one trailer line has its own limit, below that of libcurl") {
  const std::string name = "0\r\nX:";
  CHECK(read(name + std::string(kTrailerBytesMax - 2, 'x') + "\r\n\r\n").ended);
  CHECK(read(name + std::string(kTrailerBytesMax - 1, 'x') + "\r\n\r\n").end == TransferEnd::kHeaderCap);
  CHECK(read("0\r\n" + std::string(kTrailerBytesMax + 1, 'x')).end == TransferEnd::kHeaderCap);
}

TEST_CASE("an announced size costs nothing before its bytes come") {
  const Read large = read("ffffffff\r\nOK");
  CHECK(large.body == "OK");
  CHECK(!large.ended);
  CHECK(large.end == TransferEnd::kComplete);
}

}  // namespace
}  // namespace ackd
