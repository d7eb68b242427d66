// What a confined process can still do, seen from a child that confines itself.
#include "tools/node/confinement.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "tests/temporary_folder.h"

namespace earshot::node {
namespace {

constexpr int kNotHere = 77;  // the kernel cannot do it

/// The exit code of a child that confines itself to `writable` and then does `what`.
template <class What>
int confined(const std::filesystem::path& writable, const What& what) {
  const pid_t child = ::fork();
  if (child == 0) {
    const std::array folders = {writable};
    ::_exit(what(confine(folders)));
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool can_write(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return false;
  ::close(descriptor);
  return true;
}

TEST(Confinement, WritesBelowTheFoldersThatWereNamedOnly) {
  const TemporaryFolder own, others;
  others.write("sub/there", "kept");
  const int code = confined(own.path(), [&](const Confinement& confinement) {
    if (!confinement.writes) return kNotHere;
    if (!can_write(own / "new") || !std::filesystem::create_directory(own / "folder")) return 1;
    if (::rename((own / "new").c_str(), (own / "folder/new").c_str()) != 0) return 2;  // from folder to folder
    if (can_write(others / "new") || can_write(others / "sub/there")) return 3;
    if (::unlink((others / "sub/there").c_str()) == 0) return 4;
    return ::access((others / "sub/there").c_str(), R_OK) == 0 ? 0 : 5;  // reading stays
  });
  if (code == kNotHere) GTEST_SKIP() << "no Landlock in this kernel";
  EXPECT_EQ(code, 0);
  EXPECT_TRUE(std::filesystem::exists(own / "folder/new"));
}

TEST(Confinement, TracesNobodyAndDumpsNoCore) {
  const TemporaryFolder own;
  const int code = confined(own.path(), [&](const Confinement& confinement) {
    rlimit core{};
    if (::getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0) return 1;
    if (!confinement.calls) return kNotHere;
    return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == -1 && errno == EPERM ? 0 : 2;
  });
  if (code == kNotHere) GTEST_SKIP() << "no seccomp in this kernel, or sanitizers that trace";
  EXPECT_EQ(code, 0);
}

TEST(Confinement, SaysWhatStands) {
  EXPECT_EQ(to_string(Confinement{true, true}), "landlock seccomp");
  EXPECT_EQ(to_string(Confinement{false, false}), "none");
}

}  // namespace
}  // namespace earshot::node
