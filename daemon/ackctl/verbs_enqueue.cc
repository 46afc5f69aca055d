// ackctl enqueue: hands notifications to the daemon and says what became of each.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <utility>

#include "ackctl/client.h"
#include "ackctl/document.h"
#include "ackctl/printable.h"
#include "ackctl/verb.h"

namespace ackd {
namespace {

constexpr const char* kExamples = R"(Examples:
  ackctl enqueue --provider PROVIDER --merchant 499800 --field order_no=42 --field amount=12.30 --field status=01
  ackctl enqueue --file batch.json          one JSON object, or an array of them
  generate | ackctl enqueue --file -        the same from standard input
Exit code 0 means that every notification is durably recorded; repeating with the same key is safe.)";

struct EnqueueOptions {
  std::string provider;
  std::string merchant;
  std::string type;
  std::string url;
  std::string key;
  std::string not_before;
  std::string file;
  std::vector<std::string> fields;
  std::vector<std::string> tags;
};

// "name=value" pairs as an object, in the order given.
Result<Document> object_of(const std::vector<std::string>& pairs, std::string_view option) {
  Document object = Document::object();
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return invalid(fmt::format("{} {}: write {} name=value", option, pair, option));
    }
    const std::string name = pair.substr(0, equals);
    if (object.contains(name)) return invalid(fmt::format("{} {} is given twice; give it once", option, name));
    object[name] = pair.substr(equals + 1);
  }
  return object;
}

Result<std::string> body_of(const EnqueueOptions& options) {
  auto fields = object_of(options.fields, "--field");
  if (!fields) return fields.error();
  auto tags = object_of(options.tags, "--tag");
  if (!tags) return tags.error();
  Document body = {{"provider", options.provider}, {"merchant", options.merchant}, {"fields", std::move(*fields)}};
  const std::pair<const char*, const std::string&> optional[] = {
      {"type", options.type}, {"url", options.url}, {"key", options.key}, {"not_before", options.not_before}};
  for (const auto& [name, value] : optional) {
    if (!value.empty()) body[name] = value;
  }
  if (!tags->empty()) body["tags"] = std::move(*tags);
  return body.dump(-1, ' ', false, Document::error_handler_t::replace);
}

void print_recorded(const Document& item) {
  const char* note = flag_of(item, "duplicate") ? "  (already recorded)" : "";
  fmt::print("{}  {}{}\n", printable(text_of(item, "id")), printable(text_of(item, "state")), note);
}

std::string refusal_of_item(const Document& item) {
  const Document problem = part_of(item, "problem");
  const std::string detail = text_of(problem, "detail");
  if (!detail.empty()) return detail;
  const std::string title = text_of(problem, "title");
  if (title == "not_attempted" || text_of(item, "title") == "not_attempted") {
    return "not attempted, because an item before it found ackd unavailable";
  }
  return title.empty() ? fmt::format("refused with status {}", number_of(item, "status")) : title;
}

// The items in order: what is recorded on standard output, what is refused on standard error.
ExitCode print_results(const Document& results, bool json) {
  std::size_t refused = 0;
  std::size_t number = 0;
  for (const Document& item : results) {
    ++number;
    const bool recorded = number_of(item, "status") / 100 == 2;
    if (recorded && !json) print_recorded(item);
    if (recorded) continue;
    ++refused;
    complain(fmt::format("item {}: {}", number, refusal_of_item(item)));
  }
  if (refused == 0) return ExitCode::kOk;
  complain(fmt::format("{} of {} notifications were refused; the others are recorded", refused, number));
  return ExitCode::kRefused;
}

class EnqueueVerb : public Verb {
 public:
  explicit EnqueueVerb(CLI::App* command) : Verb(command) {
    auto* provider = command->add_option("--provider", options_.provider,
                                         "The protocol to speak: a file's name in the schedules folder");
    auto* merchant = command->add_option("--merchant", options_.merchant, "The merchant's id with that provider");
    command->add_option("--field", options_.fields, "A field of the notification, name=value; repeat for each")
        ->allow_extra_args(false);
    command->add_option("--type", options_.type, "payment, refund ...; default: what the provider says");
    command->add_option("--url", options_.url, "Sends there instead of to the merchant's own URL");
    command->add_option("--key", options_.key, "Idempotency key; default: the provider's identity fields");
    command->add_option("--not-before", options_.not_before, "RFC 3339 time of the first attempt");
    command->add_option("--tag", options_.tags, "A tag, name=value; repeat for each")->allow_extra_args(false);
    auto* file = command->add_option("--file", options_.file, "JSON object or array to send; - is standard input");
    provider->needs(merchant)->excludes(file);
    merchant->needs(provider)->excludes(file);
    command->footer(kExamples);
  }

  ExitCode run(const Session& session) override {
    if (options_.file.empty() && options_.provider.empty()) {
      complain("enqueue needs --provider and --merchant, or --file; see 'ackctl enqueue --help'");
      return ExitCode::kUsage;
    }
    const Result<std::string> body = options_.file.empty() ? body_of(options_) : read_input(options_.file);
    if (!body) {
      complain(body.error().message);
      return ExitCode::kUsage;
    }
    const auto address = daemon_address(session.options);
    if (!address) return refuse(address.error());
    Client client(*address);
    const auto answer = client.post("/v1/notifications", *body);
    if (!answer) return give_up(answer.error());
    return report(*answer, session.options.json);
  }

 private:
  static ExitCode report(const Answer& answer, bool json) {
    if (answer.status / 100 != 2) return give_up({ErrorCode::kInvalid, refusal_of(answer), {}});
    const auto document = parse_document(answer.body, "the daemon's answer");
    if (!document) return give_up(document.error());
    if (json) fmt::print("{}\n", to_line(*document));
    if (document->contains("results")) return print_results(part_of(*document, "results"), json);
    if (!json) print_recorded(*document);
    return ExitCode::kOk;
  }

  EnqueueOptions options_;
};

}  // namespace

void add_enqueue_verb(CLI::App& app, Verbs& verbs) {
  verbs.push_back(std::make_unique<EnqueueVerb>(app.add_subcommand("enqueue", "Hand over notifications for delivery")));
}

}  // namespace ackd
