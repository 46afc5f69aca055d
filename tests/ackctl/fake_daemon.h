// The daemon as the verbs see it: a scripted HTTP server.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
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

  void put(const std::string& request, int status, const std::string& body) { answers_[request] = {status, body}; }

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
  std::string last_body() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return last_body_;
  }

 private:
  ReceiverAnswer answer(const ReceivedRequest& request) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::string line = request.method + " " + request.path + (request.query.empty() ? "" : "?" + request.query);
    asked_.push_back(line);
    changed_.notify_all();
    last_body_ = request.body;
    const auto found = answers_.find(line);
    if (found == answers_.end())
      return {404, "", R"({"title":"not_found","status":404,"detail":"there is no such"})", {}};
    return {found->second.first, "", found->second.second, {}};
  }

  std::map<std::string, std::pair<int, std::string>> answers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> asked_;
  std::string last_body_;
  std::string address_;
  Receiver server_;
};

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace ackd
