#include "config/master_keys.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/unique_fd.h"
#include "crypto/digest.h"

namespace ackd {
namespace {

constexpr std::size_t kFileBytesMax = 16 * 1024;
// Rotations that were never finished; more than a few mean that something else is wrong.
constexpr std::size_t kKeysMax = 16;
constexpr const char* kComment =
    "# ackd's master keys: the first seals, all of them open. Keep a copy apart from the outbox.\n";

Error io_error(const std::string& doing, const std::string& path) {
  const ErrorCode code = errno == ENOSPC ? ErrorCode::kStorageFull : ErrorCode::kIo;
  return {code, fmt::format("cannot {} the master key file {}: {}", doing, path, std::strerror(errno)), {}};
}

Error refused(const std::string& path, const std::string& why) {
  return invalid(fmt::format("the master key file {} {}", path, why));
}

Status check_own_file(const struct stat& facts, const std::string& path) {
  if (facts.st_uid != ::geteuid()) {
    return refused(path, fmt::format("belongs to user {}, and ackd runs as user {}; chown it to ackd's user",
                                     facts.st_uid, ::geteuid()));
  }
  const unsigned mode = facts.st_mode & 07777U;
  if (mode == 0600U || mode == 0400U) return Done{};
  return refused(path, fmt::format("has mode {:04o}; it must be 0600 or 0400, so run chmod 600 on it, and rotate the "
                                   "master key if others may have read it",
                                   mode));
}

// systemd gives the file to root and lets the service's user read it by an access list, which shows as a right of the
// group's; or it gives the file to that user.
Status check_credential(const struct stat& facts, const std::string& path) {
  if (facts.st_uid != ::geteuid() && facts.st_uid != 0) {
    return refused(path, fmt::format("is a credential of user {}; it must be of root or of ackd's own", facts.st_uid));
  }
  if ((facts.st_mode & 0037U) == 0) return Done{};
  return refused(path, fmt::format("is a credential with mode {:04o}; others may neither read nor change it",
                                   facts.st_mode & 07777U));
}

Result<Secret> read_all(int fd, const std::string& path) {
  std::string text(kFileBytesMax + 1, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = ::read(fd, text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("read", path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  Secret secret(std::move(text));
  if (filled > kFileBytesMax) return refused(path, fmt::format("has more than {} bytes", kFileBytesMax));
  return secret;
}

Result<Secret> read_file(const std::string& path, MasterKeys::Source source) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!fd.valid() && errno == ELOOP) return refused(path, "is a symbolic link; name the file itself");
  if (!fd.valid()) return io_error("open", path);
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0) return io_error("look at", path);
  if (!S_ISREG(facts.st_mode)) return refused(path, "is not a regular file");
  const Status fit = source == MasterKeys::Source::kFile ? check_own_file(facts, path) : check_credential(facts, path);
  if (!fit) return fit.error();
  return read_all(fd.get(), path);
}

Result<KeyRing> read_ring(const std::string& path, std::string_view text) {
  std::vector<MasterKey> keys;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    std::string_view entry = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (entry.ends_with('\r')) entry.remove_suffix(1);
    if (entry.empty() || entry.starts_with('#')) continue;
    const Result<std::string> bytes = from_hex(entry);
    if (!bytes || bytes->size() != kMasterKeyBytes) {
      return refused(path, fmt::format("has in line {} what is neither a comment nor a key of {} hex digits", line,
                                       2 * kMasterKeyBytes));
    }
    MasterKey key = master_key_of(Secret(*bytes));
    if (std::any_of(keys.begin(), keys.end(), [&](const MasterKey& known) { return known.id == key.id; })) {
      return refused(path, fmt::format("gives the key {} twice, the second time in line {}", key.id, line));
    }
    keys.push_back(std::move(key));
  }
  if (keys.empty()) return refused(path, "holds no key; put a copy of it back, or remove it if nothing is sealed yet");
  if (keys.size() > kKeysMax) return refused(path, fmt::format("holds more than {} keys", kKeysMax));
  return KeyRing(std::move(keys));
}

Secret text_of(const KeyRing& ring) {
  std::string text;
  text.reserve(std::strlen(kComment) + ring.keys().size() * (2 * kMasterKeyBytes + 1));
  text += kComment;
  for (const MasterKey& key : ring.keys()) {
    const Secret hex(to_text(key.bytes.reveal(), DigestForm::kHexLower));
    text += hex.reveal();
    text += '\n';
  }
  return Secret(std::move(text));
}

Status write_synced(const std::string& path, const std::string& text) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return io_error("make", path);
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t got = ::write(fd.get(), text.data() + written, text.size() - written);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("write", path);
    written += static_cast<std::size_t>(got);
  }
  if (::fsync(fd.get()) != 0) return io_error("sync", path);
  return Done{};
}

