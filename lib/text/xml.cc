#include "text/xml.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <pugixml.hpp>

#include "text/charset.h"
#include "text/json_reader.h"

namespace ackd {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kCdataOpen = "<![CDATA[";
constexpr std::string_view kCdataClose = "]]>";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(kBlanks) == std::string_view::npos;
}

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '\r': out += "&#13;"; break;  // as it is, a reader would make a line feed of it
      default: out.push_back(c);
    }
  }
}

// Two things cannot stand inside a section: its own end, and a carriage return, of which a reader would make a line
// feed. The value then continues in another section.
void append_cdata(std::string& out, std::string_view value) {
  out += kCdataOpen;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\r') {
      out += "]]>&#13;<![CDATA[";
    } else if (value.substr(i).starts_with(kCdataClose)) {
      out += "]]]]><![CDATA[>";
      i += kCdataClose.size() - 1;
    } else {
      out.push_back(value[i]);
    }
  }
  out += kCdataClose;
}

bool is_name_start(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool is_name_part(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

// REQUIRES: `code` is a character of XML.
void append_utf8(std::string& out, std::uint32_t code) {
  const auto push = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    push(code);
  } else if (code < 0x800) {
    push(0xC0 | code >> 6);
    push(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    push(0xE0 | code >> 12);
    push(0x80 | (code >> 6 & 0x3F));
    push(0x80 | (code & 0x3F));
  } else {
    push(0xF0 | code >> 18);
    push(0x80 | (code >> 12 & 0x3F));
    push(0x80 | (code >> 6 & 0x3F));
    push(0x80 | (code & 0x3F));
  }
}

bool is_xml_character(std::uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code < 0xD800 || (code >= 0xE000 && code < 0xFFFE) || (code >= 0x10000 && code <= 0x10FFFF);
}

// "#13" or "#xD", without '&' and ';'.
std::optional<std::uint32_t> character_reference(std::string_view reference) {
  reference.remove_prefix(1);
  const bool hex = reference.starts_with('x');
  if (hex) reference.remove_prefix(1);
  std::uint32_t code = 0;
  const char* end = reference.data() + reference.size();
  const auto [stop, error] = std::from_chars(reference.data(), end, code, hex ? 16 : 10);
  if (error != std::errc{} || stop != end || !is_xml_character(code)) return std::nullopt;
  return code;
}

bool append_reference(std::string& out, std::string_view reference) {
  struct Entity {
    std::string_view name;
    char character;
  };
  static constexpr std::array<Entity, 5> kEntities{
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  for (const Entity& entity : kEntities) {
    if (reference != entity.name) continue;
    out.push_back(entity.character);
    return true;
  }
  const auto code = reference.starts_with('#') ? character_reference(reference) : std::nullopt;
  if (code) append_utf8(out, *code);
  return code.has_value();
}

// Text outside of CDATA with its references resolved; false for one that XML itself does not define. Done here because
// pugixml leaves unknown ones as they are and cuts the text at &#0;.
bool append_resolved(std::string& out, std::string_view text) {
  while (true) {
    const std::size_t ampersand = text.find('&');
    out += text.substr(0, ampersand);
    if (ampersand == std::string_view::npos) return true;
    text.remove_prefix(ampersand + 1);
    const std::size_t semicolon = text.find(';');
    if (semicolon == std::string_view::npos || !append_reference(out, text.substr(0, semicolon))) return false;
    text.remove_prefix(semicolon + 1);
  }
}

Error malformed(std::string_view what) {
  return invalid(fmt::format("the body is not well-formed XML: {}", what));
}

// pugixml parses and frees without recursion, so depth costs no stack, and it expands no entities.
constexpr unsigned kParseFlags = pugi::parse_cdata | pugi::parse_eol | pugi::parse_ws_pcdata | pugi::parse_doctype |
                                 pugi::parse_declaration | pugi::parse_fragment;

// The one element that a document must have. pugixml itself would let text, doctypes and further elements beside it
// pass.
Result<pugi::xml_node> find_root(const pugi::xml_document& parsed) {
  pugi::xml_node root;
  for (const pugi::xml_node node : parsed.children()) {
    switch (node.type()) {
      case pugi::node_doctype: return malformed("document types are not taken");
      case pugi::node_cdata: return malformed("there is text outside of the root element");
      case pugi::node_pcdata:
        if (!is_blank(node.value())) return malformed("there is text outside of the root element");
        break;
      case pugi::node_element:
        if (root) return malformed("there is more than one root element");
        root = node;
        break;
      default: break;
    }
  }
  if (!root) return malformed("there is no element");
  return root;
}

// What <?xml version="1.0" encoding="GBK"?> names; UTF-8 where nothing is named.
std::optional<Charset> declared_charset(std::string_view document) {
  const std::string_view declaration = document.substr(0, document.find("?>"));
  const std::size_t key = declaration.find("encoding");
  if (!declaration.starts_with("<?xml") || key == std::string_view::npos) return Charset::kUtf8;
  const std::size_t open = declaration.find_first_of("'\"", key);
  if (open == std::string_view::npos) return std::nullopt;
  std::string name(declaration.substr(open + 1, declaration.find(declaration[open], open + 1) - open - 1));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name == "gb2312" ? Charset::kGbk : parse_charset(name);
}

Result<std::string> as_utf8(std::string_view document) {
  const std::optional<Charset> charset = declared_charset(document);
  if (!charset) return malformed("its declaration names a charset that is not known here");
  Result<std::string> text = to_utf8(document, *charset);
  return text ? text : malformed(text.error().message);
}

Result<pugi::xml_node> parse(pugi::xml_document& parsed, std::string_view original) {
  // A merchant's server may declare another charset and then write UTF-8 all the same.
  const Result<std::string> document = is_valid_utf8(original) ? std::string(original) : as_utf8(original);
  if (!document) return document.error();
  if (!is_xml_text(*document)) return malformed("it holds characters that XML does not allow");
  const pugi::xml_parse_result result =
      parsed.load_buffer(document->data(), document->size(), kParseFlags, pugi::encoding_utf8);
  if (!result) return malformed(fmt::format("{} at byte {}", result.description(), result.offset));
  return find_root(parsed);
}

Result<std::string> text_of(const pugi::xml_node& element) {
  std::string text;
  for (const pugi::xml_node node : element.children()) {
    if (node.type() == pugi::node_element) {
      return invalid(fmt::format("<{}> has elements inside, where a text was expected", shortened(element.name())));
    }
    if (node.type() == pugi::node_cdata) {
      text += node.value();
    } else if (node.type() == pugi::node_pcdata && !append_resolved(text, node.value())) {
      return malformed(fmt::format("<{}> has an '&' that starts no known reference", shortened(element.name())));
    }
  }
  return text;
}

// The text between an element's tags, which this reads without a parser: CDATA sections and plain text in turn.
std::optional<std::string> flat_text(std::string_view content) {
  std::string text;
  while (true) {
    const std::size_t markup = content.find('<');
    if (!append_resolved(text, content.substr(0, markup))) return std::nullopt;
    if (markup == std::string_view::npos) return text;
    content.remove_prefix(markup);
    const std::size_t end = content.find(kCdataClose);
    if (!content.starts_with(kCdataOpen) || end == std::string_view::npos) return std::nullopt;
    text += content.substr(kCdataOpen.size(), end - kCdataOpen.size());
    content.remove_prefix(end + kCdataClose.size());
  }
}

// Drops everything up to and with the first `tag` ("<result", "</result") that ends there and not in a longer name, and
// returns what was before it; nothing when there is none.
std::optional<std::string_view> take_until_tag(std::string_view& text, std::string_view tag) {
  std::size_t at = text.find(tag);
  while (at != std::string_view::npos) {
    const std::size_t behind = at + tag.size();
    if (behind < text.size() && !is_name_part(text[behind]) && text[behind] != ':') {
      const std::string_view before = text.substr(0, at);
      text.remove_prefix(behind);
      return before;
    }
    at = text.find(tag, behind);
  }
  return std::nullopt;
}

}  // namespace

std::string xml_encode(std::string_view root, const Fields& fields, bool cdata) {
  std::string out = fmt::format("<{}>\n", root);
  for (const Field& field : fields) {
    out += fmt::format("  <{}>", field.name);
    if (cdata) {
      append_cdata(out, field.value);
    } else {
      append_escaped(out, field.value);
    }
    out += fmt::format("</{}>\n", field.name);
  }
  return out + fmt::format("</{}>", root);
}

bool is_xml_text(std::string_view utf8) {
  if (!is_valid_utf8(utf8)) return false;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x20 && !is_xml_character(byte)) return false;
    if (byte == 0xEF && (utf8.substr(i, 3) == "\xEF\xBF\xBE" || utf8.substr(i, 3) == "\xEF\xBF\xBF")) return false;
  }
  return true;
}

