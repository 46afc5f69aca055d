#include "ackctl/merchant_verb.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "ackctl/daemon_answer.h"
#include "ackctl/printable.h"
#include "ackctl/story.h"

namespace ackd {
namespace {

void append(std::string& list, const std::string& item) {
  list += (list.empty() ? "" : ", ") + item;
}

std::string activated_text(const Document& merchant) {
  const Document activated = part_of(merchant, "activated");
  const std::string url = text_of(activated, "url");
  if (url.empty()) return flag_of(merchant, "activation_required") ? "never" : "not asked for";
  return fmt::format("{} UTC, {}", shown_time(text_of(activated, "at")), url);
}

std::string words_of(const Document& list) {
  std::string out;
  for (const auto& [name, value] : list.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    append(out, list.is_object() ? name + "=" + text : text);
  }
  return out;
}

std::string source_text(const Document& merchant) {
  const std::string source = text_of(merchant, "source");
  if (source == "configuration") return "the configuration file";
  const std::string changed_at = text_of(merchant, "changed_at");
  if (source != "record" || changed_at.empty()) return source;
  return fmt::format("record, version {} of {} UTC", number_of(merchant, "version"), shown_time(changed_at));
}

}  // namespace

MerchantVerb::MerchantVerb(CLI::App* command) : DaemonVerb(command) {
  command->add_option("PROVIDER", provider_, "The provider: a file's name in the schedules folder")->required();
  command->add_option("MERCHANT", merchant_, "The merchant's id with that provider")->required();
}

std::string MerchantVerb::path(Client& client) const {
  return fmt::format("/v1/merchants/{}/{}", client.escaped(provider_), client.escaped(merchant_));
}

std::string part_words(const Document& key) {
  std::string out;
  for (const Document& part : part_of(key, "parts")) {
    append(out, part == "private_key" ? "private key" : words_of(Document::array({part})));
  }
  return out;
}

std::string key_words(const Document& keys) {
  std::string out;
  for (const Document& key : keys) append(out, fmt::format("{} ({})", text_of(key, "id"), part_words(key)));
  return out;
}

std::string merchant_text(const Document& merchant, const Terminal& terminal) {
  std::string out =
      fmt::format("merchant {}/{}  {}\n", printable(text_of(merchant, "provider")), printable(text_of(merchant, "id")),
                  terminal.paint(text_of(merchant, "state") == "active" ? Ink::kGood : Ink::kWaiting,
                                 printable(text_of(merchant, "state"))));
  const auto add = [&](std::string_view label, const std::string& value) {
    if (!value.empty()) out += fmt::format("  {:<16}{}\n", label, printable(value));
  };
  const std::string url = text_of(merchant, "url");
  add("url", url.empty() ? "none; each notification brings its own" : url);
  add("hosts", words_of(part_of(merchant, "hosts")));
  add("activated", activated_text(merchant));
  add("paused because", text_of(merchant, "pause_reason"));
  const std::string until = text_of(merchant, "paused_until");
  add("paused until", until.empty() ? until : shown_time(until) + " UTC");
  add("held because", text_of(merchant, "reason"));
  add("keys", key_words(part_of(merchant, "keys")));
  add("shared keys", words_of(part_of(merchant, "shared_keys")));
  add("options", words_of(part_of(merchant, "options")));
  add("contact", text_of(merchant, "contact"));
  add("from", source_text(merchant));
  return out;
}

void print_merchant(const Document& merchant, const Session& session) {
  fmt::print("{}", session.options.json ? to_line(merchant) + "\n" : merchant_text(merchant, session.terminal));
}

Status each_page_of_merchants(Client& client, const std::vector<std::pair<std::string, std::string>>& filters,
                              const std::function<void(const Document& rows)>& on_rows) {
  std::string first = "/v1/merchants?limit=1000";
  for (const auto& [name, value] : filters) {
    if (!value.empty()) first += fmt::format("&{}={}", name, client.escaped(value));
  }
  std::string path = first;
  while (true) {
    const Result<Document> page = document_of(client.get(path));
    if (!page) return page.error();
    on_rows(part_of(*page, "merchants"));
    const std::string cursor = text_of(*page, "next_cursor");
    if (cursor.empty()) return Done{};
    path = first + "&cursor=" + client.escaped(cursor);
  }
}

}  // namespace ackd
