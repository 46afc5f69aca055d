// ackctl verify: judges a received request as the merchant would.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "ackctl/document.h"
#include "ackctl/given_merchant.h"
#include "ackctl/request_file.h"
#include "ackctl/verb.h"
#include "ackctl/verification_report.h"
#include "profile/verification.h"

namespace ackd {
namespace {

constexpr const char* kExamples = R"(Examples:
  ackctl verify PROVIDER --request request.txt --key-file KEYFILE
  ackctl verify PROVIDER --request request.txt --public-key platform.pem --option charset=gbk
  ackctl verify PROVIDER --request request.json --config config.yaml --merchant 10002
  ackctl verify PROVIDER --request request.txt --key-file KEYFILE --canonical what-the-platform-signed.txt
  ackctl render --provider PROVIDER --request in.json | ackctl verify PROVIDER --request - --key-file KEYFILE
The file holds an HTTP request as a log or `nc -l` shows it, or the JSON that `ackctl render` prints.
Fields that are not sent and that the merchant knows from elsewhere are given with --field name=value.
The canonical text may hold the merchant's key. Exit code 0: verified, 1: not.)";

// Without one line end that an editor added.
Result<std::string> read_canonical(const std::string& file) {
  auto text = read_input(file);
  if (text && text->ends_with('\n')) text->pop_back();
  return text;
}

class VerifyVerb : public Verb {
 public:
  explicit VerifyVerb(CLI::App* command) : Verb(command) {
    command->add_option("PROVIDER", provider_, "The provider: a file's name in the schedules folder")->required();
    command->add_option("--request", request_, "File with the received request; - is standard input")->required();
    declare_given_merchant(*command, given_);
    command->add_option("--field", fields_, "A field that is not sent, name=value")->allow_extra_args(false);
    command->add_option("--canonical", canonical_, "File with the text that the platform says it signed");
    command->footer(kExamples);
  }

  ExitCode run(const Session& session) override {
    const auto protocol = read_given(session.options, provider_, given_);
    if (!protocol) return refuse(protocol.error());
    const auto text = read_input(request_);
    if (!text) return refuse(text.error());
    const auto request = parse_request_file(*text);
    if (!request) return refuse({request.error().code, fmt::format("{}: {}", request_, request.error().message), {}});
    VerificationInput input{protocol->profile, protocol->merchant, *request};
    input.public_key = protocol->public_key;
    input.now = session.clock.now().wall;
    if (const Status read = read_rest(input); !read) return refuse(read.error());
    const Verification verification = verify(input, true);
    fmt::print("{}", session.options.json
                         ? to_line(document_of(protocol->profile, verification, input.signed_text)) + "\n"
                         : report_of(protocol->profile, verification, input.signed_text, session.terminal));
    return verification.verified ? ExitCode::kOk : ExitCode::kRefused;
  }

 private:
  Status read_rest(VerificationInput& input) const {
    for (const std::string& pair : fields_) {
      auto field = read_pair(pair, "--field");
      if (!field) return field.error();
      input.known.push_back(*std::move(field));
    }
    if (canonical_.empty()) return Done{};
    auto text = read_canonical(canonical_);
    if (!text) return text.error();
    input.signed_text = *std::move(text);
    return Done{};
  }

  std::string provider_;
  std::string request_;
  std::string canonical_;
  GivenMerchant given_;
  std::vector<std::string> fields_;
};

}  // namespace

void add_verify_verb(CLI::App& app, Verbs& verbs) {
  auto* verify = app.add_subcommand("verify", "Judge a received request as the merchant would");
  verbs.push_back(std::make_unique<VerifyVerb>(verify));
}

}  // namespace ackd
