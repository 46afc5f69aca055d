// ackctl enqueue: hands notifications to the daemon and says what became of each.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <utility>

#include "ackctl/client.h"
#include "ackctl/document.h"
#include "ackctl/enqueue_batch.h"
#include "ackctl/enqueue_report.h"
#include "ackctl/handover.h"
#include "ackctl/input_stream.h"
#include "ackctl/stop_signals.h"
#include "ackctl/verb.h"

namespace ackd {
namespace {

// Lines are kept back so long to be sent together, so that `tail -f` and a slow producer are served too.
constexpr Duration kGatherLongest{200};

constexpr const char* kExamples = R"(Examples:
  ackctl enqueue --provider PROVIDER --merchant 499800 --field order_no=42 --field amount=12.30 --field status=01
  ackctl enqueue --file batch.json          one JSON object, or an array of at most 10,000 in 16 MiB
  ackctl enqueue --file orders.ndjson       NDJSON: one object a line, in any number; never held in memory whole
  tail -f orders.ndjson | ackctl enqueue -  the same from standard input, as it comes
What a file is shows in its first line that is not blank. It begins with '[': an array. It is a whole JSON object:
NDJSON. It begins with '{' and the object goes on in the next line: one object. Anything else is NDJSON, and so is
everything with --ndjson.

Exit code 0 means that every notification is durably recorded. A refused one is reported with its line on standard
error, does not keep the others from being recorded, and makes the exit code 1. While ackd is overloaded, its disk is
full, or it restarts, enqueue waits and sends again what is not recorded; after --timeout without progress it ends and
names the first line that is not recorded. Running the same command again is safe at any time: ackd recognises what it
has recorded by its key, or by the provider's identity fields, and answers "already recorded".
--json prints each result in a line, with the number of its line in the input ("line") or array ("item").)";

struct EnqueueOptions {
  std::string provider;
  std::string merchant;
  std::string type;
  std::string url;
  std::string key;
  std::string not_before;
  std::string file;
  std::string timeout = "60s";
  bool ndjson = false;
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

// One run of the verb: from the input to the exit code.
class Enqueueing {
 public:
  Enqueueing(InputForm form, const Session& session, const StopSignals& stop, std::string address, Duration limit)
      : form_(form),
        clock_(session.clock),
        client_(std::move(address)),
        report_(form, session),
        handover_(client_, session.clock, stop, report_, limit),
        limit_(limit) {}

  ExitCode run_document(std::string text) {
    EnqueueBatch batch(form_, std::move(text));
    if (const auto end = send(batch)) return *end;
    return finish();
  }

  ExitCode run_lines(InputStream& input) {
    EnqueueBatch chunk;
    while (true) {
      InputStream::Line line;
      const auto event = input.next_line(line, gathering_left(chunk));
      const bool is_line = event && *event == InputStream::Event::kLine;
      if (is_line && !line.too_long && chunk.has_room_for(line.text.size())) {
        add(chunk, line);
        continue;
      }
      if (event && *event == InputStream::Event::kStopped) return stopped(chunk.open() > 0 ? chunk.number(0) : 0);
      if (const auto end = send(chunk)) return *end;
      chunk = EnqueueBatch();
      if (!event) return finish_after(event.error());
      if (*event == InputStream::Event::kEnd) return finish();
      if (is_line) add(chunk, line);
    }
  }

  ExitCode stopped_before_anything() { return stopped(0); }

 private:
  std::optional<Duration> gathering_left(const EnqueueBatch& chunk) const {
    if (chunk.open() == 0) return std::nullopt;
    return gathering_since_ + kGatherLongest - clock_.now().boot;
  }

  void add(EnqueueBatch& chunk, const InputStream::Line& line) {
    last_line_ = line.number;
    if (line.too_long) return report_.refused_as_too_long(line.number, InputStream::kLineBytesMax);
    if (chunk.open() == 0) gathering_since_ = clock_.now().boot;
    chunk.add_line(line.number, line.text);
  }

  // The exit code when this was the end of it all.
  std::optional<ExitCode> send(EnqueueBatch& batch) {
    if (form_ == InputForm::kLines && batch.open() == 0) return std::nullopt;
    const auto end = handover_.send(batch);
    // Who reads the results of a stream wants them while it runs.
    std::fflush(stdout);
    const std::uint64_t first_open = batch.open() == 0 ? 0 : batch.number(0);
    if (!end) return given_up(end.error(), first_open);
    if (*end == Handover::End::kStopped) return stopped(first_open);
    return std::nullopt;
  }

  ExitCode finish() {
    report_.finish();
    return report_.any_refused() ? ExitCode::kRefused : ExitCode::kOk;
  }

  ExitCode finish_after(const Error& error) {
    report_.finish();
    return refuse(error);
  }

