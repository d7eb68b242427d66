// Processes that a stream row measures: each its own, so that processor time and memory are one side's and nobody else's.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "schema/bytes.h"
#include "schema/endpoint.h"
#include "schema/result.h"

namespace earshot::bench {

struct Usage {
  double cpu_s = 0;
  double peak_mb = 0;
};
/// Of this process until now, and the processor time since an earlier look.
Usage usage_now();
Usage usage_since(const Usage& before);

Endpoint loopback(std::uint16_t port);

/// Pseudo-random bytes, no two blocks alike.
Result<void> write_content(const std::filesystem::path& file, std::uint64_t size, std::uint64_t seed = 1);

/// Two pipes between a row and a worker. Values cross as they lie in memory: both ends are one program.
class Line {
 public:
  Line(int in, int out) : in_(in), out_(out) {}

  template <class T>
  bool say(const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    return write(out_, &value, sizeof value) == static_cast<ssize_t>(sizeof value);
  }
  template <class T>
  bool hear(T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    return hear_bytes(&value, sizeof value);
  }

 private:
  friend class Worker;
  bool hear_bytes(void* into, std::size_t size) const;
  int in_, out_;
};

/// A forked process that runs one function and ends. Killed when it is destroyed. Fork before any thread is started.
class Worker {
 public:
  static Result<Worker> start(const std::function<void(const Line&)>& work);
  Worker(Worker&& other) noexcept : line_(other.line_), pid_(std::exchange(other.pid_, 0)) {}
  Worker& operator=(Worker&&) = delete;
  ~Worker();

  const Line& line() const { return line_; }
  void kill();

 private:
  Worker(Line line, pid_t pid) : line_(line), pid_(pid) {}
  Line line_;
  pid_t pid_;
};

/// What a seeder tells: where it is and what it shares.
struct Offer {
  std::uint16_t port = 0;
  Digest32 root{};
  double hashed_s = 0;
};

/// A worker that shares a file until it hears a char, and then says what it used since it said its Offer.
Result<Worker> start_seeder(const std::filesystem::path& folder, const std::filesystem::path& file, std::uint64_t upload_limit = 0);

/// A program with its output in a file; ended by SIGTERM when it is destroyed or asked to.
class Program {
 public:
  static Result<Program> start(const std::vector<std::string>& command, const std::vector<std::string>& environment,
                               const std::filesystem::path& output);
  Program(Program&& other) noexcept : pid_(std::exchange(other.pid_, 0)), output_(std::move(other.output_)) {}
  Program& operator=(Program&&) = delete;
  ~Program();

  /// Waits until its output has a line that begins so; returns that line's words.
  Result<std::vector<std::string>> wait_for(const std::string& word, double seconds) const;
  /// What it used, all in all.
  Usage end();

 private:
  Program(pid_t pid, std::filesystem::path output) : pid_(pid), output_(std::move(output)) {}
  pid_t pid_;
  std::filesystem::path output_;
};

}  // namespace earshot::bench
