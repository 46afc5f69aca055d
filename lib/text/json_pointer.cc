#include "text/json_pointer.h"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "text/charset.h"

namespace ackd {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

// "0", "17": what RFC 6901 takes as an index. "01" and "-" are names.
std::optional<std::size_t> index_of(std::string_view step) {
  if (step.empty() || (step.size() > 1 && step.front() == '0')) return std::nullopt;
  std::size_t index = 0;
  const char* end = step.data() + step.size();
  const auto [stop, error] = std::from_chars(step.data(), end, index);
  return error == std::errc{} && stop == end ? std::optional(index) : std::nullopt;
}

Result<std::string> unescaped(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] != '~') {
      out.push_back(step[i]);
      continue;
    }
    ++i;
    if (i == step.size() || (step[i] != '0' && step[i] != '1')) {
      return invalid("a '~' in a JSON pointer must be ~0 (for ~) or ~1 (for /)");
    }
    out.push_back(step[i] == '0' ? '~' : '/');
  }
  return out;
}

// The first `steps` steps, as parse_json_pointer() reads them.
std::string spelled(const JsonPointer& pointer, std::size_t steps) {
  std::string out;
  for (std::size_t i = 0; i < steps; ++i) {
    out.push_back('/');
    for (const char c : pointer.steps[i]) {
      if (c == '~' || c == '/') {
        out += c == '~' ? "~0" : "~1";
      } else {
        out.push_back(c);
      }
    }
  }
  return out;
}

// A document under construction. What a node is shows with its first child or its value.
struct Node {
  enum class Kind { kUnset, kValue, kList, kObject };
  Kind kind = Kind::kUnset;
  const JsonPart* part = nullptr;  // of a value
  std::vector<std::string> names;  // of an object, one for each child
  std::vector<Node> children;
};

// The child for that step, made when it is new; nullptr where the step contradicts what the node is already.
Node* child_at(Node& node, const std::string& step) {
  const std::optional<std::size_t> index = index_of(step);
  if (node.kind == Node::Kind::kUnset) node.kind = index ? Node::Kind::kList : Node::Kind::kObject;
  std::size_t at = 0;
  if (node.kind == Node::Kind::kList && index) {
    at = *index;
  } else if (node.kind == Node::Kind::kObject && !index) {
    const auto found = std::find(node.names.begin(), node.names.end(), step);
    at = static_cast<std::size_t>(found - node.names.begin());
    if (found == node.names.end()) node.names.push_back(step);
  } else {
    return nullptr;
  }
  if (at > node.children.size()) return nullptr;
  if (at == node.children.size()) node.children.emplace_back();
  return &node.children[at];
}

Status place(Node& root, const JsonPart& part) {
  Node* node = &root;
  const std::vector<std::string>& steps = part.pointer.steps;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Node* next = child_at(*node, steps[i]);
    if (next == nullptr) {
      return invalid(
          fmt::format("'{}' does not fit what stands at '{}' already: a value, an object, a list, or a list "
                      "whose elements before it are missing",
                      spelled(part.pointer, steps.size()), spelled(part.pointer, i)));
    }
    node = next;
  }
  if (steps.empty() || node->kind != Node::Kind::kUnset) {
    return invalid(fmt::format("'{}' is taken already", spelled(part.pointer, steps.size())));
  }
  node->kind = Node::Kind::kValue;
  node->part = &part;
  return Done{};
}

void write_text(Writer& writer, std::string_view text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void write_value(Writer& writer, const JsonPart& part) {
  if (part.form == JsonForm::kString) return write_text(writer, part.value);
  // The type matters to the library for member names only, and this is none.
  writer.RawValue(part.value.data(), part.value.size(), rapidjson::kNullType);
}

// Recursion is as deep as a pointer has steps, which parse_json_pointer() limits.
void write_node(Writer& writer, const Node& node) {
  switch (node.kind) {
    case Node::Kind::kValue: return write_value(writer, *node.part);
    case Node::Kind::kList:
      writer.StartArray();
      for (const Node& child : node.children) write_node(writer, child);
      writer.EndArray();
      return;
    case Node::Kind::kUnset:  // a document without parts
    case Node::Kind::kObject: break;
  }
  writer.StartObject();
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    write_text(writer, node.names[i]);
    write_node(writer, node.children[i]);
  }
  writer.EndObject();
}

const char* form_in_words(JsonForm form) {
  switch (form) {
    case JsonForm::kString: return "a text of valid UTF-8 without NUL";
    case JsonForm::kNumber: return "a JSON number, such as 12.30";
    case JsonForm::kBoolean: return "true or false";
    case JsonForm::kRaw: break;
  }
  return "one JSON text";
}

}  // namespace

Result<JsonPointer> parse_json_pointer(std::string_view text) {
  JsonPointer pointer;
  if (!text.empty() && text.front() != '/') {
    return invalid(
        fmt::format("'{}' is not a JSON pointer: it must start with '/', as in '/resource/id'", shortened(text)));
  }
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view step = text.substr(0, text.find('/'));
    text.remove_prefix(step.size());
    Result<std::string> name = unescaped(step);
    if (!name) return name.error();
    if (!fits(*name, JsonForm::kString)) return invalid("a step of a JSON pointer must be valid UTF-8 without NUL");
    if (pointer.steps.size() == kJsonDepthMax) {
      return invalid(fmt::format("a JSON pointer has at most {} steps", kJsonDepthMax));
    }
    pointer.steps.push_back(*std::move(name));
  }
  return pointer;
}

const JsonValue* find(const JsonValue& document, const JsonPointer& pointer) {
  const JsonValue* value = &document;
  for (const std::string& step : pointer.steps) {
    if (value->kind == JsonKind::kArray) {
      const std::optional<std::size_t> index = index_of(step);
      value = index && *index < value->items.size() ? &value->items[*index] : nullptr;
    } else {
      value = value->find(step);
    }
    if (value == nullptr) return nullptr;
  }
  return value;
}

std::optional<std::string> json_text_at(std::string_view document, const JsonPointer& pointer) {
  const Result<JsonValue> parsed = read_json(document);
  if (!parsed) return std::nullopt;
  const JsonValue* value = find(*parsed, pointer);
  if (value == nullptr) return std::nullopt;
  const bool has_text =
      value->kind == JsonKind::kString || value->kind == JsonKind::kNumber || value->kind == JsonKind::kBoolean;
  return has_text ? std::optional(value->text) : std::nullopt;
}

Result<std::string> json_encode(const std::vector<JsonPart>& parts) {
  Node root;
  for (const JsonPart& part : parts) {
    if (!fits(part.value, part.form)) {
      return invalid(
          fmt::format("'{}' must be {}", spelled(part.pointer, part.pointer.steps.size()), form_in_words(part.form)));
    }
    const Status placed = place(root, part);
    if (!placed) return placed.error();
  }
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  write_node(writer, root);
  return std::string(buffer.GetString(), buffer.GetSize());
}

bool fits(std::string_view value, JsonForm form) {
  switch (form) {
    case JsonForm::kString: return is_valid_utf8(value) && value.find('\0') == std::string_view::npos;
    case JsonForm::kBoolean: return value == "true" || value == "false";
    case JsonForm::kNumber:
    case JsonForm::kRaw: break;
  }
  const Result<JsonValue> parsed = read_json(value);
  if (form == JsonForm::kRaw) return parsed.ok();
  // A token with blanks around it would be sent with them.
  return parsed && parsed->kind == JsonKind::kNumber && parsed->text == value;
}

}  // namespace ackd
