#include "text/json_reader.h"

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "text/charset.h"
#include "text/nearest_name.h"

namespace ackd {
namespace {

// Iterative, so that depth is our decision and not the stack's.
constexpr unsigned kParseFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;

// Builds the tree from the library's events. Returning false stops the reader; `refusal` then says why.
class TreeBuilder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, TreeBuilder> {
 public:
  bool Null() { return add(JsonKind::kNull, {}); }
  bool Bool(bool value) { return add(JsonKind::kBoolean, value ? "true" : "false"); }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    return add(JsonKind::kNumber, std::string(text, length));
  }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    std::string value(text, length);
    return fit_for_text(value) && add(JsonKind::kString, std::move(value));
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    name_.assign(text, length);
    return fit_for_text(name_);
  }
  bool StartObject() { return open(); }
  bool StartArray() { return open(); }
  bool EndObject(rapidjson::SizeType count) {
    JsonValue object{JsonKind::kObject, {}, {}, {}};
    const auto first = read_.end() - static_cast<std::ptrdiff_t>(count);
    object.members.assign(std::move_iterator(first), std::move_iterator(read_.end()));
    return refuse_twins(object) && close(std::move(object), count);
  }
  bool EndArray(rapidjson::SizeType count) {
    JsonValue array{JsonKind::kArray, {}, {}, {}};
    array.items.reserve(count);
    for (auto item = read_.end() - static_cast<std::ptrdiff_t>(count); item != read_.end(); ++item) {
      array.items.push_back(std::move(item->value));
    }
    return close(std::move(array), count);
  }

  std::optional<Error> refusal;
  bool not_utf8 = false;  // why it was refused
  JsonValue take_root() { return std::move(read_.front().value); }

 private:
  static constexpr std::size_t kUsualValues = 32;  // of one notification

  bool refuse(Error error) {
    refusal = std::move(error);
    return false;
  }

  bool count_value() {
    if (++values_ <= kJsonValuesMax) return true;
    return refuse({ErrorCode::kTooLarge,
                   fmt::format("the JSON holds more than {} values; send it in smaller parts", kJsonValuesMax),
                   {}});
  }

  bool add(JsonKind kind, std::string text) {
    if (!count_value()) return false;
    if (read_.empty()) read_.reserve(kUsualValues);
    read_.push_back({std::exchange(name_, {}), JsonValue{kind, std::move(text), {}, {}}});
    return true;
  }

  bool open() {
    if (!count_value()) return false;
    if (open_.size() == kJsonDepthMax) {
      return refuse(invalid(fmt::format("the JSON is nested deeper than {} levels", kJsonDepthMax)));
    }
    open_.push_back(std::exchange(name_, {}));
    return true;
  }

  // A container has been read, of whose values it takes the place.
  bool close(JsonValue container, std::size_t count) {
    read_.resize(read_.size() - count);
    read_.push_back({std::move(open_.back()), std::move(container)});
    open_.pop_back();
    return true;
  }

  // What the library would let through even if it looked: an escaped lone low surrogate.
  bool fit_for_text(std::string_view text) {
    not_utf8 = !is_valid_utf8(text);
    if (not_utf8) return refuse(invalid("a string holds half a surrogate pair, which is no character"));
    if (text.find('\0') != std::string_view::npos) {
      return refuse(invalid("a string holds the character NUL (\\u0000), which no protocol can carry"));
    }
    return true;
  }

  // Sorting positions keeps a hostile object of half a million members cheap.
  bool refuse_twins(const JsonValue& object) {
    std::vector<std::size_t> order(object.members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto name = [&](std::size_t at) -> const std::string& { return object.members[at].name; };
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return name(a) < name(b); });
    const auto twin = std::adjacent_find(order.begin(), order.end(),
                                         [&](std::size_t a, std::size_t b) { return name(a) == name(b); });
    if (twin == order.end()) return true;
    return refuse(invalid(fmt::format("'{}' is given twice in one object; give it once", name(*twin)), name(*twin)));
  }

  std::vector<JsonMember> read_;   // what no container that was read whole holds, in the order of the text
  std::vector<std::string> open_;  // the names that the containers that are being read will have
  std::string name_;
  std::size_t values_ = 0;
};

std::string place(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == std::string_view::npos ? offset + 1 : offset - newline;
  return fmt::format("line {}, column {}", line, column);
}

Error syntax_error(std::string_view text, const rapidjson::ParseResult& parsed) {
  return invalid(fmt::format("this is not JSON: {} ({})", rapidjson::GetParseError_En(parsed.Code()),
                             place(text, std::min(parsed.Offset(), text.size()))));
}

// `text` ends behind a string that is no UTF-8. The library can say where, but takes its time to look at each byte;
// what it finds nothing wrong with is half a surrogate pair.
Error why_not_utf8(std::string_view text, Error surrogate) {
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::BaseReaderHandler<> nobody;
  const rapidjson::ParseResult parsed =
      rapidjson::Reader().Parse<kParseFlags | rapidjson::kParseValidateEncodingFlag>(stream, nobody);
  return parsed.Code() == rapidjson::kParseErrorStringInvalidEncoding ? syntax_error(text, parsed) : surrogate;
}

}  // namespace

const char* name_of(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull: return "null";
    case JsonKind::kBoolean: return "a boolean";
    case JsonKind::kNumber: return "a number";
    case JsonKind::kString: return "a string";
    case JsonKind::kArray: return "an array";
    case JsonKind::kObject: return "an object";
  }
  return "unknown";
}

const JsonValue* JsonValue::find(std::string_view name) const {
  const auto found = std::find_if(members.begin(), members.end(), [&](const JsonMember& m) { return m.name == name; });
  return found == members.end() ? nullptr : &found->value;
}

JsonValue* JsonValue::find(std::string_view name) {
  return const_cast<JsonValue*>(std::as_const(*this).find(name));
}

Result<JsonValue> read_json(std::string_view text) {
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  TreeBuilder builder;
  const rapidjson::ParseResult parsed = reader.Parse<kParseFlags>(stream, builder);
  if (builder.not_utf8) return why_not_utf8(text.substr(0, stream.Tell()), std::move(*builder.refusal));
  if (builder.refusal) return std::move(*builder.refusal);
  if (parsed.IsError()) return syntax_error(text, parsed);
  // The library takes a NUL for the text's end, and would let anything pass that stands behind one.
  if (stream.Tell() != text.size()) {
    return invalid(fmt::format("this is not JSON: a NUL stands behind the document ({})", place(text, stream.Tell())));
  }
  return builder.take_root();
}

std::optional<Error> find_unknown_member(const JsonValue& object, const std::vector<std::string>& known,
                                         std::string_view what) {
  for (const JsonMember& member : object.members) {
    if (std::find(known.begin(), known.end(), member.name) != known.end()) continue;
    const std::string name = shortened(member.name);
    const std::string hint = did_you_mean(name, known);
    return invalid(fmt::format("{} has no '{}'{}", what, name, hint.empty() ? "; it takes " + join_or(known) : hint),
                   name);
  }
  return std::nullopt;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t kBytesShown = 64;
  if (text.size() <= kBytesShown) return std::string(text);
  std::size_t end = kBytesShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace ackd
