// The parent's side: starts, asks, waits, gives up.
#include "tools/node/tag_child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "tools/node/media_type.h"

namespace earshot::node {

namespace {

using Steady = std::chrono::steady_clock;

// `memory` of -1: none.
bool send_file(int socket, const std::string& name, int descriptor, int memory) {
  const std::array<int, 2> descriptors = {descriptor, memory};
  const std::size_t size = (memory < 0 ? 1 : 2) * sizeof(int);
  // A datagram without a byte would look like the end.
  iovec text{const_cast<char*>(name.data()), name.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptors)> control{};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(size);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(size);
  std::memcpy(CMSG_DATA(header), descriptors.data(), size);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(name.size());
}

}  // namespace

TagChild::~TagChild() { end(); }

// Kills what is left of the child; how it had ended by then, for people.
std::string TagChild::end() {
  socket_ = OpenFile();
  if (process_ < 0) return "";
  int status = 0;
  const bool had_ended = ::waitpid(process_, &status, WNOHANG) == process_;
  if (!had_ended) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, &status, 0);
  }
  process_ = -1;
  if (!had_ended) return "it hung";
  return WIFSIGNALED(status) ? std::string("signal ") + ::strsignal(WTERMSIG(status))
                             : "exit code " + std::to_string(WEXITSTATUS(status));
}

Result<void> TagChild::start() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail(ErrorCode::kExhausted, "start the tag reader: {}", std::strerror(errno));
  OpenFile ours(ends[0]);
  const OpenFile theirs(ends[1]);
  std::vector<std::string> words = options_.command;
  if (words.empty()) words = {"/proc/self/exe", kTagChildWord};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<char*, 1> environment = {nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, theirs.number(), STDIN_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const int error = ::posix_spawn(&process_, words[0].c_str(), &actions, nullptr, arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    process_ = -1;
    return fail(ErrorCode::kExhausted, "start the tag reader: {}", std::strerror(error));
  }
  socket_ = std::move(ours);
  files_ = 0;
  ++started_;
  return {};
}

// A child that answers nonsense is not asked again.
template <class T>
Result<T> TagChild::judged(Result<T> decoded) {
  if (!decoded && decoded.error().what.find("nonsense") != std::string::npos) end();
  return decoded;
}

Result<AudioFile> TagChild::read(int descriptor, const std::filesystem::path& name) {
  const auto reply = exchange(descriptor, /*memory=*/-1, name);
  if (!reply) return tl::unexpected(reply.error());
  return judged(decode_reply(*reply));
}

Result<std::string> TagChild::art(int descriptor, const std::filesystem::path& name) {
  const OpenFile memory(::memfd_create("art", MFD_CLOEXEC));
  if (memory.number() < 0 || ::ftruncate(memory.number(), kMaxArt) != 0)
    return fail(ErrorCode::kExhausted, "no memory for a picture: {}", std::strerror(errno));
  const auto reply = exchange(descriptor, memory.number(), name);
  if (!reply) return tl::unexpected(reply.error());
  const auto size = judged(decode_art_reply(*reply));
  if (!size) return tl::unexpected(size.error());
  if (*size == 0) return fail(ErrorCode::kNotFound, "no picture in the tags");
  std::string bytes(*size, '\0');
  const ssize_t got = ::pread(memory.number(), bytes.data(), bytes.size(), 0);
  if (got != static_cast<ssize_t>(bytes.size())) return fail(ErrorCode::kCorrupt, "the picture ends too early");
  if (!is_picture(as_bytes(bytes))) return fail(ErrorCode::kUnsupported, "neither JPEG nor PNG nor WebP");
  return bytes;
}

// The child's reply; it is started when it has to be.
Result<std::string> TagChild::exchange(int descriptor, int memory, const std::filesystem::path& path) {
  if (process_ >= 0 && files_ >= kFilesPerChild) end();
  if (process_ < 0) {
    if (auto started = start(); !started) return tl::unexpected(started.error());
  }
  ++files_;
  // The name serves as a title, no more.
  std::string name = path.filename().string().substr(0, kMaxTagName);
  if (name.empty()) name = "?";
  struct stat status {};
  const std::int64_t size = ::fstat(descriptor, &status) == 0 ? status.st_size : 0;
  const auto deadline = Steady::now() + options_.patience + std::chrono::seconds(size / 20'000'000);
  if (!send_file(socket_.number(), name, descriptor, memory)) {
    return fail(ErrorCode::kCorrupt, "'{}': the tag reader does not answer ({})", name, end());
  }
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
    pollfd event{socket_.number(), POLLIN, 0};
    const int ready = left > 0 ? ::poll(&event, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000))) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready > 0) break;
    if (left > 0) continue;
    end();
    return fail(ErrorCode::kTimedOut, "'{}': reading its tags took too long", name);
  }
  std::string reply(kMaxTagReply, '\0');
  const ssize_t got = ::recv(socket_.number(), reply.data(), reply.size(), 0);
  if (got <= 0) {
    // The end of the socket comes a moment before the child can be waited for.
    int ended = 0;
    if (::waitpid(process_, &ended, 0) == process_) process_ = -1;
    socket_ = OpenFile();
    const std::string how = WIFSIGNALED(ended) ? ::strsignal(WTERMSIG(ended)) : "it gave up";
    return fail(ErrorCode::kCorrupt, "'{}' ended the tag reader: {}", name, how);
  }
  reply.resize(static_cast<std::size_t>(got));
  return reply;
}

}  // namespace earshot::node
