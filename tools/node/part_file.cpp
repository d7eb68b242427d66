// Written under a hidden name, linked to its own when it is whole.
#include "tools/node/part_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

// Bytes of a file name: ext4 and its kin take 255, an ending and a number come on top.
constexpr std::size_t kMaxFileName = 200;

}  // namespace

std::string tidy_file_name(std::string_view text) {
  std::string name;
  for (const char byte : clip_utf8(is_clean_text(text) ? text : std::string_view(), kMaxFileName)) {
    const bool forbidden = static_cast<unsigned char>(byte) < 0x20 || std::strchr("/\\:*?\"<>|", byte) != nullptr;
    name.push_back(forbidden ? '_' : byte);
  }
  if (name.empty()) name = "track";
  if (name[0] == '.' || name[0] == '-' || name[0] == ' ') name[0] = '_';
  return name;
}

Result<std::unique_ptr<PartFile>> PartFile::create(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  std::string name = (folder / ".earshot-XXXXXX").string();
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return fail(ErrorCode::kDisk, "write into '{}': {}", folder.string(), std::strerror(errno));
  return std::unique_ptr<PartFile>(new PartFile(descriptor, name));
}

PartFile::~PartFile() {
  ::close(descriptor_);
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<void> PartFile::append(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(ErrorCode::kDisk, "write '{}': {}", path_.string(), std::strerror(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<fs::path> PartFile::keep_as(const fs::path& wanted) {
  if (::fsync(descriptor_) != 0 || ::fchmod(descriptor_, 0644) != 0) {
    return fail(ErrorCode::kDisk, "write '{}': {}", path_.string(), std::strerror(errno));
  }
  fs::path name = wanted;
  for (int number = 2; number < 1000; ++number) {
    if (::link(path_.c_str(), name.c_str()) == 0) return name;
    if (errno != EEXIST) break;
    name = wanted.parent_path() /
           (wanted.stem().string() + " (" + std::to_string(number) + ")" + wanted.extension().string());
  }
  return fail(ErrorCode::kDisk, "name the file '{}': {}", name.string(), std::strerror(errno));
}

}  // namespace earshot::node
