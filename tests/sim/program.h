// earshot-sim as a process: what it says and how it ends.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace earshot::sim {

struct Ended {
  int code;
  std::string output;  // both streams
};

inline Ended run_command(const std::string& command) {
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {-1, "popen failed"};
  std::string output;
  char buffer[4096];
  for (std::size_t size = fread(buffer, 1, sizeof(buffer), pipe); size > 0; size = fread(buffer, 1, sizeof(buffer), pipe)) {
    output.append(buffer, size);
  }
  const int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

inline Ended earshot_sim(const std::string& arguments) { return run_command(EARSHOT_BINARY_DIR "/bin/earshot-sim " + arguments); }

}  // namespace earshot::sim