  ExitCode given_up(const Error& error, std::uint64_t first_open) {
    report_.finish();
    // A document that is refused as a whole has nothing to go on from.
    const bool refused_whole = error.code == ErrorCode::kInvalid && form_ != InputForm::kLines;
    if (refused_whole || !handover_.reached()) return give_up(error);
    const std::string lead = error.code == ErrorCode::kInvalid
                                 ? "ended"
                                 : fmt::format("gave up after {} without progress", format_duration(limit_));
    return give_up(
        {error.code, fmt::format("{}; {}. The reason: {}", lead, resume_from(first_open), error.message), {}});
  }

  ExitCode stopped(std::uint64_t first_open) {
    report_.finish();
    complain("interrupted; " + resume_from(first_open == 0 ? last_line_ + 1 : first_open));
    return ExitCode::kRefused;
  }

  std::string resume_from(std::uint64_t number) const {
    const std::string place = form_ == InputForm::kObject
                                  ? "whether it is recorded is unknown"
                                  : place_of(form_, number) + " is the first that is not known to be recorded";
    return place + ". Running the same command again is safe: what is recorded stays one notification";
  }

  InputForm form_;
  Clock& clock_;
  Client client_;
  EnqueueReport report_;
  Handover handover_;
  Duration limit_;
  BootTime gathering_since_;
  std::uint64_t last_line_ = 0;
};

class EnqueueVerb : public Verb {
 public:
  explicit EnqueueVerb(CLI::App* command) : Verb(command) {
    auto* provider = command->add_option("--provider", options_.provider,
                                         "The protocol to speak: a file's name in the schedules folder");
    auto* merchant = command->add_option("--merchant", options_.merchant, "The merchant's id with that provider");
    auto* field = command->add_option("--field", options_.fields, "A field of the notification, name=value; repeat");
    auto* type = command->add_option("--type", options_.type, "payment, refund ...; default: what the provider says");
    auto* url = command->add_option("--url", options_.url, "Sends there instead of to the merchant's own URL");
    auto* key = command->add_option("--key", options_.key, "Idempotency key; default: the provider's identity fields");
    auto* not_before = command->add_option("--not-before", options_.not_before, "RFC 3339 time of the first attempt");
    auto* tag = command->add_option("--tag", options_.tags, "A tag, name=value; repeat for each");
    auto* file =
        command->add_option("FILE,--file", options_.file, "NDJSON, a JSON object or an array; - is standard input");
    command->add_flag("--ndjson", options_.ndjson, "The file is NDJSON, whatever its first line looks like")
        ->needs(file);
    command->add_option("--timeout", options_.timeout, "How long to go on without progress: 0s, 60s, 10m")
        ->capture_default_str();
    for (auto* list : {field, tag}) list->allow_extra_args(false);
    for (auto* described : {provider, merchant, field, type, url, key, not_before, tag}) described->excludes(file);
    provider->needs(merchant);
    merchant->needs(provider);
    command->footer(kExamples);
  }

  ExitCode run(const Session& session) override {
    const auto limit = parse_duration(options_.timeout);
    if (!limit) return usage("--timeout: " + limit.error().message);
    if (options_.file.empty() && options_.provider.empty()) {
      return usage("enqueue needs --provider and --merchant, or a FILE, or -; see 'ackctl enqueue --help'");
    }
    const auto address = daemon_address(session.options);
    if (!address) return refuse(address.error());
    const StopSignals stop;
    if (!options_.file.empty()) return run_file(session, stop, *address, *limit);
    auto body = body_of(options_);
    if (!body) return usage(body.error().message);
    return Enqueueing(InputForm::kObject, session, stop, *address, *limit).run_document(*std::move(body));
  }

 private:
  static ExitCode usage(const std::string& message) {
    complain(message);
    return ExitCode::kUsage;
  }

  ExitCode run_file(const Session& session, const StopSignals& stop, const std::string& address, Duration limit) {
    auto input = InputStream::open(options_.file, stop);
    if (!input) return usage(input.error().message);
    std::string_view first_line;
    auto event = input->await_line(first_line);
    if (!event) return usage(event.error().message);
    const InputForm form = options_.ndjson ? InputForm::kLines : form_of(first_line);
    Enqueueing enqueueing(form, session, stop, address, limit);
    if (*event == InputStream::Event::kStopped) return enqueueing.stopped_before_anything();
    if (form == InputForm::kLines) return enqueueing.run_lines(*input);
    std::string text;
    event = input->read_document(text, EnqueueBatch::kDocumentBytesMax);
    if (!event) return refuse(event.error());
    if (*event == InputStream::Event::kStopped) return enqueueing.stopped_before_anything();
    return enqueueing.run_document(std::move(text));
  }

  EnqueueOptions options_;
};

}  // namespace

void add_enqueue_verb(CLI::App& app, Verbs& verbs) {
  verbs.push_back(std::make_unique<EnqueueVerb>(app.add_subcommand("enqueue", "Hand over notifications for delivery")));
}

}  // namespace ackd
