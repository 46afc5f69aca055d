// A listening unix socket at a path, for its owner only (mode 0600). The path is the daemon's address, so it must never
// be taken from another daemon that still answers there, and a socket left behind by a crash must not need a person.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ackd {

class UnixListener {
 public:
  // Replaces a stale socket: one to which nobody answers. Refuses when somebody does, and when the path is anything
  // else than a socket.
  static Result<UnixListener> open(const std::string& path);

  UnixListener(UnixListener&& other) noexcept;
  UnixListener& operator=(UnixListener&&) = delete;
  // Removes the path, if it is still the socket that was opened here.
  ~UnixListener();

  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }

 private:
  UnixListener(UniqueFd fd, std::string path, dev_t device, ino_t inode)
      : fd_(std::move(fd)), path_(std::move(path)), device_(device), inode_(inode) {}

  UniqueFd fd_;
  std::string path_;  // empty once moved from
  dev_t device_;
  ino_t inode_;
};

}  // namespace ackd
