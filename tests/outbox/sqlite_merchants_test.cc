// Merchants in SQLite beyond the contract: origins for lists by host, and what a rotation's search costs.
#include "outbox/sqlite_merchants.h"

#include "outbox/sqlite_schema.h"
#include "sqlite_store.h"

namespace ackd {
namespace {

using conformance::put;
using conformance::record;
using conformance::removal;

struct Fixture {
  Fixture() { open(); }
  void open() {
    auto opened = SqliteOutbox::open(small_options(folder.file("outbox.db")), [] {});
    REQUIRE(opened.ok());
    outbox = std::move(*opened);
  }
  std::string origin(const std::string& provider, const std::string& id) {
    auto reader = SqliteDatabase::open(folder.file("outbox.db"), SqliteDatabase::Access::kReader);
    REQUIRE(reader.ok());
    SqliteStatement find(**reader, "SELECT origin FROM merchant WHERE provider=? AND name=?");
    const SqliteRow row = find.find(provider, id);
    return row ? row.text(0) : "no row";
  }

  TemporaryFolder folder;
  std::unique_ptr<SqliteOutbox> outbox;
};

}  // namespace

TEST_CASE("a merchant's origin follows its URL on record") {
  const TemporaryFolder folder;
  const std::string path = folder.file("outbox.db");
  SqliteStore store(small_options(path));
  const auto origin = [&] {
    auto reader = SqliteDatabase::open(path, SqliteDatabase::Access::kReader);
    REQUIRE(reader.ok());
    return SqliteStatement(**reader, "SELECT origin FROM merchant WHERE name='shop'").find().text(0);
  };
  conformance::apply(store, put(record({"dhpay", "shop"}, "https://a.example/n")));
  CHECK(origin() == "https://a.example:443");
  conformance::apply(store, put(record({"dhpay", "shop"}, "http://b.example:8080/n")));
  CHECK(origin() == "http://b.example:8080");
  conformance::apply(store, put(record({"dhpay", "shop"}, "")));
  CHECK(origin() == "");
  conformance::apply(store, put(record({"dhpay", "shop"}, "https://a.example/n")));
  conformance::apply(store, removal({"dhpay", "shop"}));
  CHECK(origin() == "");
}

TEST_CASE("merchants of the configuration have their origin too, as long as they are there") {
  Fixture f;
  REQUIRE(f.outbox->store_configured_urls({{{"dhpay", "a"}, "https://a.example/"}, {{"dhpay", "b"}, ""}}).ok());
  CHECK(f.origin("dhpay", "a") == "https://a.example:443");
  CHECK(f.origin("dhpay", "b") == "");
  f.outbox.reset();
  f.open();
  REQUIRE(f.outbox->store_configured_urls({{{"dhpay", "b"}, "http://b.example/"}}).ok());
  CHECK(f.origin("dhpay", "a") == "");
  CHECK(f.origin("dhpay", "b") == "http://b.example:80");
}

TEST_CASE("what is sealed under other master keys is found by its index alone") {
  const TemporaryFolder folder;
  auto database = SqliteDatabase::open(folder.file("outbox.db"), SqliteDatabase::Access::kWriter);
  REQUIRE(database.ok());
  REQUIRE(migrate(**database).ok());
  SqliteStatement plan(**database,
                       "EXPLAIN QUERY PLAN SELECT provider, owner, rank, id, master, sealed FROM sealed_key"
                       " WHERE master<? LIMIT ?");
  std::string text;
  for (SqliteRow row = plan.find("m", 10); row; row.next()) text += row.text(3) + "\n";
  CHECK(text.find("sealed_key_master") != std::string::npos);
}

}  // namespace ackd
