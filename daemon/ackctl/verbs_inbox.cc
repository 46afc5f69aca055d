// The verbs about the platform's inbox: inbox init, status, errors, retry, drop, rewind.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "ackctl/daemon_verb.h"
#include "ackctl/document.h"
#include "ackctl/inbox_errors.h"
#include "ackctl/printable.h"
#include "ackctl/story.h"
#include "ackctl/table.h"
#include "ackctl/verb.h"
#include "inbox/inbox_tables.h"

namespace ackd {
namespace {

constexpr const char* kInitNotes = R"(Examples:
  ackctl inbox init /var/lib/platform/platform.db
  ackctl inbox init --sql                       prints the statements, for a platform that keeps migrations
Makes the tables ackd_inbox and ackd_inbox_source in a new file or in a database of the platform's; what is in it
already stays as it is. The platform then inserts, in the transaction of its business:
  INSERT INTO ackd_inbox(notification) VALUES('{"provider":"...","merchant":"...","fields":{...}}');
and deletes what ackd has on record, keeping the row at the mark, by which an older copy of the file is recognised:
  DELETE FROM ackd_inbox WHERE id < MARK;
MARK is in <data_dir>/inbox.mark, and in GET /v1/inbox. It never gives an id itself, so that none is used twice.)";

constexpr const char* kRetryNotes = R"(Examples:
  ackctl inbox retry 17 18          posts what these rows say once more, say after their merchant was added
  ackctl inbox retry --all
A row that is admitted, or was before, is no error any more. Of a row of more than 16 KiB the record keeps the
beginning only: while the platform still has the row, `ackctl inbox rewind --to ROW-1` reads it again.)";

constexpr const char* kRewindNotes = R"(Examples:
  ackctl inbox rewind --to 0        reads everything again that is in the file
  ackctl inbox rewind --to 1200     reads on behind row 1200
Rows that were admitted before are duplicates by their key and are not sent again. This is also how a file is accepted
that was set back to an older copy: choose the newest row that both have, or 0.)";

class InboxInitVerb : public Verb {
 public:
  explicit InboxInitVerb(CLI::App* command) : Verb(command) {
    auto* file = command->add_option("FILE", file_, "The platform's SQLite database; made when there is none");
    command->add_flag("--sql", sql_, "Only print the statements")->excludes(file);
    command->footer(kInitNotes);
  }

  ExitCode run(const Session&) override {
    if (sql_) {
      fmt::print("{}", inbox_tables_sql());
      return ExitCode::kOk;
    }
    if (file_.empty()) {
      complain("inbox init needs a FILE, or --sql; see 'ackctl inbox init --help'");
      return ExitCode::kUsage;
    }
    const Result<InboxMade> made = make_inbox_tables(file_);
    if (!made) return refuse(made.error());
    fmt::print("{}: {}\n", printable(file_), words_of(*made));
    return ExitCode::kOk;
  }

 private:
  static const char* words_of(InboxMade made) {
    switch (made) {
      case InboxMade::kNewFile: return "made, with the inbox's tables";
      case InboxMade::kNewTables: return "the inbox's tables are made in it";
      case InboxMade::kThereAlready: break;
    }
    return "has the inbox's tables already; nothing was changed";
  }

  std::string file_;
  bool sql_ = false;
};

std::string status_text(const Document& inbox, const Terminal& terminal) {
  const std::string state = text_of(inbox, "state");
  if (state == "off") return "inbox off: none is configured\n";
  const Ink ink = state == "reading" ? Ink::kGood : state == "waiting" ? Ink::kWaiting : Ink::kBad;
  std::string out = fmt::format("inbox {}  {}\n", printable(text_of(inbox, "source")), terminal.paint(ink, state));
  const std::string identity = text_of(inbox, "identity");
  out += fmt::format("identity  {}\n", identity.empty() ? "not read yet" : printable(identity));
  out += fmt::format("mark      {}, newest {}, {} behind\n", number_of(inbox, "mark"), number_of(inbox, "newest"),
                     number_of(inbox, "behind"));
  out += fmt::format("errors    {}\n", number_of(inbox, "errors"));
  const std::string trouble = text_of(inbox, "trouble");
  if (!trouble.empty()) out += fmt::format("trouble   {}\n", printable(trouble));
  return out;
}

class InboxStatusVerb : public DaemonVerb {
 public:
  using DaemonVerb::DaemonVerb;

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    const Result<Document> inbox = read_inbox_answer(client.get("/v1/inbox"));
    if (!inbox) return give_up(inbox.error());
    fmt::print("{}", session.options.json ? to_line(*inbox) + "\n" : status_text(*inbox, session.terminal));
    return ExitCode::kOk;
  }
};

class InboxErrorsVerb : public DaemonVerb {
 public:
  using DaemonVerb::DaemonVerb;

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    Table table({"ROW", "AT", "CODE", "FIELD", "REASON", "SOURCE"}, session.terminal);
    for (InboxErrorPages pages(client); !pages.ended();) {
      const auto page = pages.next();
      if (!page) return give_up(page.error());
      for (const Document& error : *page) {
        if (session.options.json) {
          fmt::print("{}\n", to_line(error));
          continue;
        }
        table.add({text_of(error, "row"), shown_time(text_of(error, "at")).substr(0, 19), text_of(error, "code"),
                   text_of(error, "field"), text_of(error, "reason"), text_of(error, "source")});
      }
      fmt::print("{}", table.take());
    }
    return ExitCode::kOk;
  }
};

