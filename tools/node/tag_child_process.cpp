// The child's side: takes its own rights away, then reads one file after another.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstring>

#include "index/audio_digest.h"
#include "index/tags.h"
#include "tools/node/seccomp_filter.h"
#include "tools/node/tag_child.h"

namespace earshot::node {

namespace {

#ifdef EARSHOT_SANITIZED
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

constexpr rlim_t kMemory = 256u << 20;
constexpr rlim_t kSecondsPerFile = 2;
constexpr std::int64_t kBytesPerSecond = 100'000'000;

void limit(__rlimit_resource what, rlim_t most) {
  const rlimit both{most, most};
  static_cast<void>(!::setrlimit(what, &both));
}

// The soft limit may rise again, up to the hard one: two seconds from now.
void limit_cpu(std::int64_t size) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = static_cast<rlim_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
  const rlimit both{seconds + 1 + kSecondsPerFile + static_cast<rlim_t>(size / kBytesPerSecond), RLIM_INFINITY};
  static_cast<void>(!::setrlimit(RLIMIT_CPU, &both));
}

// What reading, allocating and answering take.
constexpr std::array<long, 21> kAllowed = {
    SYS_read,     SYS_pread64,   SYS_lseek,     SYS_close,        SYS_recvmsg,       SYS_sendto,
    SYS_mmap,     SYS_munmap,    SYS_mremap,    SYS_mprotect,     SYS_brk,           SYS_madvise,
    SYS_futex,    SYS_getrusage, SYS_prlimit64, SYS_getrandom,    SYS_rt_sigreturn,  SYS_clock_gettime,
    SYS_exit,     SYS_exit_group, SYS_restart_syscall};

void give_up_rights() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_DUMPABLE, 0);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  if (kIsSanitized) return;
  limit(RLIMIT_AS, kMemory);
  allow_only(kAllowed);  // where the kernel has no seccomp, the other limits must do
}

// The next open file, memory for its picture when that is wanted, and its name; a file of -1: the parent has gone.
struct Task {
  OpenFile file, memory;
  std::string name;
};

Task next_task() {
  std::string name(kMaxTagName, '\0');
  iovec text{name.data(), name.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(STDIN_FILENO, &message, MSG_CMSG_CLOEXEC);
  const cmsghdr* header = got > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return {};
  std::array<int, 2> descriptors = {-1, -1};
  std::memcpy(descriptors.data(), CMSG_DATA(header), std::min(sizeof descriptors, header->cmsg_len - CMSG_LEN(0)));
  name.resize(static_cast<std::size_t>(got));
  return {OpenFile(descriptors[0]), OpenFile(descriptors[1]), std::move(name)};
}

Result<AudioFile> read(const Task& task) {
  auto track = index::read_tags(task.file.number(), task.name);
  if (!track) return tl::unexpected(track.error());
  AudioFile file{std::move(*track), {}};
  if (const auto sound = index::audio_digest(task.file.number())) file.sound = *sound;
  return file;
}

// Into memory that the parent has made: no file is written, so that no limit has to be lifted for it.
Result<std::size_t> put_art(const Task& task) {
  const auto art = index::read_art(task.file.number(), task.name, kMaxArt);
  if (!art) return tl::unexpected(art.error());
  if (art->empty()) return std::size_t{0};
  void* memory = ::mmap(nullptr, kMaxArt, PROT_READ | PROT_WRITE, MAP_SHARED, task.memory.number(), 0);
  if (memory == MAP_FAILED) return fail(ErrorCode::kExhausted, "no memory for a picture");
  std::memcpy(memory, art->data(), art->size());
  ::munmap(memory, kMaxArt);
  return art->size();
}

}  // namespace

int run_tag_child() {
  give_up_rights();
  while (true) {
    const Task task = next_task();
    if (task.file.number() < 0) return 0;
    const off_t size = ::lseek(task.file.number(), 0, SEEK_END);
    limit_cpu(size);
    const bool is_for_art = task.memory.number() >= 0;
    const std::string reply = is_for_art ? encode_art_reply(put_art(task)) : encode_reply(read(task));
    if (::send(STDIN_FILENO, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) return 1;
  }
}

}  // namespace earshot::node
