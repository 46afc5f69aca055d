// The verbs that change merchants: merchant add, set, rm, pause, resume.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "ackctl/daemon_answer.h"
#include "ackctl/given_keys.h"
#include "ackctl/given_merchant.h"
#include "ackctl/merchant_verb.h"
#include "ackctl/printable.h"
#include "ackctl/prompt.h"

namespace ackd {
namespace {

constexpr const char* kAddExamples = R"(Examples:
  ackctl merchant add PROVIDER 499800 --url https://shop.example/notify --key-file keys/499800-2026
  ackctl merchant add PROVIDER 499800 --url https://shop.example/notify --key k1=-      asks for the key
  ackctl merchant add PROVIDER app-7 --key-file v3=apiv3.key --private-key-file v3=platform.pem
  ackctl merchant add PROVIDER m-1 --host shop.example --host pay.shop.example      each notification brings its URL
A key file belongs to its owner alone (chmod 600). Without ID= a key has its file's name.
Where the provider asks for activation, the URL is probed at once.)";

constexpr const char* kSetExamples = R"(Examples:
  ackctl merchant set PROVIDER 499800 --url https://new.example/notify
  ackctl merchant set PROVIDER 499800 --option charset=gbk --unset-option ack_trim
  ackctl merchant set PROVIDER 499800 --add-key keys/499800-2027    signs from now on; the key so far is kept second
  ackctl merchant set PROVIDER 499800 --drop-key 499800-2026        ends the rotation
Changes only what is named, also for notifications that are pending; their order and timetable stay.)";

constexpr const char* kRemoveExamples = R"(Examples:
  ackctl merchant rm PROVIDER 499800
  ackctl merchant rm PROVIDER 499800 --yes      without a question
What is still pending is held as it comes due; a merchant of the same name made later takes it over.)";

constexpr const char* kPauseExamples = R"(Examples:
  ackctl merchant pause PROVIDER 499800 --reason "moves to a new server on Sunday"
  ackctl merchant pause PROVIDER 499800 --for 2h       goes on by itself then, also after a restart
  ackctl merchant pause PROVIDER 499800 --until 2026-03-01T06:00:00Z
  ackctl merchant resume PROVIDER 499800
While it is paused nothing is sent to the merchant; notifications are taken in and wait.)";

// What `add` and `set` have in common.
struct GivenDetails {
  std::string url;
  std::vector<std::string> hosts;
  std::optional<std::string> contact;
  std::vector<std::string> options;  // "name=value"
};

struct DetailOptions {
  CLI::Option* url;
  CLI::Option* hosts;
};

DetailOptions declare_details(CLI::App& command, GivenDetails& given) {
  DetailOptions declared{};
  declared.url = command.add_option("--url", given.url, "Where its notifications go");
  declared.hosts =
      command
          .add_option("--host", given.hosts,
                      "A host name that a notification's own URL may name; repeat for each. None: any host")
          ->allow_extra_args(false);
  command.add_option("--contact", given.contact, "Who answers for it, as text for people");
  command
      .add_option("--option", given.options, "What the provider lets a merchant choose, name=value; repeat for each")
      ->allow_extra_args(false);
  return declared;
}

Status put_options(const std::vector<std::string>& pairs, Document& options) {
  for (const std::string& pair : pairs) {
    const Result<Field> option = read_pair(pair, "--option");
    if (!option) return option.error();
    options[option->name] = option->value;
  }
  return Done{};
}

// Text from the command line may be of any bytes; the daemon refuses what is not UTF-8 less clearly. Keys are checked
// as they are read.
std::string body_of(const Document& document) {
  return document.dump(-1, ' ', false, Document::error_handler_t::replace);
}

ExitCode misused(std::string_view message) {
  complain(message);
  return ExitCode::kUsage;
}

