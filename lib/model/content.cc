#include "model/content.h"

#include <algorithm>
#include <cstdint>

namespace ackd {
namespace {

constexpr char kVersion = 1;

void put_length(std::string& out, std::size_t length) {
  // LEB128: most names and values are shorter than 128 bytes and cost one byte.
  while (length >= 0x80) {
    out.push_back(static_cast<char>(0x80 | (length & 0x7f)));
    length >>= 7;
  }
  out.push_back(static_cast<char>(length));
}

void put(std::string& out, std::string_view bytes) {
  put_length(out, bytes.size());
  out.append(bytes);
}

std::size_t length_bytes(std::size_t length) {
  return length < 0x80 ? 1 : 1 + length_bytes(length >> 7);
}

std::size_t put_bytes(std::string_view bytes) {
  return length_bytes(bytes.size()) + bytes.size();
}

template <typename AnyContent>
std::size_t bytes_of(const AnyContent& content) {
  std::size_t bytes = 1 + length_bytes(content.fields.size());
  for (const auto& field : content.fields) bytes += put_bytes(field.name) + put_bytes(field.value);
  return bytes + put_bytes(content.body);
}

template <typename AnyContent>
std::string encode_content(const AnyContent& content) {
  std::string out;
  out.reserve(bytes_of(content));
  out.push_back(kVersion);
  put_length(out, content.fields.size());
  for (const auto& field : content.fields) {
    put(out, field.name);
    put(out, field.value);
  }
  put(out, content.body);
  return out;
}

bool take_length(std::string_view& in, std::size_t& length) {
  length = 0;
  for (unsigned shift = 0; shift < 35 && !in.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(in.front());
    in.remove_prefix(1);
    length |= static_cast<std::size_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

bool take(std::string_view& in, std::string& out) {
  std::size_t length = 0;
  if (!take_length(in, length) || length > in.size()) return false;
  out.assign(in.substr(0, length));
  in.remove_prefix(length);
  return true;
}

}  // namespace

const std::string* find_field(const Fields& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
  return found == fields.end() ? nullptr : &found->value;
}

ContentView by_name(const Fields& fields) {
  ContentView view;
  view.fields.reserve(fields.size());
  for (const Field& field : fields) view.fields.push_back({field.name, field.value});
  std::stable_sort(view.fields.begin(), view.fields.end(),
                   [](const FieldView& a, const FieldView& b) { return a.name < b.name; });
  return view;
}

std::string encode(const Content& content) {
  return encode_content(content);
}

std::string ContentView::encode() const {
  return encode_content(*this);
}

std::size_t encoded_bytes(const Content& content) {
  return bytes_of(content);
}

std::optional<Content> decode_content(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kVersion) return std::nullopt;
  bytes.remove_prefix(1);
  std::size_t count = 0;
  // Each field costs at least two bytes, which bounds the reservation by what is really there.
  if (!take_length(bytes, count) || count > bytes.size() / 2) return std::nullopt;
  Content content;
  content.fields.resize(count);
  for (Field& field : content.fields) {
    if (!take(bytes, field.name) || !take(bytes, field.value)) return std::nullopt;
  }
  if (!take(bytes, content.body) || !bytes.empty()) return std::nullopt;
  return content;
}

}  // namespace ackd
