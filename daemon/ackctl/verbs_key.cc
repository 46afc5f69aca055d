// The verbs about keys that are no merchant's own: key ls, set, rotate, status.
#include <fmt/format.h>
#include <poll.h>

#include <CLI/CLI.hpp>

#include "ackctl/daemon_answer.h"
#include "ackctl/daemon_verb.h"
#include "ackctl/given_keys.h"
#include "ackctl/merchant_verb.h"
#include "ackctl/printable.h"
#include "ackctl/progress_line.h"
#include "ackctl/table.h"

namespace ackd {
namespace {

// Keys are sealed again a slice a batch; a tenth of a second is a few batches.
constexpr int kAskAgainMs = 100;

constexpr const char* kListExamples = R"(Examples:
  ackctl key ls
  ackctl key ls PROVIDER --json
The keys that all merchants of a provider share, by id; what a merchant's own keys leave out is taken from them.)";

constexpr const char* kSetExamples = R"(Examples:
  ackctl key set PROVIDER --private-key-file platform-2026=platform.pem
  ackctl key set PROVIDER --add-private-key platform-2027=new.pem     signs from now on; the first so far stays second
  ackctl key set PROVIDER --drop-key platform-2026                    ends the rotation; dropping the last removes all
A key file belongs to its owner alone (chmod 600). Without ID= a key has its file's name.)";

constexpr const char* kRotateExamples = R"(Examples:
  ackctl key rotate
  ackctl key rotate --no-wait && ackctl key status
Makes a new master key and seals every key of the record again under it, a slice at a time while notifications are sent;
the old one is dropped when nothing is left under it. With a master key from a systemd credential: put the new one in
front of the credential's list and restart ackd first. Interrupting this command does not stop the work, nor does a
restart of ackd.)";

class KeyListVerb : public DaemonVerb {
 public:
  explicit KeyListVerb(CLI::App* command) : DaemonVerb(command) {
    command->add_option("PROVIDER", provider_, "Only this provider");
    command->footer(kListExamples);
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    const Result<std::vector<std::string>> providers = wanted(client);
    if (!providers) return give_up(providers.error());
    Table table({"PROVIDER", "KEY", "PARTS"}, session.terminal);
    bool is_empty = true;
    for (const std::string& provider : *providers) {
      const Result<Document> shared =
          document_of(client.get(fmt::format("/v1/providers/{}/keys", client.escaped(provider))));
      if (!shared) return give_up(shared.error());
      const Document keys = part_of(*shared, "keys");
      if (session.options.json && (!keys.empty() || !provider_.empty())) fmt::print("{}\n", to_line(*shared));
      for (const Document& key : keys) table.add({provider, text_of(key, "id"), part_words(key)});
      is_empty = is_empty && keys.empty();
    }
    if (session.options.json) return ExitCode::kOk;
    if (is_empty) fmt::print(stderr, "ackctl: there is no shared key\n");
    if (!is_empty) fmt::print("{}", table.take());
    return ExitCode::kOk;
  }

  Result<std::vector<std::string>> wanted(Client& client) const {
    if (!provider_.empty()) return std::vector<std::string>{provider_};
    const Result<Document> known = document_of(client.get("/v1/providers"));
    if (!known) return known.error();
    std::vector<std::string> providers;
    for (const Document& provider : part_of(*known, "providers")) providers.push_back(text_of(provider, "id"));
    return providers;
  }

  std::string provider_;
};

class KeySetVerb : public DaemonVerb {
 public:
  explicit KeySetVerb(CLI::App* command) : DaemonVerb(command) {
    command->add_option("PROVIDER", provider_, "The provider whose merchants share the keys")->required();
    declare_key_changes(*command, keys_);
    command->footer(kSetExamples);
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    if (keys_.is_empty()) {
      complain("no key is named; see 'ackctl key set --help'");
      return ExitCode::kUsage;
    }
    const std::string path = fmt::format("/v1/providers/{}/keys", client.escaped(provider_));
    Document present = Document::array();
    if (keys_.rotates()) {
      const Result<Document> shared = document_of(client.get(path));
      if (!shared) return give_up(shared.error());
      present = part_of(*shared, "keys");
    }
    Result<Document> keys = keys_of(keys_, present);
    if (!keys) return refuse(keys.error());
    const Result<Document> done = document_of(client.put(path, Document{{"keys", *std::move(keys)}}.dump()));
    if (!done) return give_up(done.error());
    const std::string words = key_words(part_of(*done, "keys"));
    fmt::print("{}\n", session.options.json
                           ? to_line(*done)
                           : printable(fmt::format("keys of {}: {}", provider_, words.empty() ? "none" : words)));
    return ExitCode::kOk;
  }

  std::string provider_;
  GivenKeys keys_;
};

void print_status(const Document& status, const Session& session) {
  if (session.options.json) {
    fmt::print("{}\n", to_line(status));
    return;
  }
  fmt::print("master key        {} (from a {})\n", printable(text_of(status, "master_key")),
             printable(text_of(status, "source")));
  fmt::print("sealed keys       {}\n", number_of(status, "sealed"));
  fmt::print("under older keys  {}{}\n", number_of(status, "sealed_with_older"),
             flag_of(status, "rotating") ? ", being sealed again" : "");
}

class KeyStatusVerb : public DaemonVerb {
 public:
  using DaemonVerb::DaemonVerb;

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    const Result<Document> status = document_of(client.get("/v1/keys"));
    if (!status) return give_up(status.error());
    print_status(*status, session);
    return ExitCode::kOk;
  }
};

class KeyRotateVerb : public DaemonVerb {
 public:
  explicit KeyRotateVerb(CLI::App* command) : DaemonVerb(command) {
    command->add_flag("--no-wait", no_wait_, "Only begin; `ackctl key status` tells how far it is");
    command->footer(kRotateExamples);
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    Result<Document> status = document_of(client.post("/v1/keys/rotate", ""));
    if (status && !no_wait_) status = wait(*std::move(status), client);
    if (!status) return give_up(status.error());
    print_status(*status, session);
    if (no_wait_ || number_of(*status, "sealed_with_older") == 0) return ExitCode::kOk;
    complain("ackd has stopped sealing before all keys were done; its log says why");
    return ExitCode::kRefused;
  }

  static Result<Document> wait(Document status, Client& client) {
    ProgressLine progress(wants_progress());
    while (flag_of(status, "rotating")) {
      const std::int64_t all = number_of(status, "sealed");
      progress.show(fmt::format("{} of {} keys sealed again", all - number_of(status, "sealed_with_older"), all));
      ::poll(nullptr, 0, kAskAgainMs);
      Result<Document> next = document_of(client.get("/v1/keys"));
      if (!next) return next;
      status = *std::move(next);
    }
    return status;
  }

  bool no_wait_ = false;
};

}  // namespace

void add_key_verbs(CLI::App& app, Verbs& verbs) {
  auto* key = app.add_subcommand("key", "Keys that merchants share, and the master key that seals all keys");
  key->require_subcommand(1);
  verbs.push_back(std::make_unique<KeyListVerb>(key->add_subcommand("ls", "The shared keys of providers")));
  verbs.push_back(std::make_unique<KeySetVerb>(key->add_subcommand("set", "Give a provider shared keys; rotate them")));
  verbs.push_back(
      std::make_unique<KeyRotateVerb>(key->add_subcommand("rotate", "Seal every key under a new master key")));
  verbs.push_back(
      std::make_unique<KeyStatusVerb>(key->add_subcommand("status", "The master key, and how much it seals")));
}

}  // namespace ackd
