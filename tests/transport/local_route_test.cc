#include "transport/local_route.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

TEST_CASE("this machine has a way to itself, and none to an address that names no interface") {
  CHECK(has_route(parse_ip("127.0.0.1").value()));
  CHECK(!has_route(parse_ip("fe80::1").value()));
}

}  // namespace
}  // namespace ackd
