// The verbs for people who write profiles: provider ls, show, check, diff. None needs the daemon.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <vector>

#include "ackctl/document.h"
#include "ackctl/explanation.h"
#include "ackctl/printable.h"
#include "ackctl/profile_words.h"
#include "ackctl/provider_difference.h"
#include "ackctl/provider_files.h"
#include "ackctl/provider_samples.h"
#include "ackctl/table.h"
#include "ackctl/verb.h"

namespace ackd {
namespace {

constexpr const char* kShowExamples = R"(Examples:
  ackctl provider show PROVIDER
  ackctl provider show PROVIDER --json        facts, fields, timetable and sources as one document
`ackctl explain PROVIDER` shows the same facts with every attempt's instant.)";

constexpr const char* kCheckExamples = R"(Examples:
  ackctl provider check example.yaml          says "ok", or FILE:LINE:COLUMN: KEY: what is wrong and would be right
  ackctl provider check schedules/*.yaml
The examples of each profile are rendered too, with every type and option; private keys are not tried.
Exit code 0: every file can be used, 1: not.)";

constexpr const char* kDiffExamples = R"(Examples:
  ackctl provider diff PROVIDER example.yaml         what an edited copy changes
  ackctl provider diff old/example.yaml new/example.yaml
  ackctl provider diff PROVIDER_A PROVIDER_B --json
Shows what changes in the rules, the fields, the timetable, and in the bytes of A's examples under both.
Exit code 0: nothing, 1: something, 2: trouble, as diff has it.)";

class ProviderListVerb : public Verb {
 public:
  using Verb::Verb;

  ExitCode run(const Session& session) override {
    const auto profiles = all_profiles(session.options.schedules_dir);
    if (!profiles) return refuse(profiles.error());
    Table table({"ID", "TITLE", "REQUEST", "SENDS", "LAST AFTER", "ACKNOWLEDGEMENT", "ACTIVATION"}, session.terminal);
    for (const Profile& profile : *profiles) {
      const Duration last = offsets(profile.schedule).back();
      if (session.options.json) {
        fmt::print("{}\n", to_line({{"id", profile.id},
                                    {"title", profile.title},
                                    {"request", encoding_text(profile)},
                                    {"sends", profile.schedule.sends_max()},
                                    {"last_after_s", static_cast<double>(last.count()) / 1'000.0},
                                    {"acknowledgement", describe(profile.ack)},
                                    {"activation", profile.activation.required}}));
        continue;
      }
      table.add({profile.id, profile.title, encoding_text(profile), std::to_string(profile.schedule.sends_max()),
                 format_duration(last), describe(profile.ack), profile.activation.required ? "required" : ""});
    }
    if (!session.options.json) fmt::print("{}", table.take());
    return ExitCode::kOk;
  }
};

class ProviderShowVerb : public Verb {
 public:
  explicit ProviderShowVerb(CLI::App* command) : Verb(command) {
    command->add_option("PROVIDER", provider_, "The provider: a file's name in the schedules folder")->required();
    command->footer(kShowExamples);
  }

  ExitCode run(const Session& session) override {
    const auto profile = find_profile(session.options.schedules_dir, provider_);
    if (!profile) return refuse(profile.error());
    fmt::print("{}", session.options.json ? to_line(document_of(*profile)) + "\n"
                                          : description_of(*profile, session.terminal));
    return ExitCode::kOk;
  }

 private:
  std::string provider_;
};

// What came of looking at one file.
struct CheckedFile {
  std::string file;
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
  std::size_t samples = 0;
};

void check_samples(const Profile& profile, CheckedFile& out) {
  const auto words_of = [&](const std::string& about, const Error& error) {
    return fmt::format("{}: {}{}", out.file, about.empty() ? "" : about + ": ", sentence_of(error));
  };
  const auto samples = samples_of(profile);
  if (!samples) {
    out.errors.push_back(words_of("examples", samples.error()));
    return;
  }
  for (const ProviderSample& sample : *samples) {
    const auto rendered = render_sample(profile, sample);
    if (!rendered) {
      out.errors.push_back(words_of(sample.about, rendered.error()));
      continue;
    }
    ++out.samples;
    const std::string trouble = verifying_trouble(profile, *rendered);
    if (trouble.empty()) continue;
    out.warnings.push_back(fmt::format("{}: {}a merchant cannot verify the example: {}", out.file,
                                       sample.about.empty() ? "" : sample.about + ": ", trouble));
  }
}

CheckedFile check_file(const std::string& file) {
  CheckedFile out;
  out.file = file;
  const auto profile = read_profile_file(file);
  if (!profile) {
    out.errors.push_back(profile.error().message);
    return out;
  }
  const std::string name = std::filesystem::path(file).stem().string();
  if (name != profile->id && file != "-") {
    out.warnings.push_back(fmt::format("{}: provider: ackd refuses the file under this name; '{}' must be in {}.yaml",
                                       file, profile->id, profile->id));
  }
  check_samples(*profile, out);
  return out;
}

class ProviderCheckVerb : public Verb {
 public:
  explicit ProviderCheckVerb(CLI::App* command) : Verb(command) {
    command->add_option("FILE", files_, "Profiles to check; - is standard input")->required();
    command->footer(kCheckExamples);
  }

  ExitCode run(const Session& session) override {
    bool all_good = true;
    for (const std::string& file : files_) {
      const CheckedFile checked = check_file(file);
      all_good = all_good && checked.errors.empty();
      print(checked, session.options.json);
    }
    return all_good ? ExitCode::kOk : ExitCode::kRefused;
  }

 private:
  static void print(const CheckedFile& checked, bool json) {
    const bool good = checked.errors.empty();
    if (json) {
      fmt::print("{}\n", to_line({{"file", checked.file},
                                  {"ok", good},
                                  {"errors", checked.errors},
                                  {"warnings", checked.warnings},
                                  {"samples", checked.samples}}));
      return;
    }
    // As compilers print them, so that editors jump to the place.
    for (const std::string& error : checked.errors) fmt::print(stderr, "{}\n", printable(error));
    for (const std::string& warning : checked.warnings) fmt::print(stderr, "{}\n", printable("warning: " + warning));
    if (good) fmt::print("{}: ok\n", printable(checked.file));
  }

  std::vector<std::string> files_;
};

class ProviderDiffVerb : public Verb {
 public:
  explicit ProviderDiffVerb(CLI::App* command) : Verb(command) {
    command->add_option("A", a_, "A provider, or a profile's file")->required();
    command->add_option("B", b_, "A provider, or a profile's file")->required();
    command->footer(kDiffExamples);
  }

  ExitCode run(const Session& session) override {
    const auto a = read(a_, session.options);
    if (!a) return trouble(a.error());
    const auto b = read(b_, session.options);
    if (!b) return trouble(b.error());
    const std::vector<ProviderChange> changes = changes_between(*a, *b);
    if (session.options.json) {
      fmt::print("{}\n", to_line(document_of(changes)));
    } else if (changes.empty()) {
      fmt::print("{}\n", a->hash == b->hash ? "the same, byte for byte"
                                            : "the files differ, but in nothing that is sent, awaited or shown");
    } else {
      fmt::print("{}", report_of(changes, session.terminal));
    }
    return changes.empty() ? ExitCode::kOk : ExitCode::kRefused;
  }

 private:
  static ExitCode trouble(const Error& error) {
    complain(error.message);
    return ExitCode::kUsage;
  }

  // A path has a slash or an ending; a provider's name has neither.
  static Result<Profile> read(const std::string& name, const GlobalOptions& options) {
    const bool is_path = name.find_first_of("/.") != std::string::npos || name == "-";
    return is_path ? read_profile_file(name) : find_profile(options.schedules_dir, name);
  }

  std::string a_;
  std::string b_;
};

}  // namespace

void add_provider_verbs(CLI::App& app, Verbs& verbs) {
  auto* provider = app.add_subcommand("provider", "Provider profiles: list, show, check, compare");
  provider->require_subcommand(1);
  auto* list = provider->add_subcommand("ls", "Every provider in one line");
  list->footer("Examples:\n  ackctl provider ls\n  ackctl provider ls --schedules DIR --json");
  verbs.push_back(std::make_unique<ProviderListVerb>(list));
  auto* show = provider->add_subcommand("show", "Everything that a profile says, in words");
  verbs.push_back(std::make_unique<ProviderShowVerb>(show));
  auto* check = provider->add_subcommand("check", "Check profiles, and render their examples");
  verbs.push_back(std::make_unique<ProviderCheckVerb>(check));
  auto* diff = provider->add_subcommand("diff", "What one profile changes against another, in bytes and timetable");
  verbs.push_back(std::make_unique<ProviderDiffVerb>(diff));
}

}  // namespace ackd
