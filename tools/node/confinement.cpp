// Landlock by its system calls: Debian 12's C library has no wrappers.
#include "tools/node/confinement.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#include "tools/node/seccomp_filter.h"

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

#ifdef EARSHOT_SANITIZED
constexpr bool kIsSanitized = true;  // LeakSanitizer traces its own process
#else
constexpr bool kIsSanitized = false;
#endif

// Landlock's second version is the first that knows renames from folder to folder; below it they would all fail.
constexpr long kLeastVersion = 2;
constexpr std::uint64_t kTruncates = 1ull << 14;  // LANDLOCK_ACCESS_FS_TRUNCATE of version 3
constexpr std::uint64_t kWrites = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                  LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                  LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                                  LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;

bool allow_beneath(int rules, const fs::path& folder, std::uint64_t what) {
  const int descriptor = ::open(folder.c_str(), O_PATH | O_CLOEXEC | O_DIRECTORY);
  if (descriptor < 0) return true;
  const landlock_path_beneath_attr beneath{what, descriptor};
  const bool allowed = ::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
  ::close(descriptor);
  return allowed;
}

bool allow_device(int rules) {
  const int descriptor = ::open("/dev/null", O_PATH | O_CLOEXEC);
  const landlock_path_beneath_attr beneath{LANDLOCK_ACCESS_FS_WRITE_FILE, descriptor};
  const bool allowed = ::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
  ::close(descriptor);
  return allowed;
}

bool forbid_writes(std::span<const fs::path> writable) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < kLeastVersion) return false;
  const std::uint64_t what = version >= 3 ? kWrites | kTruncates : kWrites;
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = what;
  const auto rules = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0));
  if (rules < 0) return false;
  bool done = allow_device(rules);
  for (const fs::path& folder : writable) done = done && allow_beneath(rules, folder, what);
  done = done && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::syscall(SYS_landlock_restrict_self, rules, 0) == 0;
  ::close(rules);
  return done;
}

constexpr std::array<long, 31> kForbidden = {
    SYS_ptrace,        SYS_process_vm_readv, SYS_process_vm_writev, SYS_mount,         SYS_umount2,       SYS_pivot_root,
    SYS_chroot,        SYS_setns,            SYS_unshare,           SYS_kexec_load,    SYS_init_module,   SYS_finit_module,
    SYS_delete_module, SYS_bpf,              SYS_perf_event_open,   SYS_userfaultfd,   SYS_keyctl,        SYS_add_key,
    SYS_request_key,   SYS_reboot,           SYS_swapon,            SYS_swapoff,       SYS_acct,          SYS_settimeofday,
    SYS_clock_settime, SYS_clock_adjtime,    SYS_adjtimex,          SYS_quotactl,      SYS_open_by_handle_at, SYS_fanotify_init,
    SYS_kexec_file_load};

}  // namespace

Confinement confine(std::span<const fs::path> writable) {
  const rlimit none{0, 0};
  static_cast<void>(!::setrlimit(RLIMIT_CORE, &none));
  return {forbid_writes(writable), !kIsSanitized && forbid(kForbidden)};
}

std::string to_string(const Confinement& confinement) {
  if (!confinement.writes) return confinement.calls ? "seccomp" : "none";
  return confinement.calls ? "landlock seccomp" : "landlock";
}

}  // namespace earshot::node