class AddVerb : public MerchantVerb {
 public:
  explicit AddVerb(CLI::App* command) : MerchantVerb(command) {
    declare_details(*command, given_);
    declare_keys(*command, keys_);
    command->footer(kAddExamples);
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    Document merchant = Document::object();
    if (!given_.url.empty()) merchant["url"] = given_.url;
    if (!given_.hosts.empty()) merchant["hosts"] = given_.hosts;
    if (given_.contact) merchant["contact"] = *given_.contact;
    Document options = Document::object();
    if (const Status put = put_options(given_.options, options); !put) return misused(put.error().message);
    if (!options.empty()) merchant["options"] = std::move(options);
    if (!keys_.is_empty()) {
      Result<Document> keys = keys_of(keys_, Document::array());
      if (!keys) return refuse(keys.error());
      merchant["keys"] = *std::move(keys);
    }
    // It must not be there yet: a mistyped id would otherwise replace another merchant.
    merchant["version"] = 0;
    const Result<Document> made = document_of(client.put(path(client), body_of(merchant)));
    if (made) {
      print_merchant(*made, session);
      return ExitCode::kOk;
    }
    const ExitCode code = give_up(made.error());
    if (made.error().code == ErrorCode::kConflict) complain("`ackctl merchant set` changes a merchant that is there");
    return code;
  }

  GivenDetails given_;
  GivenKeys keys_;
};

class SetVerb : public MerchantVerb {
 public:
  explicit SetVerb(CLI::App* command) : MerchantVerb(command) {
    const DetailOptions declared = declare_details(*command, given_);
    command->add_flag("--no-url", no_url_, "Each notification brings its own URL")->excludes(declared.url);
    command->add_flag("--no-hosts", no_hosts_, "A notification's own URL may name any host")->excludes(declared.hosts);
    command->add_option("--unset-option", unset_options_, "Back to the provider's default; repeat for each")
        ->allow_extra_args(false);
    declare_key_changes(*command, keys_);
    command->footer(kSetExamples);
  }

 private:
  bool names_nothing() const {
    const bool url_or_hosts = !given_.url.empty() || no_url_ || !given_.hosts.empty() || no_hosts_;
    const bool texts = given_.contact || !given_.options.empty() || !unset_options_.empty();
    return !url_or_hosts && !texts && keys_.is_empty();
  }

  ExitCode run_with(Client& client, const Session& session) override {
    if (names_nothing()) return misused("nothing to set is named; see 'ackctl merchant set --help'");
    Document options = Document::object();
    if (const Status put = put_options(given_.options, options); !put) return misused(put.error().message);
    const Result<Document> present = document_of(client.get(path(client)));
    if (!present) return give_up(present.error());
    const Result<Document> wanted = changed(*present, options);
    if (!wanted) return refuse(wanted.error());
    const Result<Document> done = document_of(client.put(path(client), body_of(*wanted)));
    if (done) {
      print_merchant(*done, session);
      return ExitCode::kOk;
    }
    const ExitCode code = give_up(done.error());
    // A merchant of the configuration file conflicts too, and repeating would not help there.
    if (done.error().code == ErrorCode::kConflict && text_of(*present, "source") == "record") {
      complain(
          fmt::format("{} was changed by somebody else in this moment, and not by this command; look at it with "
                      "'ackctl merchant show' and repeat",
                      name()));
    }
    return code;
  }

  // The whole merchant as it is to be: the API replaces, so what is not named is sent as it was.
  Result<Document> changed(const Document& present, const Document& options) const {
    Document merchant{{"url", text_of(present, "url")},
                      {"hosts", part_of(present, "hosts")},
                      {"contact", text_of(present, "contact")},
                      {"options", Document::object()}};
    if (!given_.url.empty() || no_url_) merchant["url"] = given_.url;
    if (!given_.hosts.empty() || no_hosts_) merchant["hosts"] = given_.hosts;
    if (given_.contact) merchant["contact"] = *given_.contact;
    Result<Document> changed_options = with_options(part_of(present, "options"), options);
    if (!changed_options) return changed_options;
    merchant["options"] = *std::move(changed_options);
    if (!keys_.is_empty()) {
      Result<Document> keys = keys_of(keys_, part_of(present, "keys"));
      if (!keys) return keys;
      merchant["keys"] = *std::move(keys);
    }
    merchant["version"] = number_of(present, "version");
    return merchant;
  }

