// fork, exec, pipes.
#include "tools/bench/stream_bench_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "schema/random.h"
#include "stream/ppspp/engine.h"

namespace earshot::bench {

namespace {

Usage usage_from(const rusage& usage) {
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; };
  return {seconds(usage.ru_utime) + seconds(usage.ru_stime), static_cast<double>(usage.ru_maxrss) / 1024};
}

}  // namespace

Usage usage_now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage_from(usage);
}

Usage usage_since(const Usage& before) {
  Usage now = usage_now();
  now.cpu_s -= before.cpu_s;
  return now;
}

Endpoint loopback(std::uint16_t port) {
  auto endpoint = endpoint_from("127.0.0.1:0").value();
  endpoint.port = port;
  return endpoint;
}

Result<void> write_content(const std::filesystem::path& file, std::uint64_t size, std::uint64_t seed) {
  std::ofstream out(file, std::ios::binary);
  std::array<char, 1 << 16> block;
  Random random = Random::stream(seed, 0, 0);
  for (std::size_t i = 0; i < block.size(); i += 8) {
    const std::uint64_t word = random.next();
    std::memcpy(block.data() + i, &word, sizeof word);
  }
  for (std::uint64_t done = 0; done < size && out; done += block.size()) {
    std::memcpy(block.data(), &done, sizeof done);  // no two blocks alike
    out.write(block.data(), static_cast<std::streamsize>(std::min<std::uint64_t>(block.size(), size - done)));
  }
  if (!out.flush()) return fail(ErrorCode::kDisk, "cannot write {}", file.string());
  return {};
}

bool Line::hear_bytes(void* into, std::size_t size) const {
  for (auto* at = static_cast<char*>(into); size > 0;) {
    const ssize_t got = read(in_, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

Result<Worker> Worker::start(const std::function<void(const Line&)>& work) {
  std::array<int, 2> up{}, down{};
  if (pipe2(up.data(), O_CLOEXEC) != 0 || pipe2(down.data(), O_CLOEXEC) != 0) return fail(ErrorCode::kExhausted, "no pipe left");
  const pid_t child = fork();
  if (child < 0) return fail(ErrorCode::kExhausted, "cannot fork");
  if (child == 0) {
    close(up[0]);
    close(down[1]);
    work(Line(down[0], up[1]));
    _exit(0);
  }
  close(up[1]);
  close(down[0]);
  return Worker(Line(up[0], down[1]), child);
}

void Worker::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
  close(line_.in_);
  close(line_.out_);
}

Worker::~Worker() { kill(); }

Result<Worker> start_seeder(const std::filesystem::path& folder, const std::filesystem::path& file, std::uint64_t upload_limit) {
  return Worker::start([=](const Line& line) {
    stream::ppspp::EngineOptions options{folder, loopback(0)};
    options.upload_limit = upload_limit;
    auto engine = stream::ppspp::open_engine(options);
    if (!engine) return;
    const auto begin = std::chrono::steady_clock::now();
    auto content = (*engine)->share(file, {});
    if (!content) return;
    const double hashed_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const Usage before = usage_now();
    char stop = 0;
    if (line.say(Offer{(*engine)->port(), content->digest, hashed_s}) && line.hear(stop)) line.say(usage_since(before));
    line.hear(stop);  // until it is killed
  });
}

Result<Program> Program::start(const std::vector<std::string>& command, const std::vector<std::string>& environment,
                               const std::filesystem::path& output) {
  std::error_code ignored;
  std::filesystem::remove(output, ignored);  // what an earlier program said must not be heard
  const pid_t child = fork();
  if (child < 0) return fail(ErrorCode::kExhausted, "cannot fork");
  if (child == 0) {
    const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0 || dup2(out, STDOUT_FILENO) < 0) _exit(127);
    for (const std::string& entry : environment) putenv(const_cast<char*>(entry.c_str()));
    std::vector<char*> arguments;
    for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  return Program(child, output);
}

Result<std::vector<std::string>> Program::wait_for(const std::string& word, double seconds) const {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < until) {
    std::ifstream in(output_);
    for (std::string text; std::getline(in, text) && !in.eof();) {
      if (!text.starts_with(word)) continue;
      std::istringstream words(text);
      std::vector<std::string> all;
      for (std::string one; words >> one;) all.push_back(one);
      return all;
    }
    usleep(2000);
  }
  return fail(ErrorCode::kTimedOut, "the peer program did not say {}", word);
}

Usage Program::end() {
  if (pid_ == 0) return {};
  ::kill(pid_, SIGTERM);
  rusage usage{};
  wait4(pid_, nullptr, 0, &usage);
  pid_ = 0;
  return usage_from(usage);
}

Program::~Program() { end(); }

}  // namespace earshot::bench
