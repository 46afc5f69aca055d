#include "transport/curl_sockets.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace ackd {
namespace {

// One pass takes at most this many; the rest stays readable, so other events of the loop get their turn in between.
constexpr std::size_t kEventsPerPass = 256;

std::uint32_t epoll_events(int what) {
  std::uint32_t events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= EPOLLIN;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= EPOLLOUT;
  return events;
}

int curl_events(std::uint32_t events) {
  int out = 0;
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) out |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) out |= CURL_CSELECT_OUT;
  return out;
}

// Bytes that come later meet a reset.
void hang_up(curl_socket_t socket) {
  shutdown(socket, SHUT_RDWR);
  std::array<char, 4096> dropped;
  while (recv(socket, dropped.data(), dropped.size(), MSG_DONTWAIT) > 0) continue;
}

}  // namespace

CurlSockets::CurlSockets(UvLoop& loop, UniqueFd epoll, Ready ready)
    : epoll_(std::move(epoll)), ready_(std::move(ready)), poll_(loop, epoll_.get(), [this](int) { look(); }) {
  poll_.watch(UV_READABLE);
}

void CurlSockets::want(curl_socket_t socket, std::size_t shard, int what) {
  Entry& its_entry = entry(socket);
  its_entry.shard = shard;
  its_entry.wanted = epoll_events(what);
  // An answer may end while libcurl still waits to write. The idle socket listens from then on: room to write is no
  // news.
  const bool is_idle = its_entry.wanted == 0 && its_entry.armed != 0;
  const std::uint32_t watched = is_idle ? epoll_events(CURL_POLL_IN) : its_entry.wanted;
  if (watched != its_entry.armed) arm(socket, its_entry, watched);
}

void CurlSockets::arm(curl_socket_t socket, Entry& entry, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = socket;
  const int verb = events == 0 ? EPOLL_CTL_DEL : (entry.armed == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD);
  // A failure (out of kernel memory) leaves the transfer to its timeout, which libcurl keeps without the socket.
  if (epoll_ctl(epoll_.get(), verb, socket, &event) == 0 || events == 0) entry.armed = events;
}

int CurlSockets::close(curl_socket_t socket) {
  const auto index = static_cast<std::size_t>(socket);
  if (index < entries_.size()) {
    if (entries_[index].armed != 0) arm(socket, entries_[index], 0);
    named_.erase(entries_[index].ends);
    entries_[index] = Entry{};
  }
  return ::close(socket);
}

CurlSockets::Entry& CurlSockets::entry(curl_socket_t socket) {
  const auto index = static_cast<std::size_t>(socket);
  if (index >= entries_.size()) entries_.resize(index + 64);
  return entries_[index];
}

void CurlSockets::name(curl_socket_t socket, std::string ends) {
  Entry& its_entry = entry(socket);
  its_entry.ends = ends;
  named_.insert_or_assign(std::move(ends), socket);
}

curl_socket_t CurlSockets::named(const std::string& ends) const {
  const auto found = named_.find(ends);
  return found == named_.end() ? CURL_SOCKET_BAD : found->second;
}

void CurlSockets::look() {
  std::array<epoll_event, kEventsPerPass> events;
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    // An earlier event of this pass may have closed the socket, and the table may have moved: look it up each time.
    Entry& its_entry = entry(event.data.fd);
    if (its_entry.wanted != 0) {
      ready_(its_entry.shard, event.data.fd, curl_events(event.events));
    } else if (its_entry.armed != 0) {
      arm(event.data.fd, its_entry, 0);
      hang_up(event.data.fd);
    }
  }
}

}  // namespace ackd
