#include "ackctl/selection.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <utility>

#include "ackctl/document.h"
#include "ackctl/filter_options.h"
#include "ackctl/list_pages.h"

namespace ackd {
namespace {

Result<NotificationId> parse_id(const std::string& text) {
  if (const auto id = parse_notification_id(text)) return *id;
  return invalid(
      fmt::format("'{}' is not a notification's id: ids are numbers, as 'ackctl ls' shows them; for an "
                  "order number write --order {}",
                  text, text));
}

std::string trimmed(const std::string& line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

Result<std::vector<NotificationId>> ids_of_order(const std::string& order, Client& client) {
  ListPages pages(client, {{"subject", order}}, kSelectionMax);
  std::vector<NotificationId> ids;
  while (!pages.ended()) {
    const auto page = pages.next();
    if (!page) return page.error();
    for (const Document& row : *page) {
      const auto id = parse_id(text_of(row, "id"));
      if (!id) return id.error();
      ids.push_back(*id);
    }
  }
  if (!ids.empty()) return ids;
  return Error{ErrorCode::kNotFound, fmt::format("there is no notification of order '{}'", order), {}};
}

}  // namespace

bool is_empty(const Selection& selection) {
  return selection.ids.empty() && selection.order.empty();
}

void declare_selection(CLI::App& command, Selection& selection) {
  command.add_option("ID", selection.ids, "Ids of notifications; - reads them from standard input, one a line");
  command.add_option("--order,--subject", selection.order, "All notifications of this order number")
      ->check(refuse_empty);
}

Result<std::vector<NotificationId>> read_ids(std::istream& lines) {
  std::vector<NotificationId> ids;
  for (std::string line; std::getline(lines, line);) {
    std::string text = trimmed(line);
    if (text.empty()) continue;
    if (text.front() == '{') {
      const auto document = parse_document(text, "a line of standard input");
      if (!document) return document.error();
      text = text_of(*document, "id");
    }
    const auto id = parse_id(text);
    if (!id) return id.error();
    ids.push_back(*id);
    if (ids.size() > kSelectionMax) break;
  }
  return ids;
}

Result<std::vector<NotificationId>> resolve(const Selection& selection, Client& client, std::istream& input) {
  if (is_empty(selection)) return invalid("name notifications by id, '-' for ids on standard input, or --order NUMBER");
  std::vector<NotificationId> ids;
  for (const std::string& text : selection.ids) {
    if (text == "-") {
      const auto read = read_ids(input);
      if (!read) return read.error();
      ids.insert(ids.end(), read->begin(), read->end());
      continue;
    }
    const auto id = parse_id(text);
    if (!id) return id.error();
    ids.push_back(*id);
  }
  if (!selection.order.empty()) {
    const auto found = ids_of_order(selection.order, client);
    if (!found) return found.error();
    ids.insert(ids.end(), found->begin(), found->end());
  }
  if (ids.size() <= kSelectionMax) return ids;
  return Error{
      ErrorCode::kTooLarge, fmt::format("more than {} ids at once; give them in smaller parts", kSelectionMax), {}};
}

ExitCode do_each(const std::vector<NotificationId>& ids, const std::function<ExitCode(NotificationId)>& do_one) {
  ExitCode code = ExitCode::kOk;
  for (const NotificationId id : ids) {
    const ExitCode one = do_one(id);
    if (one == ExitCode::kUnreachable) return one;
    if (one != ExitCode::kOk) code = one;
  }
  return code;
}

SelectionVerb::SelectionVerb(CLI::App* command) : Verb(command) {
  declare_selection(*command, selection_);
}

void SelectionVerb::begin(std::size_t, const Session&) {}

ExitCode SelectionVerb::run(const Session& session) {
  const auto address = daemon_address(session.options);
  if (!address) return refuse(address.error());
  Client client(*address);
  const auto ids = resolve(selection_, client, std::cin);
  if (!ids) return give_up_selection(ids.error());
  begin(ids->size(), session);
  return do_each(*ids, [&](NotificationId id) { return do_one(id, client, session); });
}

ExitCode give_up_selection(const Error& error) {
  const ExitCode code = give_up(error);
  return error.code == ErrorCode::kInvalid ? ExitCode::kUsage : code;
}

}  // namespace ackd
