#include "http/unix_listener.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ackd {
namespace {

// More waiting connections than this only hides that ackd does not keep up.
constexpr int kBacklog = 512;

Error io_error(const char* what, const std::string& path) {
  return {ErrorCode::kIo, fmt::format("cannot {} the socket {}: {}", what, path, std::strerror(errno)), {}};
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return invalid(fmt::format("the socket's path '{}' has {} bytes; the system allows 1 to {}: set a shorter one as "
                               "`listen`",
                               path, path.size(), sizeof(address.sun_path) - 1),
                   "listen");
  }
  path.copy(address.sun_path, path.size());
  return address;
}

UniqueFd make_socket() {
  return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

const sockaddr* as_sockaddr(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// True when a process accepts connections there. A full backlog (EAGAIN) counts: somebody listens, only slowly.
bool somebody_answers(const sockaddr_un& address) {
  const UniqueFd probe = make_socket();
  return ::connect(probe.get(), as_sockaddr(address), sizeof(address)) == 0 || errno == EAGAIN;
}

Status make_way(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return Done{};
    return io_error("look at", path);
  }
  if (!S_ISSOCK(found.st_mode)) {
    return Error{ErrorCode::kConflict,
                 fmt::format("{} exists and is not a socket; remove it, or set another path as `listen`", path),
                 "listen"};
  }
  if (somebody_answers(address)) {
    return Error{ErrorCode::kConflict,
                 fmt::format("another process answers at {}; stop it, or set another path as `listen`", path),
                 "listen"};
  }
  if (::unlink(path.c_str()) != 0) return io_error("remove", path);
  return Done{};
}

}  // namespace

Result<UnixListener> UnixListener::open(const std::string& path) {
  const Result<sockaddr_un> address = address_of(path);
  if (!address) return address.error();
  if (const Status way = make_way(path, *address); !way) return way.error();
  UniqueFd fd = make_socket();
  if (!fd.valid()) return io_error("make", path);
  // On Linux the mode of the file comes from the socket's own mode at bind(): there is no moment at which others may
  // connect, whatever the umask.
  if (::fchmod(fd.get(), 0600) != 0) return io_error("protect", path);
  if (::bind(fd.get(), as_sockaddr(*address), sizeof(*address)) != 0) return io_error("bind", path);
  if (::chmod(path.c_str(), 0600) != 0) return io_error("protect", path);
  struct stat made {};
  if (::lstat(path.c_str(), &made) != 0) return io_error("look at", path);
  if (::listen(fd.get(), kBacklog) != 0) return io_error("listen on", path);
  return UnixListener(std::move(fd), path, made.st_dev, made.st_ino);
}

UnixListener::UnixListener(UnixListener&& other) noexcept
    : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

UnixListener::~UnixListener() {
  struct stat found {};
  if (path_.empty() || ::lstat(path_.c_str(), &found) != 0) return;
  if (found.st_dev == device_ && found.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace ackd
