// What every Outbox must do about merchants on record: versions, keys in sealed form, pauses, and a rotation's changes.
// Part of conformance.h.
#pragma once

#include "outbox/conformance_store.h"

namespace ackd::conformance {

inline const MerchantName kShop{"dhpay", "shop"};

inline SealedKey sealed(const std::string& id, const std::string& master = "m1") {
  return {id, master, "sealed-" + id + "-" + master + std::string(1, '\0')};
}

inline MerchantRecord record(const MerchantName& name, const std::string& url, std::vector<SealedKey> keys = {}) {
  MerchantRecord record;
  record.name = name;
  record.url = url;
  record.hosts = {"a.example", "*.b.example"};
  record.contact = "call us";
  record.options = {{"ack_trim", "true"}, {"window", "4"}};
  record.keys = std::move(keys);
  return record;
}

inline MerchantChange put(const MerchantRecord& record, std::optional<std::uint32_t> expected = std::nullopt) {
  return {record.name, record, expected, after(1'000)};
}

inline MerchantChange removal(const MerchantName& name, std::optional<std::uint32_t> expected = std::nullopt) {
  return {name, std::nullopt, expected, after(2'000)};
}

inline std::vector<std::string> texts_of(const std::vector<SealedKey>& keys) {
  std::vector<std::string> texts;
  for (const SealedKey& key : keys) texts.push_back(key.id + "/" + key.master + "/" + key.sealed);
  return texts;
}

inline std::vector<SealedKeyRow> under_others(Store& store, const std::string& current, std::size_t rows_max = 100) {
  Batch batch;
  batch.sealed = SealedKeysRead{current, rows_max};
  BatchResult result = store.run(std::move(batch));
  REQUIRE(result.fate == BatchFate::kCommitted);
  return std::move(result.sealed);
}

inline void check_merchants(Store& store) {
  const MerchantRecord first = record(kShop, "https://a.example/n", {sealed("k2"), sealed("k1")});
  const OperationResult made = apply(store, put(first, 0));
  CHECK(made.applied == Applied::kApplied);
  CHECK(made.version == 1);

  SUBCASE("everything said about it is there again, keys in their order") {
    const MerchantsOpening known = store.merchants();
    REQUIRE(known.merchants.size() == 1);
    const MerchantRecord& read = known.merchants[0];
    CHECK(read.name == kShop);
    CHECK(read.version == 1);
    CHECK(read.url == first.url);
    CHECK(read.hosts == first.hosts);
    CHECK(read.contact == first.contact);
    CHECK(read.options == first.options);
    CHECK(texts_of(read.keys) == texts_of(first.keys));
    CHECK(read.changed_at == after(1'000));
  }
  SUBCASE("a change replaces it whole, and its version grows") {
    MerchantRecord changed = record(kShop, "", {sealed("k3")});
    changed.hosts.clear();
    changed.options.clear();
    CHECK(apply(store, put(changed)).version == 2);
    CHECK(apply(store, put(changed, 2)).version == 3);
    const MerchantRecord read = store.merchants().merchants.at(0);
    CHECK(read.version == 3);
    CHECK(read.url.empty());
    CHECK(read.hosts.empty());
    CHECK(read.options.empty());
    CHECK(texts_of(read.keys) == texts_of(changed.keys));
  }
  SUBCASE("a change that expects another version does nothing, and says which one is there") {
    for (const std::uint32_t expected : {0U, 2U}) {
      const OperationResult stale = apply(store, put(record(kShop, "https://b.example/"), expected));
      CHECK(stale.applied == Applied::kStale);
      CHECK(stale.version == 1);
    }
    CHECK(apply(store, removal(kShop, 7)).applied == Applied::kStale);
    CHECK(store.merchants().merchants.at(0).url == first.url);
    CHECK(apply(store, put(record({"dhpay", "other"}, ""), 1)).applied == Applied::kStale);
  }
  SUBCASE("a removed one is gone with its keys, and may come back") {
    CHECK(apply(store, removal(kShop, 1)).applied == Applied::kApplied);
    CHECK(store.merchants().merchants.empty());
    CHECK(apply(store, removal(kShop)).applied == Applied::kNotFound);
    CHECK(under_others(store, "none").empty());
    CHECK(apply(store, put(record(kShop, "https://c.example/"), 0)).version == 1);
    CHECK(store.merchants().merchants.at(0).keys.empty());
  }
  SUBCASE("one that has notifications keeps them when it is removed") {
    const LaneId lane = admit(store, notification(1, "shop"));
    apply(store, removal(kShop));
    CHECK(ids(page(store, lane, DueClass::kFresh)) == std::vector<std::int64_t>{1});
    CHECK(apply(store, put(record(kShop, ""))).version == 1);
  }
  SUBCASE("two changes of one batch apply in their order") {
    const BatchResult both = run(store, {put(record(kShop, "https://x.example/"), 1), removal(kShop, 2)});
    CHECK(both.results[0].version == 2);
    CHECK(both.results[1].applied == Applied::kApplied);
    CHECK(store.merchants().merchants.empty());
  }
}

inline void check_pauses(Store& store) {
  const auto pausing = [](bool paused, const std::string& reason) {
    return MerchantPauseChange{{kShop, reason}, paused, after(5)};
  };
  SUBCASE("a merchant that is not on record is paused too, and the last reason counts") {
    CHECK(apply(store, pausing(true, "their server burns")).applied == Applied::kApplied);
    CHECK(apply(store, pausing(true, "still")).applied == Applied::kApplied);
    REQUIRE(store.merchants().paused.size() == 1);
    CHECK(store.merchants().paused[0].merchant == kShop);
    CHECK(store.merchants().paused[0].reason == "still");
  }
  SUBCASE("its end is kept, and the last one counts") {
    const auto until = [&](std::optional<EngineTime> end) {
      MerchantPauseChange change = pausing(true, "x");
      change.pause.until = end;
      apply(store, change);
      return store.merchants().paused.at(0).until;
    };
    CHECK(until(after(60)) == after(60));
    CHECK(until(after(90)) == after(90));
    CHECK(until(std::nullopt) == std::nullopt);
    CHECK(until(after(60)) == after(60));
    apply(store, pausing(false, ""));
    CHECK(store.merchants().paused.empty());
    CHECK(until(std::nullopt) == std::nullopt);
  }
  SUBCASE("resuming ends it, also twice") {
    apply(store, pausing(true, "x"));
    CHECK(apply(store, pausing(false, "")).applied == Applied::kApplied);
    CHECK(apply(store, pausing(false, "")).applied == Applied::kApplied);
    CHECK(store.merchants().paused.empty());
  }
  SUBCASE("a change keeps it, removal ends it") {
    apply(store, put(record(kShop, "")));
    apply(store, pausing(true, "x"));
    apply(store, put(record(kShop, "https://a.example/")));
    CHECK(store.merchants().paused.size() == 1);
    apply(store, removal(kShop));
    CHECK(store.merchants().paused.empty());
  }
}

inline void check_shared_keys(Store& store) {
  apply(store, put(record(kShop, "", {sealed("own")})));
  apply(store, SharedKeysChange{{"dhpay", {sealed("s2"), sealed("s1")}}, after(1)});
  apply(store, SharedKeysChange{{"payindex", {sealed("p")}}, after(1)});
  SUBCASE("they are the provider's, beside a merchant's own") {
    const MerchantsOpening known = store.merchants();
    REQUIRE(known.shared.size() == 2);
    CHECK(known.shared[0].provider == "dhpay");
    CHECK(texts_of(known.shared[0].keys) == texts_of({sealed("s2"), sealed("s1")}));
    CHECK(texts_of(known.merchants.at(0).keys) == texts_of({sealed("own")}));
  }
  SUBCASE("a change replaces them, none removes them") {
    apply(store, SharedKeysChange{{"dhpay", {sealed("s3")}}, after(2)});
    apply(store, SharedKeysChange{{"payindex", {}}, after(2)});
    REQUIRE(store.merchants().shared.size() == 1);
    CHECK(texts_of(store.merchants().shared[0].keys) == texts_of({sealed("s3")}));
  }
}

inline void check_resealing(Store& store) {
  apply(store, put(record(kShop, "", {sealed("k", "m1"), sealed("l", "m2")})));
  apply(store, put(record({"payindex", "b"}, "", {sealed("k", "m3")})));
  apply(store, SharedKeysChange{{"dhpay", {sealed("s", "m1")}}, after(1)});
  SUBCASE("what is under other master keys is found, whoever's it is") {
    const std::vector<SealedKeyRow> found = under_others(store, "m2");
    REQUIRE(found.size() == 3);
    const auto count = [&](const std::string& provider, const std::optional<std::string>& merchant) {
      return std::ranges::count_if(
          found, [&](const SealedKeyRow& row) { return row.provider == provider && row.merchant == merchant; });
    };
    CHECK(count("dhpay", "shop") == 1);
    CHECK(count("payindex", "b") == 1);
    CHECK(count("dhpay", std::nullopt) == 1);
    CHECK(under_others(store, "m2", 2).size() == 2);
  }
  SUBCASE("putting them under the new one leaves none, and no version grows") {
    for (const SealedKeyRow& row : under_others(store, "new")) {
      KeyReseal reseal{row.key.sealed, row};
      reseal.to.key = sealed(row.key.id, "new");
      CHECK(apply(store, reseal).applied == Applied::kApplied);
    }
    CHECK(under_others(store, "new").empty());
    const MerchantsOpening known = store.merchants();
    CHECK(texts_of(known.merchants.at(0).keys) == texts_of({sealed("k", "new"), sealed("l", "new")}));
    CHECK(known.merchants.at(0).version == 1);
    CHECK(texts_of(known.shared.at(0).keys) == texts_of({sealed("s", "new")}));
  }
  SUBCASE("a key that was replaced or removed meanwhile stays as it is now") {
    const SealedKeyRow old{"dhpay", "shop", sealed("k", "m1")};
    apply(store, put(record(kShop, "", {{"k", "m9", "replaced"}})));
    KeyReseal reseal{old.key.sealed, old};
    reseal.to.key = sealed("k", "new");
    CHECK(apply(store, reseal).applied == Applied::kStale);
    CHECK(store.merchants().merchants.at(0).keys.at(0).sealed == "replaced");
    apply(store, removal(kShop));
    CHECK(apply(store, reseal).applied == Applied::kStale);
    reseal.to.merchant = "nobody";
    CHECK(apply(store, reseal).applied == Applied::kStale);
  }
}

inline void check_import(Store& store) {
  apply(store, put(record(kShop, "https://old.example/", {sealed("old")})));
  Batch batch;
  batch.merchants = MerchantImport{{}, after(9)};
  batch.merchants->merchants = {record(kShop, "https://new.example/", {sealed("k1")}),
                                record({"payindex", "b"}, "", {sealed("k2")})};
  batch.operations.push_back(Admission{notification(1, "shop"), {}});
  REQUIRE(store.run(std::move(batch)).fate == BatchFate::kCommitted);
  const MerchantsOpening known = store.merchants();
  REQUIRE(known.merchants.size() == 2);
  CHECK(known.merchants[0].version == 2);
  CHECK(known.merchants[0].url == "https://new.example/");
  CHECK(texts_of(known.merchants[0].keys) == texts_of({sealed("k1")}));
  CHECK(known.merchants[0].changed_at == after(9));
  CHECK(known.merchants[1].version == 1);
}

}  // namespace ackd::conformance
