// One atomic import of merchants: lines go to the daemon in chunks, and nothing is changed before the commit.
//
//   begin -> add line -> ... -> finish_lines -> commit | drop
//
// An import that is left behind changes nothing; the daemon forgets it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ackctl/client.h"
#include "ackctl/document.h"
#include "base/result.h"

namespace ackd {

// The daemon takes 256 KiB at once; the rest is room for what it may count besides.
inline constexpr std::size_t kImportChunkBytesMax = 200 * 1024;

// What is wrong with one line of the file.
struct LineError {
  std::size_t line = 0;  // of the file, blank lines counted, from 1
  std::string field;
  std::string detail;
};

// The line as the daemon takes it: where it names key files ("key_file", "private_key_file", in one of "keys" or in the
// merchant itself as the configuration has it), their content stands in its place. Relative paths are looked up in
// `folder`. Any other line comes back byte for byte. The error's field is the member's path.
Result<std::string> with_keys_read(const std::string& line, const std::string& folder);

class MerchantImport {
 public:
  // The client must outlive the import. `key_folder` is where relative paths of key files begin.
  MerchantImport(Client& client, std::string key_folder);

  Status begin();
  // The next line of the file. What is wrong with a line is found in errors(), at the latest after finish_lines(); an
  // error here ends the import.
  Status add(const std::string& line);
  Status finish_lines();
  // What the daemon tells: {"added", "changed", "unchanged"}. REQUIRES: finish_lines() was called, no errors().
  Result<Document> commit();
  // Nothing was changed and nothing will be.
  Status drop();

  std::size_t merchants() const { return file_lines_.size(); }
  std::size_t bytes_read() const { return bytes_read_; }
  const std::vector<LineError>& errors() const { return errors_; }

 private:
  Status flush();
  std::size_t file_line(std::int64_t sent_line) const;

  Client& client_;
  std::string key_folder_;
  std::string path_;
  std::string chunk_;
  std::size_t lines_read_ = 0;
  std::size_t bytes_read_ = 0;
  // For each line sent the line of the file: blank and wrong ones are not sent.
  std::vector<std::uint32_t> file_lines_;
  std::vector<LineError> errors_;
};

}  // namespace ackd
