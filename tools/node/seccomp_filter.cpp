// Filters as classic BPF: load the call's number, compare, jump to the end.
#include "tools/node/seccomp_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "schema/check.h"

namespace earshot::node {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kMachine = 0;  // not known: no filter
#endif

bool install(std::span<const long> calls, std::uint32_t for_these, std::uint32_t for_others) {
  EARSHOT_CHECK(calls.size() < 250);  // jumps are one octet wide
  if (kMachine == 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kMachine, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
  };
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto to_the_last = static_cast<std::uint8_t>(calls.size() - i);
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(calls[i]), to_the_last, 0));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, for_others));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, for_these));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

bool allow_only(std::span<const long> calls) { return install(calls, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS); }

bool forbid(std::span<const long> calls) { return install(calls, SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ALLOW); }

}  // namespace earshot::node
