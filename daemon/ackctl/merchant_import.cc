#include "ackctl/merchant_import.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "ackctl/daemon_answer.h"
#include "ackctl/given_keys.h"

namespace ackd {
namespace {

constexpr const char* kFile = "key_file";
constexpr const char* kPrivateFile = "private_key_file";

bool names_files(const Document& object) {
  return object.is_object() && (object.contains(kFile) || object.contains(kPrivateFile));
}

// Replaces the files of `object`, whose key's id stands in the member `id_name`, by what they hold.
Result<Document> key_of(const Document& object, const char* id_name, const std::string& folder) {
  const std::string file = text_of(object, kFile);
  const std::string private_file = text_of(object, kPrivateFile);
  std::string id = text_of(object, id_name);
  if (id.empty()) id = std::filesystem::path(file.empty() ? private_file : file).filename().string();
  return read_key(id, file, private_file, folder);
}

// In the manner of the configuration: the merchant's one key stands in its own members.
Status read_own_key(Document& merchant, const std::string& folder) {
  if (!names_files(merchant)) return Done{};
  if (merchant.contains("keys")) return invalid("stands beside keys; write it into one of them", kFile);
  Result<Document> key = key_of(merchant, "key_id", folder);
  if (!key) return key.error();
  for (const char* name : {kFile, kPrivateFile, "key_id"}) merchant.erase(name);
  merchant["keys"] = Document::array({*std::move(key)});
  return Done{};
}

Status read_listed_key(Document& listed, const std::string& folder) {
  if (!names_files(listed)) return Done{};
  Result<Document> key = key_of(listed, "id", folder);
  if (!key) return key.error();
  for (const char* name : {kFile, kPrivateFile}) listed.erase(name);
  for (const auto& [name, value] : key->items()) listed[name] = value;
  return Done{};
}

Status read_listed_keys(Document& merchant, const std::string& folder) {
  if (!merchant.contains("keys") || !merchant["keys"].is_array()) return Done{};
  std::size_t place = 0;
  for (Document& listed : merchant["keys"]) {
    if (const Status read = read_listed_key(listed, folder); !read) {
      return Error{read.error().code, read.error().message, fmt::format("keys[{}].{}", place, read.error().field)};
    }
    ++place;
  }
  return Done{};
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// Reading key files may have made it longer.
Result<std::string> line_to_send(const std::string& line, const std::string& key_folder) {
  Result<std::string> read = with_keys_read(line, key_folder);
  if (!read || read->size() < kImportChunkBytesMax) return read;
  return invalid(fmt::format("the line has more than {} bytes", kImportChunkBytesMax - 1));
}

}  // namespace

Result<std::string> with_keys_read(const std::string& line, const std::string& folder) {
  // Most lines name none and are not looked into: the daemon reads them more strictly than we would.
  if (line.find("key_file\"") == std::string::npos) return line;
  Document merchant = Document::parse(line, nullptr, false);
  if (!merchant.is_object()) return line;
  if (const Status read = read_own_key(merchant, folder); !read) return read.error();
  if (const Status read = read_listed_keys(merchant, folder); !read) return read.error();
  return merchant.dump();
}

MerchantImport::MerchantImport(Client& client, std::string key_folder)
    : client_(client), key_folder_(std::move(key_folder)) {}

Status MerchantImport::begin() {
  const Result<Document> opened = document_of(client_.post("/v1/merchant-imports", ""));
  if (!opened) return opened.error();
  const std::string id = text_of(*opened, "id");
  if (id.empty()) return invalid("the daemon's answer names no import; is it another version of ackd?");
  path_ = "/v1/merchant-imports/" + client_.escaped(id);
  return Done{};
}

Status MerchantImport::add(const std::string& line) {
  ++lines_read_;
  bytes_read_ += line.size() + 1;
  if (is_blank(line) && line.size() < kImportChunkBytesMax) return Done{};
  const Result<std::string> read = line_to_send(line, key_folder_);
  if (!read) {
    errors_.push_back({lines_read_, read.error().field, read.error().message});
    return Done{};
  }
  if (chunk_.size() + read->size() + 1 > kImportChunkBytesMax) {
    if (const Status flushed = flush(); !flushed) return flushed;
  }
  chunk_ += *read + "\n";
  file_lines_.push_back(static_cast<std::uint32_t>(lines_read_));
  return Done{};
}

Status MerchantImport::finish_lines() {
  return chunk_.empty() ? Status(Done{}) : flush();
}

Status MerchantImport::flush() {
  const Result<Document> taken = document_of(client_.post_lines(path_ + "/lines", chunk_));
  chunk_.clear();
  if (!taken) return taken.error();
  for (const Document& error : part_of(*taken, "errors")) {
    errors_.push_back({file_line(number_of(error, "line")), text_of(error, "field"), text_of(error, "detail")});
  }
  return Done{};
}

// The daemon counts the lines of the whole import.
std::size_t MerchantImport::file_line(std::int64_t sent_line) const {
  const auto place = static_cast<std::size_t>(sent_line) - 1;
  return place < file_lines_.size() ? file_lines_[place] : static_cast<std::size_t>(sent_line);
}

Result<Document> MerchantImport::commit() {
  return document_of(client_.post(path_ + "/commit", ""));
}

Status MerchantImport::drop() {
  const Result<Document> dropped = document_of(client_.remove(path_));
  if (!dropped) return dropped.error();
  return Done{};
}

}  // namespace ackd
