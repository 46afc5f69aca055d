#include "ackctl/filter_options.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace ackd {

std::string refuse_empty(const std::string& text) {
  return text.empty() ? "is empty; leave the option out to mean all" : "";
}

void declare_filter(CLI::App& command, FilterOptions& options) {
  command.add_option("--state", options.state, "pending, held, delivered, exhausted or cancelled")
      ->check(CLI::IsMember({"pending", "held", "delivered", "exhausted", "cancelled"}));
  const auto add = [&](const char* name, std::string& value, const char* about) {
    command.add_option(name, value, about)->check(refuse_empty);
  };
  add("--provider", options.provider, "Only this provider");
  add("--merchant", options.merchant, "Only this merchant id");
  add("--type", options.type, "Only this type: payment, refund ...");
  add("--key", options.key, "Only this idempotency key");
  add("--host", options.host, "Only what goes to this host today: shop.example or shop.example:8443");
  command.add_option("--tag", options.tags, "Only with this tag: NAME=VALUE; may be repeated, then with all of them")
      ->allow_extra_args(false)
      ->check(refuse_empty);
  add("--since", options.since, "Admitted at or after this RFC 3339 time");
  add("--until", options.until, "Admitted at or before this RFC 3339 time");
}

ListPages::Filters parameters_of(const FilterOptions& options) {
  ListPages::Filters given{{"state", options.state},   {"provider", options.provider}, {"merchant", options.merchant},
                           {"subject", options.order}, {"type", options.type},         {"key", options.key},
                           {"host", options.host}};
  for (const std::string& tag : options.tags) given.emplace_back("tag", tag);
  given.emplace_back("since", options.since);
  given.emplace_back("until", options.until);
  std::erase_if(given, [](const auto& parameter) { return parameter.second.empty(); });
  return given;
}

Document filter_document(const FilterOptions& options) {
  Document filter = Document::object();
  for (const auto& [name, value] : parameters_of(options)) {
    if (name == "tag") {
      filter[name].push_back(value);
    } else {
      filter[name] = value;
    }
  }
  return filter;
}

}  // namespace ackd