// retry and drop: something done to each selected error, which ends it.
class InboxErrorVerb : public DaemonVerb {
 public:
  explicit InboxErrorVerb(CLI::App* command) : DaemonVerb(command) {
    auto* rows = command->add_option("ROW", selection_.rows, "Rows of the inbox; SOURCE/ROW of another file");
    command->add_flag("--all", selection_.all, "Every row that is an error")->excludes(rows);
  }

 protected:
  // What there is to say about a row that may be ended.
  virtual Result<std::string> settle(const Document& error, Client& client) = 0;

 private:
  ExitCode run_with(Client& client, const Session&) override {
    if (selection_.rows.empty() && !selection_.all) {
      complain("name rows, or --all");
      return ExitCode::kUsage;
    }
    const auto errors = find_inbox_errors(selection_, client);
    if (!errors) return give_up(errors.error());
    ExitCode code = ExitCode::kOk;
    for (const Document& error : *errors) {
      const Result<std::string> ended = end(error, client);
      if (ended) {
        fmt::print("{}  {}\n", printable(text_of(error, "row")), printable(*ended));
        continue;
      }
      const ExitCode failed =
          give_up({ended.error().code, fmt::format("row {}: {}", text_of(error, "row"), ended.error().message), {}});
      if (failed == ExitCode::kUnreachable) return failed;
      code = failed;
    }
    return code;
  }

  Result<std::string> end(const Document& error, Client& client) {
    Result<std::string> settled = settle(error, client);
    if (!settled) return settled;
    const Result<Document> dropped = read_inbox_answer(client.remove(
        fmt::format("/v1/inbox/errors/{}/{}", client.escaped(text_of(error, "source")), number_of(error, "row"))));
    if (!dropped) return dropped.error();
    return settled;
  }

  InboxErrorSelection selection_;
};

class InboxRetryVerb : public InboxErrorVerb {
 public:
  explicit InboxRetryVerb(CLI::App* command) : InboxErrorVerb(command) { command->footer(kRetryNotes); }

 private:
  Result<std::string> settle(const Document& error, Client& client) override {
    if (flag_of(error, "cut")) {
      return Error{ErrorCode::kTooLarge,
                   fmt::format("its text has {} bytes, of which the record keeps the beginning only; while the "
                               "platform still has the row, 'ackctl inbox rewind --to {}' reads it again",
                               number_of(error, "text_bytes"), number_of(error, "row") - 1),
                   {}};
    }
    const Result<Document> posted = read_inbox_answer(client.post("/v1/notifications", text_of(error, "text")));
    if (!posted) return posted.error();
    const char* note = flag_of(*posted, "duplicate") ? "was recorded before as" : "is recorded as";
    return fmt::format("{} {}, {}", note, text_of(*posted, "id"), text_of(*posted, "state"));
  }
};

class InboxDropVerb : public InboxErrorVerb {
 public:
  using InboxErrorVerb::InboxErrorVerb;

 private:
  Result<std::string> settle(const Document&, Client&) override { return std::string("dropped"); }
};

class InboxRewindVerb : public DaemonVerb {
 public:
  explicit InboxRewindVerb(CLI::App* command) : DaemonVerb(command) {
    command->add_option("--to", to_, "Read on behind this row; 0 for all rows")
        ->required()
        ->check(CLI::NonNegativeNumber);
    command->footer(kRewindNotes);
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    const Document wish{{"to", to_}};
    const Result<Document> inbox = read_inbox_answer(client.post("/v1/inbox/rewind", wish.dump()));
    if (!inbox) return give_up(inbox.error());
    fmt::print("{}", session.options.json ? to_line(*inbox) + "\n" : fmt::format("read again behind row {}\n", to_));
    return ExitCode::kOk;
  }

  std::int64_t to_ = 0;
};

}  // namespace

void add_inbox_verbs(CLI::App& app, Verbs& verbs) {
  auto* inbox = app.add_subcommand("inbox", "The platform's own database, from which ackd admits notifications");
  inbox->require_subcommand(1);
  verbs.push_back(
      std::make_unique<InboxInitVerb>(inbox->add_subcommand("init", "Make the inbox's tables in a SQLite file")));
  verbs.push_back(std::make_unique<InboxStatusVerb>(
      inbox->add_subcommand("status", "How far it was read, and what keeps it from being read")));
  verbs.push_back(
      std::make_unique<InboxErrorsVerb>(inbox->add_subcommand("errors", "Rows that could not be admitted, and why")));
  verbs.push_back(std::make_unique<InboxRetryVerb>(
      inbox->add_subcommand("retry", "Post what such rows say once more; what is admitted is no error any more")));
  verbs.push_back(std::make_unique<InboxDropVerb>(
      inbox->add_subcommand("drop", "Take rows off the list of errors without admitting them")));
  verbs.push_back(std::make_unique<InboxRewindVerb>(
      inbox->add_subcommand("rewind", "Read rows again; accepts a file that was set back to an older copy")));
}

}  // namespace ackd
