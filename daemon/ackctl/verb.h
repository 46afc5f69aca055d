// What every verb of ackctl is: it declares its options once, and runs once if it was the one asked for.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ackctl/terminal.h"
#include "base/clock.h"
#include "base/result.h"

namespace CLI {
class App;
}

namespace ackd {

// Scripts depend on these numbers.
enum class ExitCode { kOk = 0, kRefused = 1, kUsage = 2, kUnreachable = 3 };

// The options that stand before or behind any verb.
struct GlobalOptions {
  std::string socket;
  std::string config_file;
  std::string schedules_dir;
  bool json = false;
  bool no_color = false;
};

struct Session {
  const GlobalOptions& options;
  const Terminal& terminal;
  Clock& clock;
};

class Verb {
 public:
  // `command` must outlive the verb, which keeps its options in its own members.
  explicit Verb(CLI::App* command) : command_(command) {}
  virtual ~Verb() = default;
  Verb(const Verb&) = delete;
  Verb& operator=(const Verb&) = delete;

  bool asked_for() const;
  virtual ExitCode run(const Session& session) = 0;

 private:
  CLI::App* command_;
};

using Verbs = std::vector<std::unique_ptr<Verb>>;

void add_enqueue_verb(CLI::App& app, Verbs& verbs);
void add_queue_verbs(CLI::App& app, Verbs& verbs);     // ls, show, why, stats
void add_steering_verbs(CLI::App& app, Verbs& verbs);  // retry, cancel, hold, release, resend, clock confirm
void add_job_verbs(CLI::App& app, Verbs& verbs);       // job ls, show, stop, wait
void add_merchant_verbs(CLI::App& app, Verbs& verbs);  // merchant ls, show, add, set, rm, pause, import, probe ...
void add_key_verbs(CLI::App& app, Verbs& verbs);       // key ls, set, rotate, status
void add_lane_verbs(CLI::App& app, Verbs& verbs);      // lane ls, show
void add_egress_verbs(CLI::App& app, Verbs& verbs);    // egress check, ls, show
void add_inbox_verbs(CLI::App& app, Verbs& verbs);     // inbox init, status, errors, retry, drop, rewind
void add_offline_verbs(CLI::App& app, Verbs& verbs);   // explain, render
void add_config_verbs(CLI::App& app, Verbs& verbs);    // config check, config show
void add_provider_verbs(CLI::App& app, Verbs& verbs);  // provider ls, show, check, diff
void add_verify_verb(CLI::App& app, Verbs& verbs);
void add_receive_verb(CLI::App& app, Verbs& verbs);

// "fields.amount: the value ...": with the input field at fault, unless the message names it anyway. `prefix` says
// where the field stands.
std::string sentence_of(const Error& error, std::string_view prefix = {});

// Says what is wrong on standard error, after "ackctl: ", and made printable.
void complain(std::string_view message);
// complain(), and the exit code of a verb that talks to the daemon: a Client's kUnavailable and kIo are "unreachable".
ExitCode give_up(const Error& error);
// complain(), and the exit code of everything else.
ExitCode refuse(const Error& error);

// Where the daemon listens: --socket, or what the configuration file says, or the packaged daemon's socket.
Result<std::string> daemon_address(const GlobalOptions& options);

// The whole of a file, or of standard input for "-". The limit guards against a device named by mistake.
Result<std::string> read_input(const std::string& path);
inline constexpr std::size_t kInputBytesMax = 64 * 1024 * 1024;

}  // namespace ackd
