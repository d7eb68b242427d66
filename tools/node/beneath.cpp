// Two ways to walk a path.
#include "tools/node/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "schema/defence.h"

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

constexpr int kReading = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

int by_kernel(int root, const fs::path& below) {
  open_how how{};
  how.flags = kReading;
  if (stands(Defence::kBeneath)) how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, root, below.c_str(), &how, sizeof how));
}

int step_by_step(int root, const fs::path& below) {
  OpenFile folder(::fcntl(root, F_DUPFD_CLOEXEC, 0));
  for (auto part = below.begin(); part != below.end(); ++part) {
    if (*part == ".." || *part == "." || part->empty()) {
      errno = EXDEV;
      return -1;
    }
    const bool is_last = std::next(part) == below.end();
    const int next = ::openat(folder.number(), part->c_str(), is_last ? kReading : kReading | O_DIRECTORY | O_PATH);
    if (is_last || next < 0) return next;
    folder = OpenFile(next);
  }
  errno = EINVAL;
  return -1;
}

tl::unexpected<Error> failed(const fs::path& path, int error) {
  ErrorCode code = ErrorCode::kDisk;
  if (error == ENOENT || error == ENOTDIR) code = ErrorCode::kNotFound;
  if (error == EACCES || error == EPERM || error == EXDEV || error == ELOOP) code = ErrorCode::kDenied;
  return fail(code, "open '{}': {}", path.string(), std::strerror(error));
}

}  // namespace

OpenFile::~OpenFile() {
  if (number_ >= 0) ::close(number_);
}

Result<OpenFile> open_beneath(const fs::path& root, const fs::path& path, Resolve resolve) {
  // One shared file is the only one below the folder it lies in.
  const bool is_itself = path == root;
  const fs::path folder = is_itself ? root.parent_path() : root;
  const fs::path below = is_itself ? root.filename() : path.lexically_relative(root);
  if (below.empty() || *below.begin() == ".." || below.is_absolute())
    return fail(ErrorCode::kInvalid, "'{}' is not below '{}'", path.string(), root.string());
  const OpenFile start(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (start.number() < 0) return failed(folder, errno);
  int opened = resolve == Resolve::kByKernel ? by_kernel(start.number(), below) : -1;
  const bool is_missing = resolve == Resolve::kStepByStep || (opened < 0 && (errno == ENOSYS || errno == E2BIG));
  // A kernel that saw a rename on the way asks to be asked again.
  for (int tries = 0; opened < 0 && errno == EAGAIN && tries < 8; ++tries) opened = by_kernel(start.number(), below);
  if (is_missing) opened = step_by_step(start.number(), below);
  if (opened < 0) return failed(path, errno);
  OpenFile file(opened);
  struct stat status {};
  if (::fstat(opened, &status) != 0 || !S_ISREG(status.st_mode))
    return fail(ErrorCode::kInvalid, "'{}' is no regular file", path.string());
  return file;
}

}  // namespace earshot::node
