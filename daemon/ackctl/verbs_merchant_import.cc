// Many merchants at once: merchant import, export.
#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "ackctl/merchant_import.h"
#include "ackctl/merchant_verb.h"
#include "ackctl/printable.h"
#include "ackctl/progress_line.h"

namespace ackd {
namespace {

constexpr const char* kImportExamples = R"(Examples:
  ackctl merchant import merchants.ndjson
  ackctl merchant import merchants.ndjson --dry-run      checks every line and changes nothing
  generate | ackctl merchant import -
A line is one merchant, at most 100,000 of them:
  {"provider":"PROVIDER","id":"m-1","url":"https://shop.example/n","keys":[{"id":"k1","secret":"..."}]}
  {"provider":"PROVIDER","id":"m-2","url":"https://shop.example/n","keys":[{"id":"k1","key_file":"keys/m-2"}]}
A key_file or private_key_file belongs to its owner alone; its path begins at the file's folder.
All lines are taken or none: a wrong one is shown as LINE: FIELD: REASON, and nothing is changed.
A merchant without "keys" keeps those it has. Merchants that the file does not name stay as they are.)";

constexpr const char* kExportExamples = R"(Examples:
  ackctl merchant export > merchants.ndjson
  ackctl merchant export --provider PROVIDER | ackctl --socket OTHER merchant import -
Merchants of the record as lines that import takes. Keys never leave ackd, so they are not among them; merchants of the
configuration file are in that file.)";

// As many as the daemon names of one import; more would only push the first ones off the screen.
constexpr std::size_t kErrorsMax = 100;

// The bytes of a regular file, or 0 where nobody can tell.
std::size_t size_of(const std::string& file) {
  struct stat facts {};
  const bool is_file = file != "-" && ::stat(file.c_str(), &facts) == 0 && S_ISREG(facts.st_mode);
  return is_file ? static_cast<std::size_t>(facts.st_size) : 0;
}

// A line without its end. What is over the limit of a chunk is dropped byte by byte, so that a device named by mistake
// cannot fill the memory; the line is then refused as too long.
bool read_line(std::istream& input, std::string& line) {
  constexpr auto kEnd = std::char_traits<char>::eof();
  line.clear();
  int next = input.rdbuf()->sbumpc();
  if (next == kEnd) return false;
  for (; next != kEnd && next != '\n'; next = input.rdbuf()->sbumpc()) {
    if (line.size() <= kImportChunkBytesMax) line.push_back(static_cast<char>(next));
  }
  return true;
}

std::string line_of(const LineError& error) {
  const bool named = error.field.empty() || error.detail.starts_with(error.field + ":");
  return fmt::format("line {}: {}{}", error.line, named ? "" : error.field + ": ", error.detail);
}

class ImportVerb : public DaemonVerb {
 public:
  explicit ImportVerb(CLI::App* command) : DaemonVerb(command) {
    command->add_option("FILE", file_, "NDJSON, a merchant a line; - is standard input")->required();
    command->add_flag("--dry-run", dry_run_, "Let the daemon check every line, then drop the import");
    command->footer(kImportExamples);
  }

 private:
  ExitCode run_with(Client& client, const Session& session) override {
    if (file_ == "-") return import(std::cin, ".", client, session);
    std::ifstream input(file_, std::ios::binary);
    if (!input) return refuse(invalid(fmt::format("{} cannot be opened: {}", file_, std::strerror(errno))));
    return import(input, std::filesystem::path(file_).parent_path().string(), client, session);
  }

  ExitCode import(std::istream& input, const std::string& key_folder, Client& client, const Session& session) const {
    MerchantImport merchants(client, key_folder);
    if (const Status begun = merchants.begin(); !begun) return give_up(begun.error());
    if (const Status sent = send(input, merchants); !sent) {
      // The first trouble is the one to tell; an import that cannot even be dropped is forgotten by itself.
      if (sent.error().code != ErrorCode::kUnavailable) static_cast<void>(merchants.drop().ok());
      return give_up(sent.error());
    }
    if (!merchants.errors().empty()) return refuse_lines(merchants, session);
    if (merchants.merchants() == 0) return drop(merchants, "there is no merchant in it; nothing was changed");
    return dry_run_ ? end_dry_run(merchants, session) : commit(merchants, session);
  }

