// The keys that a verb's options name. A key is never a word of the command line, where every user of the machine can
// read it: it comes from a file that only its owner can read, or from standard input.
#pragma once

#include <string>
#include <vector>

#include "ackctl/document.h"
#include "base/result.h"

namespace CLI {
class App;
}

namespace ackd {

// As given. A word is "FILE" or "ID=FILE"; the file "-" is standard input. Without an ID the key has the file's name;
// a private key without one belongs to the secret of the same place, where there is one.
struct GivenKeys {
  std::vector<std::string> files;
  std::vector<std::string> private_files;
  std::string standard_input;  // "-" or "ID=-"
  // A rotation of the keys that are there.
  std::string added_file;
  std::string added_private_file;
  std::vector<std::string> dropped;  // ids

  bool replaces() const { return !files.empty() || !private_files.empty() || !standard_input.empty(); }
  bool rotates() const { return !added_file.empty() || !added_private_file.empty() || !dropped.empty(); }
  bool is_empty() const { return !replaces() && !rotates(); }
};

// Declares --key-file, --private-key-file and --key on `command`.
void declare_keys(CLI::App& command, GivenKeys& given);
// Declares those, and --add-key, --add-private-key and --drop-key, which exclude them.
void declare_key_changes(CLI::App& command, GivenKeys& given);

// The list of keys as the API takes it, with the secrets in it: not for anybody's eyes. `present` are the keys that are
// there as the API shows them. An added key stands in front of the first of them that is kept, and a third one falls
// out: the API holds two. REQUIRES: !given.is_empty().
Result<Document> keys_of(const GivenKeys& given, const Document& present);

// One key: {"id", "secret"?, "private_key"?} from its files; an empty path is none. A relative path is looked up in
// `folder`. The error's field is "key_file" or "private_key_file".
Result<Document> read_key(const std::string& id, const std::string& file, const std::string& private_file,
                          const std::string& folder);

}  // namespace ackd
