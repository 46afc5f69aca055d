// What the sockets of libcurl are watched for between two requests.
#include "transport/curl_sockets.h"

#include <doctest/doctest.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace ackd {
namespace {

// A connected socket that has room to write and nothing to read.
struct Fixture {
  Fixture() {
    int both[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, both) == 0);
    ours = both[0];
    theirs = UniqueFd(both[1]);
  }
  ~Fixture() { sockets.close(ours); }

  bool is_open() const { return send(theirs.get(), "?", 1, MSG_NOSIGNAL) == 1; }

  UvLoop loop;
  int ready = 0;
  CurlSockets sockets{loop, UniqueFd(epoll_create1(EPOLL_CLOEXEC)), [this](auto, auto, auto) { ++ready; }};
  curl_socket_t ours = CURL_SOCKET_BAD;
  UniqueFd theirs;
};

TEST_CASE("a connection whose answer ended while libcurl still waited to write stays open, and idles") {
  Fixture f;
  f.sockets.want(f.ours, 0, CURL_POLL_OUT);
  f.sockets.want(f.ours, 0, CURL_POLL_REMOVE);
  f.sockets.look();
  CHECK(f.ready == 0);
  CHECK(f.is_open());
}

TEST_CASE("an idle connection that breaks its silence is hung up, whatever it was watched for before") {
  for (const int watched_for : {CURL_POLL_IN, CURL_POLL_OUT, CURL_POLL_INOUT}) {
    Fixture f;
    f.sockets.want(f.ours, 0, watched_for);
    f.sockets.want(f.ours, 0, CURL_POLL_REMOVE);
    REQUIRE(f.is_open());
    f.sockets.look();
    CHECK(f.ready == 0);
    CHECK_FALSE(f.is_open());
  }
}

TEST_CASE("a socket that nobody has wanted is not watched") {
  Fixture f;
  f.sockets.want(f.ours, 0, CURL_POLL_REMOVE);
  REQUIRE(f.is_open());
  f.sockets.look();
  CHECK(f.is_open());
}

}  // namespace
}  // namespace ackd
