#include "transport/resolver.h"

#include <doctest/doctest.h>

#include <map>

#include "scripted_dns.h"

namespace ackd {
namespace {

using namespace test;

struct World {
  explicit World(const ScriptedDns& dns)
      : resolver(std::move(*Resolver::create(loop, {dns.servers(), {}}, [this](const auto& host, const auto& answer) {
          answered[host] = answer.kind;
          answered_at_ms[host] = loop.monotonic_ms();
        }))) {}

  void run_until(const std::function<bool()>& done) {
    Timer deadline(loop, [&] { loop.stop(); });
    deadline.arm(Duration(20'000));
    Timer look(loop, [&] { done() ? loop.stop() : look.arm(Duration(5)); });
    look.arm(Duration(0));
    loop.run([] {});
    REQUIRE(done());
  }

  UvLoop loop;
  std::map<std::string, NameAnswer::Kind> answered;
  std::map<std::string, std::int64_t> answered_at_ms;
  std::unique_ptr<Resolver> resolver;
};

// More than all questions that may be under way.
std::vector<std::string> silent_hosts() {
  std::vector<std::string> hosts;
  for (std::size_t i = 0; i < Resolver::kInFlightMax + 8; ++i) hosts.push_back("silent" + std::to_string(i) + ".test");
  return hosts;
}

TEST_CASE("hosts whose name servers stay silent hold a quarter of the questions at most") {
  const ScriptedDns dns(ScriptedDns::Names{{"live.test", {"127.0.0.1"}}}, ScriptedDns::Mode::kSilentAboutUnknown);
  World world(dns);
  const std::vector<std::string> hosts = silent_hosts();
  for (const std::string& host : hosts) CHECK(world.resolver->ask(host) == nullptr);
  world.run_until([&] { return world.answered.size() == hosts.size(); });
  for (const auto& [host, kind] : world.answered) CHECK(kind == NameAnswer::Kind::kFailed);

  // Asked again once that is forgotten, they are known to be slow: a new host does not wait for them.
  const std::int64_t forgotten_ms = world.loop.monotonic_ms() + NameCache::kFailedTtlMs + 1;
  world.run_until([&] { return world.loop.monotonic_ms() > forgotten_ms; });
  world.answered.clear();
  for (const std::string& host : hosts) CHECK(world.resolver->ask(host) == nullptr);
  CHECK(world.resolver->ask("live.test") == nullptr);
  const std::int64_t asked_ms = world.loop.monotonic_ms();
  world.run_until([&] { return world.answered.contains("live.test"); });
  CHECK(world.answered.at("live.test") == NameAnswer::Kind::kFound);
  CHECK(world.answered_at_ms.at("live.test") - asked_ms < 900);  // a silent one takes three seconds
  CHECK(world.answered.size() == 1);
}

TEST_CASE("a host that has always answered does not wait for a flood of new ones") {
  const ScriptedDns dns(ScriptedDns::Names{{"old.test", {"127.0.0.1"}}}, ScriptedDns::Mode::kSilentAboutUnknown);
  World world(dns);
  CHECK(world.resolver->ask("old.test") == nullptr);
  world.run_until([&] { return world.answered.contains("old.test"); });
  const std::int64_t expired_ms = world.loop.monotonic_ms() + NameCache::kTtlMinMs + 1;
  world.run_until([&] { return world.loop.monotonic_ms() > expired_ms; });
  world.answered.clear();
  for (const std::string& host : silent_hosts()) CHECK(world.resolver->ask(host) == nullptr);
  CHECK(world.resolver->ask("old.test") == nullptr);
  world.run_until([&] { return world.answered.contains("old.test"); });
  CHECK(world.answered.size() == 1);
}

TEST_CASE("pinned hosts are known at once and never asked about") {
  ScriptedDns dns(ScriptedDns::Names{{"shop.test", {"127.0.0.2"}}});
  UvLoop loop;
  const IpAddress address = parse_ip("203.0.113.7").value();
  auto resolver = Resolver::create(loop, {dns.servers(), {{"shop.test", {address}}}}, [](const auto&, const auto&) {});
  REQUIRE(resolver.ok());
  const NameAnswer* answer = (*resolver)->ask("shop.test");
  REQUIRE(answer != nullptr);
  CHECK(answer->addresses == std::vector{address});
  CHECK(dns.questions() == 0);
}

}  // namespace
}  // namespace ackd