  Result<Document> with_options(const Document& present, const Document& named) const {
    // part_of() makes a list of what is missing.
    Document options = present.is_object() ? present : Document::object();
    for (const std::string& option : unset_options_) {
      if (options.erase(option) > 0) continue;
      return Error{ErrorCode::kNotFound, fmt::format("{} has no option '{}' to unset", name(), option), {}};
    }
    for (const auto& [option, value] : named.items()) options[option] = value;
    return options;
  }

  GivenDetails given_;
  GivenKeys keys_;
  std::vector<std::string> unset_options_;
  bool no_url_ = false;
  bool no_hosts_ = false;
};

class RemoveVerb : public MerchantVerb {
 public:
  explicit RemoveVerb(CLI::App* command) : MerchantVerb(command) {
    command->add_flag("--yes", yes_, "Without asking");
    command->footer(kRemoveExamples);
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    if (yes_) return remove("", client, session);
    if (!can_ask()) return misused("'merchant rm' asks before it removes, and there is no terminal here; write --yes");
    const Result<Document> present = document_of(client.get(path(client)));
    if (!present) return give_up(present.error());
    const std::string url = text_of(*present, "url");
    if (!confirmed(fmt::format("Remove merchant {}{}? What is still pending will be held as it comes due.", name(),
                               url.empty() ? "" : " (" + url + ")"))) {
      complain(fmt::format("{} stays", name()));
      return ExitCode::kRefused;
    }
    // What was shown is what goes.
    return remove(fmt::format("?version={}", number_of(*present, "version")), client, session);
  }

  ExitCode remove(const std::string& condition, Client& client, const Session& session) const {
    const Result<Document> removed = document_of(client.remove(path(client) + condition));
    if (!removed) return give_up(removed.error());
    fmt::print("{}\n",
               session.options.json ? to_line(*removed) : printable(fmt::format("merchant {} removed", name())));
    return ExitCode::kOk;
  }

  bool yes_ = false;
};

class PauseVerb : public MerchantVerb {
 public:
  explicit PauseVerb(CLI::App* command) : MerchantVerb(command) {
    command->add_option("--reason", reason_, "Why, as text for people");
    auto* until = command->add_option("--until", until_, "RFC 3339 time at which sending goes on by itself");
    command->add_option("--for", for_, "The same, so much later: 90m, 2h, 3d")->excludes(until);
    command->footer(kPauseExamples);
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    Document asked = Document::object();
    for (const auto& [name, value] : {std::pair("reason", &reason_), {"until", &until_}, {"for", &for_}}) {
      if (!value->empty()) asked[name] = *value;
    }
    const std::string body = asked.empty() ? "" : body_of(asked);
    const Result<Document> paused = document_of(client.post(path(client) + "/pause", body));
    if (!paused) return give_up(paused.error());
    print_merchant(*paused, session);
    return ExitCode::kOk;
  }

  std::string reason_;
  std::string until_;
  std::string for_;
};

class ResumeVerb : public MerchantVerb {
 public:
  explicit ResumeVerb(CLI::App* command) : MerchantVerb(command) { command->footer(kPauseExamples); }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    const Result<Document> resumed = document_of(client.post(path(client) + "/resume", ""));
    if (!resumed) return give_up(resumed.error());
    print_merchant(*resumed, session);
    return ExitCode::kOk;
  }
};

}  // namespace

void add_merchant_change_verbs(CLI::App& merchant, Verbs& verbs) {
  verbs.push_back(std::make_unique<AddVerb>(merchant.add_subcommand("add", "Make a merchant that is not there yet")));
  verbs.push_back(std::make_unique<SetVerb>(merchant.add_subcommand("set", "Change a merchant; rotate its keys")));
  verbs.push_back(std::make_unique<RemoveVerb>(merchant.add_subcommand("rm", "Remove a merchant and its keys")));
  verbs.push_back(
      std::make_unique<PauseVerb>(merchant.add_subcommand("pause", "Send a merchant nothing until it is resumed")));
  verbs.push_back(std::make_unique<ResumeVerb>(merchant.add_subcommand("resume", "Send to a paused merchant again")));
}

}  // namespace ackd
