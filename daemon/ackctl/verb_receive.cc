// ackctl receive: a merchant to try against.
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <optional>
#include <utility>

#include "ackctl/answer_script.h"
#include "ackctl/configuration.h"
#include "ackctl/document.h"
#include "ackctl/given_merchant.h"
#include "ackctl/printable.h"
#include "ackctl/received.h"
#include "ackctl/receiver.h"
#include "ackctl/stop_signals.h"
#include "ackctl/story.h"
#include "ackctl/verb.h"
#include "base/time.h"
#include "base/unique_fd.h"
#include "policy/excerpt.h"

namespace ackd {
namespace {

constexpr const char* kExamples = R"(Examples:
  ackctl receive --port 8080 --answer fail,500,OK            first "fail", then status 500, then "OK" for ever
  ackctl receive --port 8080 --answer OK --provider PROVIDER --key-file KEYFILE     verifies signatures
  ackctl receive --port 8080 --answer OK --provider PROVIDER --public-key platform.pem
  ackctl receive --port 8080 --answer 'ok,OK\n,\xEF\xBB\xBFOK,OK' --config config.yaml
  ackctl receive --port 0 --answer '503:busy,success' --delay 3s --count 2
Each notification has its own turn in the list. Ends on Ctrl-C or SIGTERM with a summary.)";

struct ReceiveOptions {
  std::uint16_t port = 0;
  std::string host = "127.0.0.1";
  std::string answer = "OK";
  std::string provider;
  GivenMerchant given;
  std::string delay = "0s";
  std::string charset;
  std::uint64_t count = 0;
  bool quiet = false;
};

struct Tally {
  std::uint64_t requests = 0;
  std::array<std::uint64_t, 3> by_verdict{};
  std::uint64_t of(SignatureVerdict verdict) const { return by_verdict[static_cast<std::size_t>(verdict)]; }
};

// The merchant's state, shared by the receiver's threads.
class Merchants {
 public:
  Merchants(std::vector<KnownMerchant> known, AnswerScript script, const ReceiveOptions& options, Duration delay,
            const Session& session)
      : known_(std::move(known)), turns_(std::move(script)), options_(options), delay_(delay), session_(session) {}

  ReceiverAnswer on_request(const ReceivedRequest& request) {
    const Reading reading = read_request(known_, request);
    const std::lock_guard<std::mutex> lock(mutex_);
    const AnswerTurns::Turn turn = turns_.next(reading.identity);
    ++tally_.requests;
    ++tally_.by_verdict[static_cast<std::size_t>(reading.signature)];
    if (!options_.quiet) print(request, reading, turn);
    return {turn.answer.status, content_type(), turn.answer.body, delay_};
  }

  void print_summary() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (session_.options.json) {
      print_line({{"event", "summary"},
                  {"requests", tally_.requests},
                  {"notifications", turns_.notifications()},
                  {"signatures_ok", tally_.of(SignatureVerdict::kOk)},
                  {"signatures_wrong", tally_.of(SignatureVerdict::kWrong)},
                  {"signatures_unchecked", tally_.of(SignatureVerdict::kUnchecked)}});
      return;
    }
    fmt::print("requests: {}, notifications: {}; signatures: {} ok, {} wrong, {} unchecked\n", tally_.requests,
               turns_.notifications(), tally_.of(SignatureVerdict::kOk), tally_.of(SignatureVerdict::kWrong),
               tally_.of(SignatureVerdict::kUnchecked));
    std::fflush(stdout);
  }

 private:
  std::string content_type() const {
    return "text/html; charset=" + (options_.charset.empty() ? std::string("utf-8") : options_.charset);
  }

  static void print_line(const Document& document) {
    fmt::print("{}\n", to_line(document));
    // Scripts read line by line while the receiver runs.
    std::fflush(stdout);
  }

  void print(const ReceivedRequest& request, const Reading& reading, const AnswerTurns::Turn& turn) {
    const std::string at = format_rfc3339(session_.clock.now().wall.ms);
    if (session_.options.json) {
      print_line({{"event", "request"},
                  {"at", at},
                  {"method", request.method},
                  {"path", request.path},
                  {"query", request.query},
                  {"body", request.body},
                  {"provider", reading.provider},
                  {"merchant", reading.merchant},
                  {"subject", reading.subject},
                  {"signature", reading.signature == SignatureVerdict::kWrong ? "wrong" : name_of(reading.signature)},
                  {"why", reading.why},
                  {"turn", turn.number},
                  {"answer", {{"status", turn.answer.status}, {"body", turn.answer.body}}}});
      return;
    }
    std::string line = fmt::format("{}  {} {}", shown_time(at).substr(11), request.method, printable(request.path));
    if (!reading.subject.empty()) line += "  order " + printable(reading.subject);
    line += "  signature " + session_.terminal.paint_state(name_of(reading.signature));
    if (!reading.why.empty()) line += " (" + printable(reading.why) + ")";
    fmt::print("{}  -> {} {}\n", line, turn.answer.status, printable(quoted_excerpt(turn.answer.body, 60)));
    std::fflush(stdout);
  }

