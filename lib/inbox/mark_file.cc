#include "inbox/mark_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/unique_fd.h"

namespace ackd {
namespace {

Error failed(const std::string& path) {
  return {ErrorCode::kIo,
          fmt::format("the inbox's mark cannot be written to {}: {}; the platform deletes nothing until it can", path,
                      std::strerror(errno)),
          {}};
}

}  // namespace

Status write_mark_file(const std::string& path, const PublishedMark& published) {
  // An identity has no character that JSON would escape (InboxSource).
  const std::string text = fmt::format("{{\"identity\":\"{}\",\"mark\":{}}}\n", published.identity, published.mark);
  const std::string beside = path + ".new";
  const UniqueFd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file.valid()) return failed(beside);
  // The process's umask is for files that are nobody else's business; this one is for the platform.
  if (::fchmod(file.get(), 0644) != 0) return failed(beside);
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return failed(beside);
  // Without it a power loss could leave the new name with nothing in it.
  if (::fdatasync(file.get()) != 0) return failed(beside);
  if (::rename(beside.c_str(), path.c_str()) != 0) return failed(path);
  return Done{};
}

}  // namespace ackd
