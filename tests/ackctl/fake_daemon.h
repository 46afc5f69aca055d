// The daemon as the verbs see it: a scripted HTTP server.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "ackctl/receiver.h"
#include "program.h"

namespace ackd {

// Answers by "METHOD /path?query" and remembers what was asked. Unknown paths are 404 problems.
class FakeDaemon {
 public:
  FakeDaemon() : server_([this](const ReceivedRequest& request) { return answer(request); }, [] {}) {
    const auto port = server_.start("127.0.0.1", 0);
    REQUIRE(port);
    address_ = fmt::format("http://127.0.0.1:{}", *port);
  }

  void put(const std::string& request, int status, const std::string& body) {
    const std::lock_guard<std::mutex> lock(mutex_);
    answers_[request] = {{status, body}};
  }
  // Another answer behind those that are given already; each is given once, the last one for good.
  void then(const std::string& request, int status, const std::string& body) {
    const std::lock_guard<std::mutex> lock(mutex_);
    answers_[request].push_back({status, body});
  }
  // Called in the middle of every request, while the program waits for its answer.
  void on_request(std::function<void()> call) {
    const std::lock_guard<std::mutex> lock(mutex_);
    on_request_ = std::move(call);
  }

  ProgramResult run(std::vector<std::string> arguments, const std::string& input = {}) {
    arguments.push_back("--socket");
    arguments.push_back(address_);
    return run_ackctl(arguments, input);
  }

  const std::string& address() const { return address_; }

  // Whether that was asked within ten seconds.
  bool wait_for(const std::string& request) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10),
                             [&] { return std::find(asked_.begin(), asked_.end(), request) != asked_.end(); });
  }

  std::vector<std::string> asked() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return asked_;
  }
  // These two have one for each of asked().
  std::vector<std::string> bodies() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return bodies_;
  }
  std::string last_body() { return bodies().back(); }
  std::vector<std::string> content_types() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return content_types_;
  }

 private:
  ReceiverAnswer answer(const ReceivedRequest& request) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::string line = request.method + " " + request.path + (request.query.empty() ? "" : "?" + request.query);
    asked_.push_back(line);
    bodies_.push_back(request.body);
    const std::string* content_type = find_header(request, "Content-Type");
    content_types_.push_back(content_type == nullptr ? "" : *content_type);
    if (on_request_) on_request_();
    changed_.notify_all();
    const auto found = answers_.find(line);
    if (found == answers_.end())
      return {404, "", R"({"title":"not_found","status":404,"detail":"there is no such"})", {}};
    const std::pair<int, std::string> told = found->second.front();
    if (found->second.size() > 1) found->second.pop_front();
    return {told.first, "", told.second, {}};
  }

  std::map<std::string, std::deque<std::pair<int, std::string>>> answers_;
  std::function<void()> on_request_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> asked_;
  std::vector<std::string> bodies_;
  std::vector<std::string> content_types_;
  std::string address_;
  Receiver server_;
};

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace ackd
