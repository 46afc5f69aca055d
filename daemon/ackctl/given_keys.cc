#include "ackctl/given_keys.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "ackctl/prompt.h"
#include "base/secret.h"
#include "config/key_file.h"
#include "text/charset.h"

namespace ackd {
namespace {

// A key from standard input has no file's name.
constexpr const char* kUnnamed = "key";
constexpr std::size_t kKeysMax = 2;

struct GivenFile {
  std::string id;
  std::string path;
  bool is_named = false;
};

// "ID=FILE". A '=' behind a '/' is part of the path: ids of keys are names, not paths.
GivenFile read_word(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals != std::string::npos && word.find('/') > equals) {
    return {word.substr(0, equals), word.substr(equals + 1), true};
  }
  return {word == "-" ? kUnnamed : std::filesystem::path(word).filename().string(), word, false};
}

// Whoever wrote the key itself has shown it already; repeating it in the message would show it once more.
std::string check_standard_input(const std::string& word) {
  if (read_word(word).path == "-") return {};
  return "takes '-' or 'ID=-' and reads the key from standard input. If that was the key itself, others may have seen "
         "it in the list of processes: replace it";
}

// Documents carry text. A key of other bytes would arrive changed, and every signature with it would be wrong.
Result<Secret> read_file(const std::string& path, const std::string& folder) {
  const std::string file = path == "-" || folder.empty() ? path : (std::filesystem::path(folder) / path).string();
  Result<Secret> key = path == "-" ? read_secret("Key") : read_key_file(file);
  if (!key || is_valid_utf8(key->reveal())) return key;
  return invalid(fmt::format("the key in {} is not text; write it as the provider's documentation does", file));
}

Status read_part(const std::string& path, const std::string& folder, const char* field, const char* part,
                 Document& key) {
  if (path.empty()) return Done{};
  const Result<Secret> secret = read_file(path, folder);
  if (!secret) return Error{secret.error().code, secret.error().message, field};
  key[part] = secret->reveal();
  return Done{};
}

struct KeyFiles {
  std::string id;
  std::string file;
  std::string private_file;
};

Result<std::vector<KeyFiles>> files_of(const GivenKeys& given) {
  std::vector<std::string> words = given.files;
  if (!given.standard_input.empty()) words.push_back(given.standard_input);
  std::vector<KeyFiles> keys;
  const auto find = [&](const std::string& id) {
    return std::find_if(keys.begin(), keys.end(), [&](const KeyFiles& key) { return key.id == id; });
  };
  for (const std::string& word : words) {
    const GivenFile file = read_word(word);
    if (find(file.id) != keys.end()) {
      return invalid(fmt::format("two keys are named '{}'; tell them apart by ID=FILE", file.id));
    }
    keys.push_back({file.id, file.path, {}});
  }
  for (std::size_t place = 0; place < given.private_files.size(); ++place) {
    GivenFile file = read_word(given.private_files[place]);
    if (!file.is_named && place < words.size()) file.id = keys[place].id;
    auto key = find(file.id);
    if (key == keys.end()) key = keys.insert(keys.end(), {file.id, {}, {}});
    if (!key->private_file.empty()) {
      return invalid(fmt::format("key '{}' has two private keys; tell them apart by ID=FILE", file.id));
    }
    key->private_file = file.path;
  }
  return keys;
}

Result<Document> replacing_keys(const GivenKeys& given) {
  const Result<std::vector<KeyFiles>> files = files_of(given);
  if (!files) return files.error();
  Document keys = Document::array();
  for (const KeyFiles& file : *files) {
    Result<Document> key = read_key(file.id, file.file, file.private_file, "");
    if (!key) return key;
    keys.push_back(*std::move(key));
  }
  return keys;
}

Status drop_key(const std::string& id, std::vector<std::string>& ids) {
  const auto found = std::find(ids.begin(), ids.end(), id);
  if (found == ids.end()) {
    return Error{ErrorCode::kNotFound, fmt::format("there is no key '{}' to drop", id), {}};
  }
  ids.erase(found);
  return Done{};
}

Result<Document> added_key(const GivenKeys& given, const std::vector<std::string>& ids) {
  GivenKeys added;
  if (!given.added_file.empty()) added.files.push_back(given.added_file);
  if (!given.added_private_file.empty()) added.private_files.push_back(given.added_private_file);
  const Result<std::vector<KeyFiles>> files = files_of(added);
  if (!files) return files.error();
  if (files->size() != 1) return invalid("one key at a time: --add-key and --add-private-key name two");
  const KeyFiles& file = files->front();
  if (std::find(ids.begin(), ids.end(), file.id) != ids.end()) {
    return Error{ErrorCode::kConflict,
                 fmt::format("there is a key '{}' already; give the new one another name: ID=FILE", file.id),
                 {}};
  }
  return read_key(file.id, file.file, file.private_file, "");
}

Result<Document> rotated_keys(const GivenKeys& given, const Document& present) {
  std::vector<std::string> ids;
  for (const Document& key : present) ids.push_back(text_of(key, "id"));
  const std::vector<std::string> before = ids;
  for (const std::string& id : given.dropped) {
    if (const Status dropped = drop_key(id, ids); !dropped) return dropped.error();
  }
  Document keys = Document::array();
  if (!given.added_file.empty() || !given.added_private_file.empty()) {
    Result<Document> added = added_key(given, before);
    if (!added) return added;
    keys.push_back(*std::move(added));
  }
  for (const std::string& id : ids) {
    if (keys.size() < kKeysMax) keys.push_back({{"id", id}});
  }
  return keys;
}

}  // namespace

void declare_keys(CLI::App& command, GivenKeys& given) {
  command
      .add_option("--key-file", given.files, "File with the secret, mode 0600: FILE or ID=FILE; repeat for a second")
      ->allow_extra_args(false);
  command
      .add_option("--private-key-file", given.private_files,
                  "File with the platform's private key (PEM), mode 0600: FILE or ID=FILE")
      ->allow_extra_args(false);
  command
      .add_option("--key", given.standard_input,
                  "'-' or 'ID=-': the secret from standard input, asked for without echo on a terminal")
      ->check(CLI::Validator(check_standard_input, ""));
}

void declare_key_changes(CLI::App& command, GivenKeys& given) {
  declare_keys(command, given);
  CLI::Option* changes[] = {
      command.add_option("--add-key", given.added_file,
                         "A new secret in front, FILE or ID=FILE ('-': standard input); the first so far is kept"),
      command.add_option("--add-private-key", given.added_private_file, "The same with a private key (PEM)"),
      command.add_option("--drop-key", given.dropped, "The id of a key that is used no more")->allow_extra_args(false)};
  for (CLI::Option* change : changes) {
    for (const char* replacing : {"--key-file", "--private-key-file", "--key"}) {
      change->excludes(command.get_option(replacing));
    }
  }
}

Result<Document> keys_of(const GivenKeys& given, const Document& present) {
  return given.rotates() ? rotated_keys(given, present) : replacing_keys(given);
}

Result<Document> read_key(const std::string& id, const std::string& file, const std::string& private_file,
                          const std::string& folder) {
  Document key{{"id", id}};
  if (const Status read = read_part(file, folder, "key_file", "secret", key); !read) return read.error();
  if (const Status read = read_part(private_file, folder, "private_key_file", "private_key", key); !read) {
    return read.error();
  }
  return key;
}

}  // namespace ackd
