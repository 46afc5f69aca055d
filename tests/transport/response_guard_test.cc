#include "transport/response_guard.h"

#include <doctest/doctest.h>

#include <vector>

namespace ackd {
namespace {

// Feeds lines until one is refused; each gets CR LF unless it ends with LF already.
TransferEnd feed(ResponseGuard& guard, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    const bool has_end = !line.empty() && line.back() == '\n';
    if (!guard.on_header_line(has_end ? line : line + "\r\n")) break;
  }
  return guard.stopped_by();
}

TransferEnd feed(const std::vector<std::string>& lines) {
  ResponseGuard guard(64, false);
  return feed(guard, lines);
}

ResponseGuard chunked() {
  ResponseGuard guard(64, false);
  CHECK(feed(guard, {"HTTP/1.1 200 OK", "Transfer-Encoding: chunked", ""}) == TransferEnd::kComplete);
  return guard;
}

TEST_CASE("headers are complete at the blank line after the final status, not before") {
  ResponseGuard guard(64, false);
  CHECK(feed(guard, {"HTTP/1.1 100 Continue", ""}) == TransferEnd::kComplete);
  CHECK(!guard.headers_complete());
  CHECK(feed(guard, {"HTTP/1.1 200 OK", "Content-Type: text/html; x=\"y\"", "Retry-After: 5"}) ==
        TransferEnd::kComplete);
  CHECK(!guard.headers_complete());
  CHECK(feed(guard, {""}) == TransferEnd::kComplete);
  CHECK(guard.headers_complete());
  CHECK(guard.status() == 200);
  CHECK(guard.content_type() == "text/html; x=\"y\"");
  CHECK(guard.has_retry_after());
}

TEST_CASE("framing that two parsers may read differently is refused") {
  const std::vector<std::vector<std::string>> bad = {
      {"HTTP/1.1 200 OK\n"},
      {"HTTP/1.1 200 OK", "A: b\n"},
      {"HTTP/1.1 200 OK", "A: b", "\n"},
      {"HTTP/1.1 200 OK", "A : b"},
      {"HTTP/1.1 200 OK", "A: b", " folded"},
      {"HTTP/1.1 200 OK", "A: b", "\tfolded"},
      {"HTTP/1.1 200 OK", "no colon"},
      {"HTTP/1.1 200 OK", ": no name"},
      {"HTTP/1.1 200 OK", "A: b\rC: d"},
      {"HTTP/1.1 200 OK", std::string("A: b\0", 5)},
      {"HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 6"},
      {"HTTP/1.1 200 OK", "Content-Length: 5", "content-length: 5"},
      {"HTTP/1.1 200 OK", "Content-Length: 5, 5"},
      {"HTTP/1.1 200 OK", "Content-Length: -1"},
      {"HTTP/1.1 200 OK", "Content-Length: +1"},
      {"HTTP/1.1 200 OK", "Content-Length: 0x10"},
      {"HTTP/1.1 200 OK", "Content-Length:"},
      {"HTTP/1.1 200 OK", "Content-Length: 99999999999999999999"},
      {"HTTP/1.1 200 OK", "Content-Length: 5", "Transfer-Encoding: chunked", ""},
      {"HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Content-Length: 5", ""},
      {"HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked"},
      {"HTTP/1.1 200 OK", "Transfer-Encoding: identity"},
      {"HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"},
      {"HTTP/1.0 200 OK", "Transfer-Encoding: chunked"},
      {"HTTP/1.1 101 Switching"},
      {"HTTP/1.1 999 X"},
      {"HTTP/1.1 600 X"},
      {"HTTP/1.1 099 X"},
      {"HTTP/1.1 20 X"},
      {"HTTP/1.1 2000 X"},
      {"HTTP/1.1  200 X"},
      {"HTTP/2 200"},
      {"HTTP/1.2 200 OK"},
      {"ICY 200 OK"},
      {""},
  };
  for (const std::vector<std::string>& lines : bad) {
    CHECK_MESSAGE(feed(lines) == TransferEnd::kBadHttp, lines.back());
  }
}

TEST_CASE("honest framing passes") {
  CHECK(feed({"HTTP/1.1 200", "Content-Length: 0", ""}) == TransferEnd::kComplete);
  CHECK(feed({"HTTP/1.1 200 ", "Content-Length:5", ""}) == TransferEnd::kComplete);
  CHECK(feed({"HTTP/1.0 404 Not Found", "Content-Length: \t 5 ", ""}) == TransferEnd::kComplete);
  CHECK(feed({"HTTP/1.1 200 OK", "transfer-encoding: Chunked", "X-Odd_Name!: \x80\xff", ""}) == TransferEnd::kComplete);
  CHECK(feed({"HTTP/1.1 100 C", "Content-Length: 0", "", "HTTP/1.1 200 OK", "Content-Length: 2", ""}) ==
        TransferEnd::kComplete);
}

TEST_CASE("header lines are counted over interim answers, headers and trailers together") {
  ResponseGuard interim(64, false);
  std::size_t accepted = 0;
  while (interim.on_header_line("HTTP/1.1 103 Early\r\n") && interim.on_header_line("\r\n")) accepted += 2;
  CHECK(interim.stopped_by() == TransferEnd::kHeaderCap);
  CHECK(accepted == kHeaderLinesMax);

  ResponseGuard trailers = chunked();
  CHECK(trailers.on_body("2\r\nOK\r\n0\r\n"));
  accepted = 3;
  while (trailers.on_body("T: x\r\n")) ++accepted;
  CHECK(trailers.stopped_by() == TransferEnd::kHeaderCap);
  CHECK(accepted == kHeaderLinesMax);
}

TEST_CASE("bytes of extensions and trailers are header bytes") {
  for (const std::string& endless : {std::string("2;"), std::string("0\r\nT: ")}) {
    ResponseGuard guard = chunked();
    CHECK(guard.on_body(endless));
    std::size_t pieces = 0;
    while (guard.on_body("xxxxxxxxxxxxxxxx")) ++pieces;
    CHECK(guard.stopped_by() == TransferEnd::kHeaderCap);
    CHECK(pieces * 16 <= kHeaderBytesMax);
    CHECK(guard.body().empty());
  }
}

TEST_CASE("the end of the message is known, whatever frames it") {
  struct Row {
    std::vector<std::string> head;
    std::vector<std::string> body;
    bool with_connection;
  };
  const std::vector<Row> rows = {
      {{"HTTP/1.1 200 OK", "Content-Length: 4", ""}, {"ab", "cd"}, false},
      {{"HTTP/1.1 200 OK", "Content-Length: 0", ""}, {}, false},
      {{"HTTP/1.1 204 OK", ""}, {}, false},
      {{"HTTP/1.1 304 OK", "Content-Length: 9", ""}, {}, false},
      {{"HTTP/1.1 103 OK", "Content-Length: 9", "", "HTTP/1.1 200 OK", "Content-Length: 1", ""}, {"x"}, false},
      {{"HTTP/1.1 200 OK", "Transfer-Encoding: chunked", ""}, {"1\r\nx\r\n", "0\r\n", "\r\n"}, false},
      {{"HTTP/1.1 200 OK", ""}, {"x"}, true},
      {{"HTTP/1.0 200 OK", ""}, {"x"}, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.head.front());
    ResponseGuard guard(64, false);
    CHECK(!guard.message_ended());
    CHECK(feed(guard, row.head) == TransferEnd::kComplete);
    for (const std::string& piece : row.body) {
      CHECK(!guard.message_ended());
      CHECK(guard.on_body(piece));
    }
    CHECK(guard.message_ended() == !row.with_connection);
    CHECK(guard.ends_with_connection() == row.with_connection);
    CHECK(guard.leaves_connection_clean());
  }
}

TEST_CASE("bytes behind the last chunk taint the connection, and a message that goes on there is not believed") {
  ResponseGuard guard = chunked();
  CHECK(guard.on_body("0\r\n\r\nHTTP/1.1 200 OK"));
  CHECK(guard.message_ended());
  CHECK(!guard.leaves_connection_clean());
  CHECK(!guard.on_body("x"));
  CHECK(guard.stopped_by() == TransferEnd::kBadHttp);
}

TEST_CASE("a Retry-After in seconds is read whatever its length") {
  const std::vector<std::pair<std::string, std::optional<std::int64_t>>> rows = {
      {"0", 0},
      {"120", 120},
      {"000000000000000000000000120", 120},
      {"999999999999999999", 999'999'999'999'999'999},
      {"100000000000000000000", INT64_MAX},
      {std::string(1'000, '9'), INT64_MAX},
      {"-5", std::nullopt},
      {"+5", std::nullopt},
      {"5s", std::nullopt},
      {"", std::nullopt},
      {"Thu, 01 Jan 1970 00:00:00 GMT", std::nullopt},
  };
  for (const auto& each : rows) {
    const auto& value = each.first;
    const auto& seconds = each.second;
    CAPTURE(value);
    ResponseGuard guard(64, false);
    CHECK(feed(guard, {"HTTP/1.1 503 X", "Retry-After: 7", "Retry-After: " + value, ""}) == TransferEnd::kComplete);
    CHECK(guard.has_retry_after());
    CHECK(guard.retry_after_s() == seconds);
  }
}

TEST_CASE("header bytes are counted, up to the last allowed one") {
  const std::string status = "HTTP/1.1 200 OK\r\n";
  const std::string filler = "A: " + std::string(kHeaderBytesMax - status.size() - 5 - 2, 'x') + "\r\n";
  ResponseGuard exact(64, false);
  CHECK(exact.on_header_line(status));
  CHECK(exact.on_header_line(filler));
  CHECK(exact.on_header_line("\r\n"));
  ResponseGuard over(64, false);
  CHECK(over.on_header_line(status));
  CHECK(over.on_header_line("B" + filler));
  CHECK(!over.on_header_line("\r\n"));
  CHECK(over.stopped_by() == TransferEnd::kHeaderCap);
}

TEST_CASE("a body of exactly the cap passes, one byte more keeps the first bytes") {
  ResponseGuard exact(4, false);
  CHECK(exact.on_body("abcd"));
  CHECK(exact.on_body(""));
  CHECK(exact.stopped_by() == TransferEnd::kComplete);
  ResponseGuard over(4, false);
  CHECK(over.on_body("abc"));
  CHECK(!over.on_body("de"));
  CHECK(over.stopped_by() == TransferEnd::kBodyCap);
  CHECK(over.body() == "abcd");
}

TEST_CASE("a body that is not wanted is dropped whatever its size") {
  ResponseGuard guard(4, true);
  CHECK(guard.on_body("abcdefgh"));
  CHECK(guard.body().empty());
}

TEST_CASE("a long content type is cut, and one from an interim answer forgotten") {
  ResponseGuard guard(4, false);
  feed(guard, {"HTTP/1.1 103 E", "Content-Type: a/b", "", "HTTP/1.1 200 OK"});
  CHECK(guard.content_type().empty());
  feed(guard, {"Content-Type: " + std::string(500, 'x')});
  CHECK(guard.content_type().size() == kContentTypeBytesMax);
}

}  // namespace
}  // namespace ackd
