// The built ackctl as a script runs it: arguments and standard input in, exit code and both outputs out.
#pragma once

#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace ackd {

struct ProgramResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// Runs to the end, within 60 s. ACKD_SCHEDULES names the shipped profiles and ACKD_SOCKET a socket that is not there.
ProgramResult run_ackctl(const std::vector<std::string>& arguments, const std::string& input = {});

// The same at a terminal of its own, where somebody types `answer` once `prompt` is to be seen. `out` is everything
// that the terminal shows, line ends as it writes them, and `err` is empty.
ProgramResult run_at_terminal(const std::vector<std::string>& arguments, const std::string& prompt,
                              const std::string& answer);

// An ackctl that stays: its standard output is read line by line. Ended with SIGTERM by finish() or the destructor.
class RunningProgram {
 public:
  explicit RunningProgram(const std::vector<std::string>& arguments);
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  // The next line without its end; empty at the end of the output or after 20 s.
  std::string read_line();
  // Waits for the end without a signal, then returns the exit code.
  int wait();
  int finish();

 private:
  int pid_ = -1;
  UniqueFd out_;
  std::string buffered_;
};

}  // namespace ackd
