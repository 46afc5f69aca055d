#include "program.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace ackd {
namespace {

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

// In the child: never returns.
[[noreturn]] void become_ackctl(const std::vector<std::string>& arguments) {
  setenv("ACKD_SCHEDULES", ACKD_SOURCE_DIR "/schedules", 1);
  setenv("ACKD_SOCKET", "/nonexistent/ackd.sock", 1);
  std::string program = ACKCTL_PROGRAM;
  std::vector<std::string> words = arguments;
  std::vector<char*> argv = {program.data()};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  _exit(127);
}

std::string contents(std::FILE* file) {
  std::rewind(file);
  std::string out;
  std::array<char, 4096> chunk;
  while (const std::size_t read = std::fread(chunk.data(), 1, chunk.size(), file)) out.append(chunk.data(), read);
  return out;
}

int exit_code_of(int pid) {
  int status = 0;
  if (waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ProgramResult run_ackctl(const std::vector<std::string>& arguments, const std::string& input) {
  // Files instead of pipes: whatever the sizes, nobody waits for a reader.
  const File in(std::tmpfile());
  const File out(std::tmpfile());
  const File err(std::tmpfile());
  std::fwrite(input.data(), 1, input.size(), in.get());
  std::rewind(in.get());
  const int pid = fork();
  if (pid == 0) {
    dup2(fileno(in.get()), STDIN_FILENO);
    dup2(fileno(out.get()), STDOUT_FILENO);
    dup2(fileno(err.get()), STDERR_FILENO);
    alarm(60);
    become_ackctl(arguments);
  }
  const int code = exit_code_of(pid);
  return {code, contents(out.get()), contents(err.get())};
}

ProgramResult run_at_terminal(const std::vector<std::string>& arguments, const std::string& prompt,
                              const std::string& answer) {
  int terminal = -1;
  const int pid = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid == 0) {
    alarm(60);
    become_ackctl(arguments);
  }
  const UniqueFd owned(terminal);
  std::string shown;
  bool is_answered = false;
  std::array<char, 4096> chunk;
  // Reading fails once the program has closed the terminal by ending.
  while (const ssize_t read = ::read(terminal, chunk.data(), chunk.size())) {
    if (read < 0) break;
    shown.append(chunk.data(), static_cast<std::size_t>(read));
    if (is_answered || shown.find(prompt) == std::string::npos) continue;
    is_answered = ::write(terminal, answer.data(), answer.size()) == static_cast<ssize_t>(answer.size());
  }
  return {exit_code_of(pid), shown, {}};
}

RunningProgram::RunningProgram(const std::vector<std::string>& arguments) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return;
  out_ = UniqueFd(ends[0]);
  const UniqueFd writing(ends[1]);
  pid_ = fork();
  if (pid_ == 0) {
    dup2(writing.get(), STDOUT_FILENO);
    become_ackctl(arguments);
  }
}

RunningProgram::~RunningProgram() {
  if (pid_ > 0) finish();
}

std::string RunningProgram::read_line() {
  while (true) {
    if (const std::size_t end = buffered_.find('\n'); end != std::string::npos) {
      std::string line = buffered_.substr(0, end);
      buffered_.erase(0, end + 1);
      return line;
    }
    pollfd readable{out_.get(), POLLIN, 0};
    if (poll(&readable, 1, 20'000) <= 0) return {};
    std::array<char, 4096> chunk;
    const ssize_t read = ::read(out_.get(), chunk.data(), chunk.size());
    if (read <= 0) return {};
    buffered_.append(chunk.data(), static_cast<std::size_t>(read));
  }
}

int RunningProgram::wait() {
  const int code = exit_code_of(pid_);
  pid_ = -1;
  return code;
}

int RunningProgram::finish() {
  kill(pid_, SIGTERM);
  return wait();
}

}  // namespace ackd