Status sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const UniqueFd fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return io_error("sync the folder of", path);
  return Done{};
}

enum class Existing { kRefuse, kReplace };

std::string beside_of(const std::string& path) {
  return path + ".new";
}

// What a write leaves that a kill cut off: a second copy of keys, which nobody would look for there.
void remove_remains(const std::string& path) {
  ::unlink(beside_of(path).c_str());
}

// The whole content is synced beside its place before it takes it, so that the file is never there in part.
Status put_in_place(const std::string& path, const KeyRing& ring, Existing existing) {
  const std::string beside = beside_of(path);
  remove_remains(path);
  if (const Status written = write_synced(beside, text_of(ring).reveal()); !written) {
    ::unlink(beside.c_str());
    return written;
  }
  const bool placed = existing == Existing::kReplace ? ::rename(beside.c_str(), path.c_str()) == 0
                                                     : ::link(beside.c_str(), path.c_str()) == 0;
  const int why = errno;
  if (existing == Existing::kRefuse || !placed) ::unlink(beside.c_str());
  errno = why;
  if (!placed) return io_error("put in place", path);
  return sync_folder_of(path);
}

bool is_missing(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) != 0 && errno == ENOENT;
}

}  // namespace

Result<MasterKeys> MasterKeys::open(const std::string& file, const std::string& credential, bool may_make, Rng& rng) {
  const bool has_credential = !credential.empty() && !is_missing(credential);
  const Source source = has_credential ? Source::kCredential : Source::kFile;
  const std::string& path = has_credential ? credential : file;
  if (!has_credential && is_missing(file)) {
    if (!may_make) {
      return Error{ErrorCode::kNotFound,
                   fmt::format("the master key file {} is missing, and the outbox holds keys that are sealed with it; "
                               "put a copy of it back. Without one these keys are lost: every merchant must be given "
                               "its keys anew",
                               file),
                   {}};
    }
    KeyRing made({draw_master_key(rng)});
    if (const Status placed = put_in_place(file, made, Existing::kRefuse); !placed) return placed.error();
    return MasterKeys(source, file, std::move(made));
  }
  if (!has_credential) remove_remains(file);
  const Result<Secret> text = read_file(path, source);
  if (!text) return text.error();
  Result<KeyRing> ring = read_ring(path, text->reveal());
  if (!ring) return ring.error();
  return MasterKeys(source, path, std::move(*ring));
}

Status MasterKeys::rotate(Rng& rng) {
  if (source_ == Source::kCredential) {
    return Error{ErrorCode::kConflict,
                 "the master keys are a credential, which ackd cannot change: put a new key in front of the others in "
                 "it and restart",
                 {}};
  }
  if (ring_.keys().size() >= kKeysMax) {
    return Error{ErrorCode::kConflict, fmt::format("there are {} master keys already", ring_.keys().size()), {}};
  }
  KeyRing next = ring_;
  next.put_first(draw_master_key(rng));
  if (const Status placed = put_in_place(file_, next, Existing::kReplace); !placed) return placed;
  ring_ = std::move(next);
  return Done{};
}

Status MasterKeys::drop_older() {
  if (source_ == Source::kCredential || !has_older()) return Done{};
  KeyRing next = ring_;
  next.drop_older();
  if (const Status placed = put_in_place(file_, next, Existing::kReplace); !placed) return placed;
  ring_ = std::move(next);
  return Done{};
}

}  // namespace ackd
