// A name server on loopback UDP that answers from a table, or not at all.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "scripted_server.h"

namespace ackd::test {

class ScriptedDns {
 public:
  using Names = std::map<std::string, std::vector<std::string>>;  // name to IPv4 addresses
  static constexpr const char* kNoAnswer = "";                    // in place of an address: silence about this name
  enum class Mode { kAnswers, kSilent, kServfail };

  explicit ScriptedDns(Names names, Mode mode = Mode::kAnswers) : names_(std::move(names)), mode_(mode) {
    fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback("127.0.0.1", 0);
    bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    servers_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }

  ~ScriptedDns() {
    stopping_ = true;
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    close(fd_);
  }

  const std::string& servers() const { return servers_; }
  int questions() const { return questions_; }  // of type A

 private:
  void serve() {
    while (!stopping_) {
      char query[512];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got = recvfrom(fd_, query, sizeof query, 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got <= 12 || stopping_) continue;
      const std::string answer = answer_to({query, static_cast<std::size_t>(got)});
      if (mode_ != Mode::kSilent && !answer.empty()) {
        sendto(fd_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
      }
    }
  }

  // RFC 1035: header, the question as it came, then address records that point back at its name.
  std::string answer_to(const std::string& query) {
    std::string name;
    std::size_t at = 12;
    while (at < query.size() && query[at] != 0) {
      const auto length = static_cast<std::size_t>(query[at]);
      if (!name.empty()) name += '.';
      name += query.substr(at + 1, length);
      at += length + 1;
    }
    const bool is_a = query[at + 2] == 1;
    if (is_a) questions_ += 1;
    const auto found = names_.find(name);
    const bool known = found != names_.end();
    if (known && found->second == std::vector<std::string>{kNoAnswer}) return {};
    const std::vector<std::string> addresses = known && is_a ? found->second : std::vector<std::string>{};
    std::string out = query.substr(0, 2);
    const int code = mode_ == Mode::kServfail ? 2 : (known ? 0 : 3);
    out += {'\x81', static_cast<char>(0x80 | code), 0, 1, 0, static_cast<char>(addresses.size()), 0, 0, 0, 0};
    out += query.substr(12, at + 5 - 12);
    for (const std::string& address : addresses) {
      out += {'\xc0', 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4};
      in_addr v4{};
      inet_pton(AF_INET, address.c_str(), &v4);
      out.append(reinterpret_cast<const char*>(&v4), 4);
    }
    return out;
  }

  Names names_;
  Mode mode_;
  int fd_ = -1;
  std::string servers_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> questions_{0};
  std::thread thread_;
};

}  // namespace ackd::test
