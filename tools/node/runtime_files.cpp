// Private folders, whole writes, the lock of a data folder, random tokens.
#include "tools/node/runtime_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "schema/bytes.h"
#include "schema/check.h"

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

std::string reason() {
  return std::strerror(errno);
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<fs::path> make_temporary_folder(std::string_view purpose) {
  std::string name = (fs::temp_directory_path() / fmt::format("earshot-{}-XXXXXX", purpose)).string();
  if (::mkdtemp(name.data()) == nullptr) return fail(ErrorCode::kDisk, "make a folder '{}': {}", name, reason());
  return fs::path(name);
}

Result<void> make_private_folder(const fs::path& folder) {
  std::error_code error;
  if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), error);
  if (error) return fail(ErrorCode::kDisk, "create '{}': {}", folder.parent_path().string(), error.message());
  if (::mkdir(folder.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return fail(ErrorCode::kDisk, "create '{}': {}", folder.string(), reason());
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) return fail(ErrorCode::kDisk, "look at '{}': {}", folder.string(), reason());
  if (!S_ISDIR(found.st_mode)) return fail(ErrorCode::kDisk, "'{}' is not a folder", folder.string());
  if (found.st_uid != ::geteuid()) return fail(ErrorCode::kDenied, "'{}' belongs to another user", folder.string());
  if ((found.st_mode & 077) != 0 && ::chmod(folder.c_str(), 0700) != 0) {
    return fail(ErrorCode::kDisk, "close '{}' to others: {}", folder.string(), reason());
  }
  return {};
}

Result<void> write_private_file(const fs::path& file, std::string_view text) {
  const fs::path fresh = file.string() + ".new";
  ::unlink(fresh.c_str());
  const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return fail(ErrorCode::kDisk, "write '{}': {}", fresh.string(), reason());
  const bool written = write_all(descriptor, text) && ::fsync(descriptor) == 0;
  const std::string why = reason();
  ::close(descriptor);
  if (!written) return fail(ErrorCode::kDisk, "write '{}': {}", fresh.string(), why);
  if (::rename(fresh.c_str(), file.c_str()) != 0)
    return fail(ErrorCode::kDisk, "rename to '{}': {}", file.string(), reason());
  return {};
}

Result<std::string> read_small_file(const fs::path& file, std::size_t limit) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kDisk, "read '{}': {}", file.string(), reason());
  }
  std::string text(limit + 1, '\0');
  std::size_t size = 0;
  ssize_t got = 0;
  while (size < text.size() && (got = ::read(descriptor, text.data() + size, text.size() - size)) > 0) {
    size += static_cast<std::size_t>(got);
  }
  const std::string why = reason();
  ::close(descriptor);
  if (got < 0) return fail(ErrorCode::kDisk, "read '{}': {}", file.string(), why);
  if (size > limit) return fail(ErrorCode::kInvalid, "'{}' has more than {} bytes", file.string(), limit);
  text.resize(size);
  return text;
}

std::string random_token() {
  std::array<std::uint8_t, 32> bytes{};
  EARSHOT_CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return to_hex(bytes);
}

Result<FolderLock> FolderLock::take(const fs::path& folder) {
  const fs::path file = folder / "lock";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return fail(ErrorCode::kDisk, "open '{}': {}", file.string(), reason());
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return FolderLock(descriptor);
  ::close(descriptor);
  return fail(ErrorCode::kExhausted,
              "another earshot already runs on '{}': one node per data folder (--datadir for a second one)",
              folder.string());
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace earshot::node
