#include "profile/yaml_document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "text/charset.h"

namespace ackd {
namespace {

struct Trouble {
  YamlPlace place;
  std::string message;
};

YamlPlace place_of(const YAML::Mark& mark) {
  return {mark.line + 1, mark.column + 1};
}

// Builds the tree from the parser's events. After the first trouble it ignores the rest: a handler can stop yaml-cpp
// only by throwing.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::size_t nodes_max) : nodes_max_(nodes_max) {}

  const std::optional<Trouble>& trouble() const { return trouble_; }
  YamlNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (accept(mark, "", anchor)) put(make(YamlNode::Kind::kNothing, mark));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fail(mark, "aliases (*name) are not allowed; write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!accept(mark, tag, anchor)) return;
    YamlNode node = make(YamlNode::Kind::kScalar, mark);
    node.text = value;
    put(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct OpenNode {
    YamlNode node;
    std::optional<YamlNode> key;  // of a map: read, its value not yet
  };

  static YamlNode make(YamlNode::Kind kind, const YAML::Mark& mark) {
    YamlNode node;
    node.kind = kind;
    node.place = place_of(mark);
    return node;
  }

  void fail(YamlPlace place, std::string message) {
    if (!trouble_) trouble_ = Trouble{place, std::move(message)};
  }
  void fail(const YAML::Mark& mark, std::string message) { fail(place_of(mark), std::move(message)); }

  bool accept(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) fail(mark, "anchors (&name) are not allowed; write the value out");
    // "?" is a plain and "!" a quoted value; anything else was written as a tag.
    if (!tag.empty() && tag != "?" && tag != "!") fail(mark, fmt::format("the tag '{}' is not allowed", tag));
    if (++nodes_ > nodes_max_) fail(mark, fmt::format("more than {} values; split the file", nodes_max_));
    return !trouble_;
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (open_.size() >= kYamlDepthMax) fail(mark, fmt::format("nested more than {} deep", kYamlDepthMax));
    if (accept(mark, tag, anchor)) open_.push_back({make(kind, mark), std::nullopt});
  }

  void close() {
    if (trouble_) return;
    YamlNode done = std::move(open_.back().node);
    open_.pop_back();
    put(std::move(done));
  }

  void put(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (open_.back().node.kind == YamlNode::Kind::kList) {
      open_.back().node.items.push_back(std::move(node));
    } else {
      put_in_map(open_.back(), std::move(node));
    }
  }

  void put_in_map(OpenNode& map, YamlNode node) {
    if (map.key) {
      node.key = std::move(map.key->text);
      node.place = map.key->place;
      map.key.reset();
      map.node.items.push_back(std::move(node));
      return;
    }
    if (node.kind != YamlNode::Kind::kScalar) return fail(node.place, "a key must be a text");
    const auto same = std::find_if(map.node.items.begin(), map.node.items.end(),
                                   [&](const YamlNode& item) { return item.key == node.text; });
    if (same != map.node.items.end()) {
      return fail(node.place, fmt::format("the key '{}' is already given in line {}", node.text, same->place.line));
    }
    map.key = std::move(node);
  }

  YamlNode root_;
  std::vector<OpenNode> open_;
  std::optional<Trouble> trouble_;
  std::size_t nodes_max_;
  std::size_t nodes_ = 0;
};

// The only place that touches yaml-cpp's parser, and where its exceptions stop.
std::optional<Trouble> build(std::string_view text, TreeBuilder& builder) {
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return Trouble{{}, "the file is empty"};
    if (builder.trouble()) return builder.trouble();
    TreeBuilder second(kYamlNodesMax);
    if (parser.HandleNextDocument(second))
      return Trouble{{}, "the file holds a second document ('---'); write one a file"};
  } catch (const YAML::Exception& failure) {
    return Trouble{failure.mark.is_null() ? YamlPlace{} : place_of(failure.mark), "not valid YAML: " + failure.msg};
  }
  return std::nullopt;
}

}  // namespace

Result<YamlNode> read_yaml(std::string_view text, const std::string& file, std::size_t bytes_max,
                           std::size_t nodes_max) {
  if (text.size() > bytes_max) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("{}: the file has {} bytes, more than the limit of {}", file, text.size(), bytes_max),
                 {}};
  }
  if (!is_valid_utf8(text) || text.find('\0') != std::string_view::npos) {
    return invalid(fmt::format("{}:1:1: the file is not UTF-8 text; save it as UTF-8", file));
  }
  TreeBuilder builder(nodes_max);
  if (const auto trouble = build(text, builder)) {
    return invalid(fmt::format("{}:{}:{}: {}", file, trouble->place.line, trouble->place.column, trouble->message));
  }
  return builder.take_root();
}

}  // namespace ackd