  const std::vector<KnownMerchant> known_;
  std::mutex mutex_;
  AnswerTurns turns_;
  Tally tally_;
  const ReceiveOptions& options_;
  const Duration delay_;
  const Session& session_;
};

// Returns at a stop signal, or when `count` answers (0 for any number) were counted on `answered`.
void wait_for_end(const StopSignals& signals, const UniqueFd& answered, std::uint64_t count) {
  std::uint64_t seen = 0;
  std::array<pollfd, 2> both{{{signals.fd(), POLLIN, 0}, {answered.get(), POLLIN, 0}}};
  while (count == 0 || seen < count) {
    if (::poll(both.data(), both.size(), -1) < 0) continue;
    if ((both[0].revents & POLLIN) != 0) return;
    std::uint64_t more = 0;
    if ((both[1].revents & POLLIN) != 0 && ::read(answered.get(), &more, sizeof more) == sizeof more) seen += more;
  }
}

class ReceiveVerb : public Verb {
 public:
  explicit ReceiveVerb(CLI::App* command) : Verb(command) {
    command->add_option("--port", options_.port, "Port to listen on; 0 lets the system choose")->required();
    command->add_option("--host", options_.host, "Address to listen on")->capture_default_str();
    command->add_option("--answer", options_.answer, "Answers in turn: text, status, or status:text; the last repeats")
        ->capture_default_str();
    command->add_option("--provider", options_.provider, "Verify signatures of this provider");
    declare_given_merchant(*command, options_.given);
    command->add_option("--delay", options_.delay, "Wait so long before each answer: 200ms, 3s")->capture_default_str();
    command->add_option("--charset", options_.charset, "Answer in this charset, such as gbk");
    command->add_option("--count", options_.count, "End after so many answers");
    command->add_flag("--quiet", options_.quiet, "Only the summary");
    command->footer(kExamples);
  }

  ExitCode run(const Session& session) override {
    auto script = parse_answer_script(options_.answer, options_.charset);
    if (!script) return usage("--answer: " + script.error().message);
    const auto delay = parse_duration(options_.delay);
    if (!delay) return usage("--delay: " + delay.error().message);
    std::vector<Profile> profiles;
    auto known = known_merchants(session.options, profiles);
    if (!known) return known.error().code == ErrorCode::kInvalid ? usage(known.error().message) : refuse(known.error());
    Merchants merchants(*std::move(known), *std::move(script), options_, *delay, session);
    return serve(merchants, session);
  }

 private:
  static ExitCode usage(const std::string& message) {
    complain(message);
    return ExitCode::kUsage;
  }

  // `profiles` keeps what the merchants point to.
  Result<std::vector<KnownMerchant>> known_merchants(const GlobalOptions& global,
                                                     std::vector<Profile>& profiles) const {
    const GivenMerchant& given = options_.given;
    const bool has_key = !given.key_file.empty() || !given.public_key_file.empty();
    if (options_.provider.empty()) {
      if (has_key || !given.options.empty()) return invalid("--key-file, --public-key and --option need --provider");
      if (global.config_file.empty()) return std::vector<KnownMerchant>{};
      return merchants_of_config(global, profiles);
    }
    const bool in_config = !global.config_file.empty() && !given.id.empty();
    if (!has_key && !in_config)
      return invalid("--provider needs --key-file or --public-key, or --config and --merchant");
    auto protocol = read_given(global, options_.provider, given);
    if (!protocol) return protocol.error();
    profiles.push_back(std::move(protocol->profile));
    return std::vector<KnownMerchant>{
        {&profiles.back(), std::move(protocol->merchant), "", std::move(protocol->public_key)}};
  }

  ExitCode serve(Merchants& merchants, const Session& session) const {
    const StopSignals signals;
    const UniqueFd answered(eventfd(0, EFD_CLOEXEC));
    const auto count_one = [&answered] {
      const std::uint64_t one = 1;
      if (::write(answered.get(), &one, sizeof one) < 0) complain("an answer could not be counted");
    };
    {
      Receiver receiver([&](const ReceivedRequest& request) { return merchants.on_request(request); }, count_one);
      const auto port = receiver.start(options_.host, options_.port);
      if (!port) return refuse(port.error());
      announce(*port, session);
      wait_for_end(signals, answered, options_.count);
    }
    merchants.print_summary();
    return ExitCode::kOk;
  }

  void announce(std::uint16_t port, const Session& session) const {
    const bool is_v6 = options_.host.find(':') != std::string::npos;
    const std::string address = fmt::format(fmt::runtime(is_v6 ? "[{}]:{}" : "{}:{}"), options_.host, port);
    if (session.options.json) {
      fmt::print("{}\n", to_line({{"event", "listening"}, {"address", address}, {"port", port}}));
    } else {
      fmt::print("listening on {}\n", address);
    }
    std::fflush(stdout);
  }

  ReceiveOptions options_;
};

}  // namespace

void add_receive_verb(CLI::App& app, Verbs& verbs) {
  auto* receive = app.add_subcommand("receive", "A merchant to try against: answers as told, verifies signatures");
  verbs.push_back(std::make_unique<ReceiveVerb>(receive));
}

}  // namespace ackd
