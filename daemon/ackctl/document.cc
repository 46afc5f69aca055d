#include "ackctl/document.h"

#include <fmt/format.h>

#include "ackctl/printable.h"

namespace ackd {

Result<Document> parse_document(std::string_view text, std::string_view what) {
  Document document = Document::parse(text, nullptr, false);
  if (document.is_discarded()) {
    return invalid(fmt::format("{} is not JSON: '{}'", what, printable(text.substr(0, 80))));
  }
  return document;
}

std::string text_of(const Document& document, const char* name) {
  if (!document.is_object()) return {};
  const auto member = document.find(name);
  if (member == document.end() || member->is_null()) return {};
  if (member->is_string()) return member->get<std::string>();
  return member->dump(-1, ' ', false, Document::error_handler_t::replace);
}

std::int64_t number_of(const Document& document, const char* name) {
  if (!document.is_object()) return 0;
  const auto member = document.find(name);
  return member != document.end() && member->is_number() ? member->get<std::int64_t>() : 0;
}

bool flag_of(const Document& document, const char* name) {
  if (!document.is_object()) return false;
  const auto member = document.find(name);
  return member != document.end() && member->is_boolean() && member->get<bool>();
}

Document part_of(const Document& document, const char* name) {
  if (!document.is_object()) return Document::array();
  const auto member = document.find(name);
  return member != document.end() && member->is_structured() ? *member : Document::array();
}

std::string to_line(const Document& document) {
  return printable_json(document.dump(-1, ' ', false, Document::error_handler_t::replace));
}

}  // namespace ackd