bool is_xml_name(std::string_view text) {
  return !text.empty() && is_name_start(text.front()) && std::all_of(text.begin(), text.end(), is_name_part);
}

Result<std::string> xml_child_text(std::string_view document, std::string_view name) {
  pugi::xml_document parsed;
  const Result<pugi::xml_node> root = parse(parsed, document);
  if (!root) return root.error();
  pugi::xml_node found;
  for (const pugi::xml_node child : root->children()) {
    if (child.type() != pugi::node_element || child.name() != name) continue;
    if (found) return invalid(fmt::format("the XML has more than one {}", name));
    found = child;
  }
  if (!found) return Error{ErrorCode::kNotFound, fmt::format("the XML has no {}", name), {}};
  return text_of(found);
}

std::optional<std::string> first_element_text(std::string_view text, std::string_view name) {
  if (!take_until_tag(text, fmt::format("<{}", name))) return std::nullopt;
  const std::size_t tag_end = text.find('>');
  if (tag_end == std::string_view::npos) return std::nullopt;
  const bool empty_element = tag_end > 0 && text[tag_end - 1] == '/';
  if (empty_element) return std::string();
  text.remove_prefix(tag_end + 1);
  const auto content = take_until_tag(text, fmt::format("</{}", name));
  if (!content || !trimmed(text).starts_with('>')) return std::nullopt;
  const auto flat = flat_text(*content);
  if (!flat) return std::nullopt;
  return std::string(trimmed(*flat));
}

Result<Fields> xml_decode(std::string_view document) {
  pugi::xml_document parsed;
  const Result<pugi::xml_node> root = parse(parsed, document);
  if (!root) return root.error();
  Fields fields;
  for (const pugi::xml_node child : root->children()) {
    if (child.type() == pugi::node_element) {
      Result<std::string> text = text_of(child);
      if (!text) return Error{text.error().code, text.error().message, shortened(child.name())};
      fields.push_back({child.name(), *std::move(text)});
    } else if (!is_blank(child.value())) {
      return invalid("there is text between the elements");
    }
  }
  return fields;
}

}  // namespace ackd
