// Which notifications a verb is about: ids on the command line, ids from standard input, or everything of one order.
#pragma once

#include <functional>
#include <istream>
#include <string>
#include <vector>

#include "ackctl/client.h"
#include "ackctl/verb.h"
#include "base/result.h"
#include "model/ids.h"

namespace ackd {

// As given; the members are bound to options by declare_selection().
struct Selection {
  std::vector<std::string> ids;  // "-" stands for standard input
  std::string order;
};

// Nothing was named at all: a mistake of usage, never "everything".
bool is_empty(const Selection& selection);

// Declares the positional ID... and --order (--subject) on `command`.
void declare_selection(CLI::App& command, Selection& selection);

// One id a line, or one JSON object with an "id" a line, as `ackctl ls --json` writes them. Blank lines are skipped.
Result<std::vector<NotificationId>> read_ids(std::istream& lines);

// The ids in the order given, those of the order last, newest first. Asks the daemon only for --order. An order that
// has no notification is kNotFound; more than kSelectionMax ids are kTooLarge.
Result<std::vector<NotificationId>> resolve(const Selection& selection, Client& client, std::istream& input);
inline constexpr std::size_t kSelectionMax = 100'000;

// One refusal does not keep the others from being done; it shows in the exit code. A daemon that cannot be reached ends
// it.
ExitCode do_each(const std::vector<NotificationId>& ids, const std::function<ExitCode(NotificationId)>& do_one);

// A verb that does one thing to each selected notification.
class SelectionVerb : public Verb {
 public:
  explicit SelectionVerb(CLI::App* command);
  ExitCode run(const Session& session) final;

 protected:
  // Before the first of `count`.
  virtual void begin(std::size_t count, const Session& session);
  virtual ExitCode do_one(NotificationId id, Client& client, const Session& session) = 0;
  const std::string& order() const { return selection_.order; }

 private:
  Selection selection_;
};

// give_up() for an error of resolve(): words that are no ids are a mistake of usage.
ExitCode give_up_selection(const Error& error);

}  // namespace ackd