  Status send(std::istream& input, MerchantImport& merchants) const {
    const std::size_t bytes = size_of(file_);
    ProgressLine progress(wants_progress());
    std::size_t shown_at = 0;
    for (std::string line; merchants.errors().size() < kErrorsMax && read_line(input, line);) {
      if (const Status added = merchants.add(line); !added) return added;
      if (merchants.bytes_read() < shown_at + kImportChunkBytesMax) continue;
      shown_at = merchants.bytes_read();
      const std::string part = bytes == 0 ? "" : fmt::format(", {} %", std::min(shown_at, bytes) * 100 / bytes);
      progress.show(fmt::format("{} merchants sent{}", merchants.merchants(), part));
    }
    return merchants.finish_lines();
  }

  static ExitCode refuse_lines(MerchantImport& merchants, const Session& session) {
    std::vector<LineError> errors = merchants.errors();
    std::stable_sort(errors.begin(), errors.end(),
                     [](const LineError& a, const LineError& b) { return a.line < b.line; });
    Document listed = Document::array();
    for (const LineError& error : errors) {
      complain(line_of(error));
      listed.push_back({{"line", error.line}, {"field", error.field}, {"detail", error.detail}});
    }
    if (session.options.json) fmt::print("{}\n", to_line({{"errors", std::move(listed)}}));
    const char* more = errors.size() >= kErrorsMax ? "; there may be more" : "";
    return drop(merchants, fmt::format("nothing was changed: {} wrong {}{}", errors.size(),
                                       errors.size() == 1 ? "line" : "lines", more));
  }

  static ExitCode drop(MerchantImport& merchants, std::string_view reason) {
    const Status dropped = merchants.drop();
    complain(reason);
    return dropped ? ExitCode::kRefused : give_up(dropped.error());
  }

  static ExitCode end_dry_run(MerchantImport& merchants, const Session& session) {
    if (const Status dropped = merchants.drop(); !dropped) return give_up(dropped.error());
    if (session.options.json) {
      fmt::print("{}\n", to_line({{"dry_run", true}, {"merchants", merchants.merchants()}}));
    } else {
      fmt::print("{} merchants could be imported; nothing was changed\n", merchants.merchants());
    }
    return ExitCode::kOk;
  }

  static ExitCode commit(MerchantImport& merchants, const Session& session) {
    const Result<Document> done = merchants.commit();
    if (!done) {
      const ExitCode code = give_up(done.error());
      if (code == ExitCode::kUnreachable) complain("all lines were taken or none; to import them again is safe");
      return code;
    }
    if (session.options.json) {
      fmt::print("{}\n", to_line(*done));
    } else {
      fmt::print("{} added, {} changed, {} unchanged\n", number_of(*done, "added"), number_of(*done, "changed"),
                 number_of(*done, "unchanged"));
    }
    return ExitCode::kOk;
  }

  std::string file_;
  bool dry_run_ = false;
};

class ExportVerb : public DaemonVerb {
 public:
  explicit ExportVerb(CLI::App* command) : DaemonVerb(command) {
    command->add_option("--provider", provider_, "Only this provider");
    command->footer(kExportExamples);
  }

 private:
  ExitCode run_with(Client& client, const Session&) override {
    const Status listed =
        each_page_of_merchants(client, {{"provider", provider_}, {"source", "record"}}, [](const Document& rows) {
          for (const Document& row : rows) fmt::print("{}\n", to_line(line_of_merchant(row)));
        });
    return listed ? ExitCode::kOk : give_up(listed.error());
  }

  // What import takes; an empty member says no more than a missing one.
  static Document line_of_merchant(const Document& row) {
    Document line{{"provider", text_of(row, "provider")}, {"id", text_of(row, "id")}};
    for (const char* name : {"url", "hosts", "contact", "options"}) {
      const auto member = row.find(name);
      const bool is_empty = member == row.end() || member->empty() || *member == "";
      if (!is_empty) line[name] = *member;
    }
    return line;
  }

  std::string provider_;
};

}  // namespace

void add_merchant_import_verbs(CLI::App& merchant, Verbs& verbs) {
  verbs.push_back(
      std::make_unique<ImportVerb>(merchant.add_subcommand("import", "Make and change many merchants at once")));
  verbs.push_back(
      std::make_unique<ExportVerb>(merchant.add_subcommand("export", "Merchants as import takes them, without keys")));
}

}  // namespace ackd
