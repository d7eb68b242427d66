// Runs the built program as a person would: with a fresh home, and everything it says kept.
#pragma once

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/node/fakes.h"
#include "tests/temporary_folder.h"

namespace earshot::cli {

struct Ended {
  int code = -1;  // 128 + signal when one ended it
  std::string out;
  std::string err;
};

/// A home of its own: no variable of whoever runs the test gets in.
class Program {
 public:
  explicit Program(std::vector<std::string> variables = {}) : variables_(std::move(variables)) {}
  ~Program() {
    for (const pid_t pid : running_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  std::filesystem::path home() const { return home_.path(); }

  Ended run(std::vector<std::string> words) {
    const pid_t pid = start(std::move(words));
    return ended(pid);
  }

  /// Starts in the background; its output goes to home()/out and home()/err.
  pid_t start(std::vector<std::string> words) {
    words.insert(words.begin(), "earshot");
    std::vector<std::string> environment = {"HOME=" + home_.path().string(), "PATH=/usr/bin:/bin"};
    environment.insert(environment.end(), variables_.begin(), variables_.end());
    const auto argv = pointers_to(words);
    const auto envp = pointers_to(environment);
    const std::string out = home_ / "out";
    const std::string err = home_ / "err";
    const std::string program = std::string(EARSHOT_BINARY_DIR) + "/bin/earshot";
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (!std::freopen("/dev/null", "r", stdin) || !std::freopen(out.c_str(), "w", stdout) ||
          !std::freopen(err.c_str(), "w", stderr))
        ::_exit(126);
      ::execve(program.c_str(), argv.data(), envp.data());
      ::_exit(127);
    }
    running_.push_back(pid);
    return pid;
  }

  Ended ended(pid_t pid) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    std::erase(running_, pid);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), node::text_of(home_ / "out"),
            node::text_of(home_ / "err")};
  }

 private:
  static std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
  }

  std::vector<std::string> variables_;
  TemporaryFolder home_;
  std::vector<pid_t> running_;
};

}  // namespace earshot::cli
