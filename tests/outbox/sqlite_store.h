// The SQLite outbox as a test sees it: a temporary folder, and answers that are waited for.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "conformance.h"
#include "outbox/sqlite_outbox.h"
#include "outbox/sqlite_queries.h"
#include "temporary_folder.h"

namespace ackd {

// Wakes whoever waits for an adapter's thread. A wait that takes longer than ten seconds is a failure.
class Wakeup {
 public:
  std::function<void()> callback() {
    return [this] {
      const std::lock_guard lock(mutex_);
      ++count_;
      changed_.notify_all();
    };
  }

  // Polls `condition` after every wakeup until it holds.
  bool wait_until(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), condition);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

inline SqliteOutboxOptions small_options(const std::string& path) {
  SqliteOutboxOptions options;
  options.path = path;
  options.disk = {2048, 1024, 64 * 1024};
  return options;
}

class SqliteStore final : public conformance::Store {
 public:
  explicit SqliteStore(const SqliteOutboxOptions& options) : path_(options.path), options_(options) { open(options); }

  void open(const SqliteOutboxOptions& options) {
    auto opened = SqliteOutbox::open(options, wakeup_.callback());
    REQUIRE_MESSAGE(opened.ok(), opened.error().message);
    outbox_ = std::move(*opened);
    auto loaded = outbox_->load_merchants();
    REQUIRE_MESSAGE(loaded.ok(), loaded.error().message);
    merchants_ = std::move(*loaded);
    outbox_->start();
  }
  void close() { outbox_.reset(); }

  BatchResult run(Batch batch) override {
    outbox_->submit(std::move(batch));
    std::optional<BatchResult> result;
    REQUIRE(wakeup_.wait_until([&] { return (result = outbox_->take_result()).has_value(); }));
    return std::move(*result);
  }

  OutboxCounts counts() override { return std::get<OutboxCounts>(*ask(CountsQuery{})); }
  ActivationRecord activation() override {
    close();
    open(options_);
    ActivationRecord known = outbox_->opening().activation;
    std::ranges::sort(known.activations, {}, &Activation::merchant);
    std::ranges::sort(known.awaiting);
    return known;
  }

  std::vector<InboxStanding> inbox() override {
    close();
    open(options_);
    return outbox_->opening().inbox;
  }
  InboxErrorsPage inbox_errors(const InboxErrorsQuery& query) override {
    return std::get<InboxErrorsPage>(*ask(query));
  }

  std::vector<Job> running_jobs() override {
    close();
    open(options_);
    return outbox_->opening().jobs;
  }
  MerchantsOpening merchants() override {
    close();
    open(options_);
    const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
    std::ranges::sort(merchants_.merchants, by_name);
    std::ranges::sort(merchants_.paused, {}, &MerchantPause::merchant);
    return merchants_;
  }

  // Each with a reader of its own, which sees every commit that was answered.
  Result<QueryAnswer> ask(Query query) override {
    auto queries = SqliteQueries::open(path_, wakeup_.callback());
    REQUIRE_MESSAGE(queries.ok(), queries.error().message);
    (*queries)->start(1, std::move(query));
    std::vector<FinishedQuery> finished;
    REQUIRE(wakeup_.wait_until([&] { return !(finished = (*queries)->take_finished()).empty(); }));
    return std::move(finished.front().answer);
  }

  std::optional<NotificationRecord> show(std::int64_t id) {
    auto answer = ask(ShowQuery{{id}});
    if (!answer.ok()) return std::nullopt;
    return std::get<NotificationRecord>(std::move(*answer));
  }
  ListPage list(const ListFilter& filter) { return std::get<ListPage>(*ask(filter)); }

  SqliteOutbox& outbox() { return *outbox_; }
  Wakeup& wakeup() { return wakeup_; }

 private:
  std::string path_;
  SqliteOutboxOptions options_;
  Wakeup wakeup_;
  MerchantsOpening merchants_;
  std::unique_ptr<SqliteOutbox> outbox_;
};

// A store whose folder goes with it.
class TemporaryStore final : public conformance::Store {
 public:
  TemporaryStore() : store_(small_options(folder_.file("outbox.db"))) {}
  BatchResult run(Batch batch) override { return store_.run(std::move(batch)); }
  OutboxCounts counts() override { return store_.counts(); }
  ActivationRecord activation() override { return store_.activation(); }
  std::vector<InboxStanding> inbox() override { return store_.inbox(); }
  InboxErrorsPage inbox_errors(const InboxErrorsQuery& query) override { return store_.inbox_errors(query); }
  std::vector<Job> running_jobs() override { return store_.running_jobs(); }
  Result<QueryAnswer> ask(Query query) override { return store_.ask(std::move(query)); }
  MerchantsOpening merchants() override { return store_.merchants(); }

 private:
  TemporaryFolder folder_;
  SqliteStore store_;
};

}  // namespace ackd
