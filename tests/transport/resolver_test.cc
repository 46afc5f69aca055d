#include "transport/resolver.h"

#include <doctest/doctest.h>

#include <algorithm>
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

std::vector<std::string> silent_hosts(std::size_t count) {
  std::vector<std::string> hosts;
  for (std::size_t i = 0; i < count; ++i) hosts.push_back("silent" + std::to_string(i) + ".test");
  return hosts;
}

ScriptedDns::Names silent_but(const std::string& host) {
  ScriptedDns::Names names{{host, {"127.0.0.1"}}};
  for (const std::string& silent : silent_hosts(120)) names[silent] = {ScriptedDns::kNoAnswer};
  return names;
}

TEST_CASE("hosts whose name servers stay silent hold a quarter of the questions, and up nobody for long") {
  const ScriptedDns dns(silent_but("live.test"));
  World world(dns);
  for (const std::string& host : silent_hosts(120)) CHECK(world.resolver->ask(host) == nullptr);
  CHECK(world.resolver->ask("live.test") == nullptr);
  const std::int64_t asked_ms = world.loop.monotonic_ms();
  std::size_t most = 0;
  std::size_t most_silent = 0;
  world.run_until([&] {
    const std::size_t silent = world.resolver->in_flight(Resolver::Standing::kSilent);
    const std::size_t others = world.resolver->in_flight(Resolver::Standing::kNew);
    most = std::max(most, silent + others);
    most_silent = std::max(most_silent, silent);
    return world.answered.contains("live.test") && world.answered.size() > 1;
  });
  CHECK(world.answered.at("live.test") == NameAnswer::Kind::kFound);
  // Two turns of a third of a second are before it; a silent one is given up after three seconds at the earliest.
  CHECK(world.answered_at_ms.at("live.test") - asked_ms < 2'500);
  CHECK(most <= Resolver::kInFlightMax);
  CHECK(most > Resolver::kInFlightMax / 2);
  CHECK(most_silent == Resolver::kInFlightMax / 4);
}

TEST_CASE("a host that has always answered does not wait for a flood of new ones") {
  const ScriptedDns dns(silent_but("old.test"));
  World world(dns);
  CHECK(world.resolver->ask("old.test") == nullptr);
  world.run_until([&] { return world.answered.contains("old.test"); });
  const std::int64_t expired_ms = world.loop.monotonic_ms() + NameCache::kTtlMinMs + 1;
  world.run_until([&] { return world.loop.monotonic_ms() > expired_ms; });
  world.answered.clear();
  for (const std::string& host : silent_hosts(120)) CHECK(world.resolver->ask(host) == nullptr);
  CHECK(world.resolver->ask("old.test") == nullptr);
  CHECK(world.resolver->in_flight(Resolver::Standing::kAnswers) == 1);
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
